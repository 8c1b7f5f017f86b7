"""Where `report`, `rescore` and `import-traces` write their results: an open store, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..experiments.exchange.publishing import publish_journal
from ..experiments.report.html_report import make_report
from ..tracking import connect

if TYPE_CHECKING:
    from ..experiments.journal.journal import Journal
    from ..tracking import Store


@contextmanager
def opened(tracking: bool, tracking_uri: str | None) -> Iterator[Store | None]:
    """Open the tracking store before any work is done, and close it after it; None if nothing is to be written there."""
    if not tracking:
        yield None
        return
    with connect(tracking_uri) as store:
        yield store


def publish(journal: Journal, store: Store) -> str:
    """Write results and report of a journal to a store; returns where they can be looked at."""
    return publish_journal(journal, store, make_report(journal).files()).shown
