"""`tot sync`: send to MLflow what could not be sent before."""

from __future__ import annotations

from typing import Annotated

import typer


def sync(
    tracking_uri: Annotated[
        str | None, typer.Option(help="Where to send; default: MLFLOW_TRACKING_URI, else mlflow.db here.")
    ] = None,
) -> None:
    """Send traces and results that are kept on disk because MLflow was away."""
    from ..tracking import connect

    store = connect(tracking_uri)
    store.outbox.retry_refused(store.uri)
    waiting = store.outbox.count(store.uri)
    left = store.sender.drain(10.0, owner=None) if waiting else 0
    refused = store.outbox.count(store.uri, refused=True)
    print(f"{waiting - left - refused} traces sent to {store.shown_uri}" + (f", {left} still wait" if left else ""))
    for reason in store.outbox.refusals(store.uri):
        print(f"refused by the store: {reason}")
    for other in store.outbox.uris():
        if other != store.uri:
            count = store.outbox.count(other)
            print(f"{count} traces wait for {store.redactor.text(other)}: give it with --tracking-uri")
    if left or refused:
        raise typer.Exit(1)
