"""The MLflow store that `report`, `rescore` and `import-traces` write to, if any."""

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
    """Yield an open tracking store, or None without tracking. An unreachable store raises here, before any work is done."""
    if not tracking:
        yield None
        return
    with connect(tracking_uri) as store:
        yield store


def publish(journal: Journal, store: Store) -> str:
    """Write a journal's results and report to a store; return where to find them."""
    return publish_journal(journal, store, make_report(journal).files()).shown
