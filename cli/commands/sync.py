"""`tot sync`: send MLflow the traces and results that could not be sent before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...experiments import Journal, publish, unpublished
from ...experiments.journal.database_layout import experiment_in
from ...foundation.folders import home
from ...foundation.wording import counted
from ...nodes.asking.failures import explain, printable
from ...tracking import Store, TrackingUnavailable, connect

_PATIENCE_S = 60.0
"""Seconds to wait for one batch. A busy store may confirm late what it has already stored."""


def sync(
    tracking_uri: Annotated[
        str | None,
        typer.Option(help="MLflow server or database to send to. Default: MLFLOW_TRACKING_URI, or mlflow.db in this folder."),
    ] = None,
) -> None:
    """Send unsent traces and results to MLflow.

    Traces and results stay on disk while MLflow is unreachable; nothing is sent twice.
    """
    from ...tracking.store.environment import apply_settings
    from ...tracking.store.store_address import default_uri, missing_file

    apply_settings(fail_fast=True)  # before `default_uri` imports MLflow
    store = Store(tracking_uri or default_uri())  # not opened: that would create a database for nothing
    tell_of_others(store)
    if missing_file(store.uri) and not _waits(store):
        print(f"nothing to send to {store.shown_uri}")
        return
    store = connect(tracking_uri)
    complete = send_traces(store)
    complete &= send_results(store)
    if not complete:
        raise typer.Exit(1)


def tell_of_others(store: Store) -> None:
    """Print what waits for other stores."""
    for other in store.outbox.uris():
        if other != store.address:
            refused = store.outbox.count(other, refused=True)
            what = counted(store.outbox.count(other) + refused, "trace") + (f" ({refused} refused before)" if refused else "")
            print(f"{what} waiting for {store.redactor.text(other)}: send with --tracking-uri")
    for path, meant_for in _unsent(store):
        if meant_for != store.address:
            print(f"results of {experiment_in(path)} waiting for {store.redactor.text(meant_for)}: send with --tracking-uri")


def _waits(store: Store) -> bool:
    """Return whether traces or results wait for this store."""
    traces = sum(store.outbox.count(store.address, refused=refused) for refused in (False, True))
    return bool(traces) or any(meant_for == store.address for _, meant_for in _unsent(store))


def _unsent(store: Store) -> list[tuple[Path, str]]:
    """Return the journals with unsent results and the store of each: that of its last run."""
    found = []
    for path in unpublished(home()):
        with Journal(path) as journal:
            found.append((path, journal.get("tracking_uri") or store.address))
    return found


def send_traces(store: Store) -> bool:
    """Send the outbox, retry refused traces, and print the outcome; return False if something is left."""
    store.outbox.retry_refused(store.address)
    waiting = store.outbox.count(store.address)
    if waiting:
        # owner=None: also the traces that other processes left.
        store.sender.drain(_PATIENCE_S, owner=None)
    left = store.outbox.count(store.address)  # count again: a late confirmation may arrive after the drain
    refused = store.outbox.count(store.address, refused=True)
    print(
        f"{counted(waiting - left - refused, 'trace')} sent to {store.shown_uri}" + (f", {left} not sent yet" if left else "")
    )
    for reason in store.outbox.refusals(store.address):
        print(f"refused by the store: {printable(reason)}")
    return not left and not refused


def send_results(store: Store) -> bool:
    """Publish experiments whose latest results MLflow lacks; return False if one could not be published."""
    complete = True
    for path, meant_for in _unsent(store):
        if meant_for != store.address:
            continue
        try:
            publish(path, store)
            print(f"results of {experiment_in(path)} sent to {store.shown_uri}")
        except TrackingUnavailable as error:
            complete = False
            print(explain(error))
    return complete
