"""`tot sync`: send MLflow the traces and results that could not be sent before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...experiments import Journal, publish, unpublished
from ...foundation.folders import home
from ...nodes.asking.failures import explain, printable
from ...tracking import TrackingUnavailable, connect

if TYPE_CHECKING:
    from ...tracking import Store


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
    store = connect(tracking_uri)
    complete = send_traces(store)
    complete &= send_results(store)
    if not complete:
        raise typer.Exit(1)


def send_traces(store: Store) -> bool:
    """Send the outbox, retry refused traces, and print the outcome; return False if something is left."""
    store.outbox.retry_refused(store.address)
    waiting = store.outbox.count(store.address)
    if waiting:
        # owner=None: also the traces that other processes left.
        store.sender.drain(_PATIENCE_S, owner=None)
    left = store.outbox.count(store.address)  # count again: a late confirmation may arrive after the drain
    refused = store.outbox.count(store.address, refused=True)
    print(f"{waiting - left - refused} traces sent to {store.shown_uri}" + (f", {left} not sent yet" if left else ""))
    for reason in store.outbox.refusals(store.address):
        print(f"refused by the store: {printable(reason)}")
    for other in store.outbox.uris():
        if other != store.address:
            print(f"{store.outbox.count(other)} traces wait for {store.redactor.text(other)}: send them with --tracking-uri")
    return not left and not refused


def send_results(store: Store) -> bool:
    """Publish experiments whose latest results MLflow lacks; return False if one could not be published."""
    complete = True
    for path in unpublished(home()):
        name = path.name.removesuffix(".journal.sqlite")
        with Journal(path) as journal:
            meant_for = journal.get("tracking_uri") or store.address  # an experiment goes to the store of its last run
        if meant_for != store.address:
            print(f"results of {name} wait for {store.redactor.text(meant_for)}: send them with --tracking-uri")
            continue
        try:
            publish(path, store)
            print(f"results of {name} sent to {store.shown_uri}")
        except TrackingUnavailable as error:
            complete = False
            print(explain(error))
    return complete
