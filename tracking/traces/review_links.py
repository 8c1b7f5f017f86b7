"""Link the trace of a run that waits for a reviewer with its review on the page of `tot review --web`, and back."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from ...foundation.folders import home
from ..store.outbox import Outbox

PAGE = "http://127.0.0.1:8765"
"""Default address of `tot review --web`. The environment variable TOT_REVIEW_URL replaces it."""


def review_address(thread_id: str) -> str:
    """Return the address of the review that a thread waits for."""
    page = os.environ.get("TOT_REVIEW_URL") or PAGE
    return f"{page.rstrip('/')}/find?thread={quote(thread_id, safe='')}"


def paused_trace(thread_id: str) -> dict[str, Any] | None:
    """Return the trace of a run that waits for a review; None if it was not traced with this home folder.

    Args:
        thread_id: id of the run's thread.

    Returns:
        A dict with `trace_id`, and `page`: the URL in the UI of an MLflow server, None for a database.
    """
    outbox = Outbox(home() / "outbox.sqlite")
    try:
        found = outbox.paused(thread_id)
    finally:
        outbox.close()
    return {"trace_id": found["trace_id"], "page": found.get("page")} if found else None
