"""URLs of the page: filters, and messages about the last decision."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlencode

from ..queue.find_items import FILTERS
from ..queue.items import Item

LONGEST_S = 3600.0
"""Maximum seconds counted as the time of a decision; if the page was open longer, the reviewer was probably away."""


def filters_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return the filters in a URL or a form."""
    return {name: values[name] for name in (*FILTERS, "flag") if values.get(name)}


def address(path: str, filters: Mapping[str, str], **told: object) -> str:
    """Return a URL with its filters and with a message (`told`) to show once."""
    query = urlencode({**filters, **{name: str(value) for name, value in told.items() if value not in ("", None)}})
    return f"{path}?{query}" if query else path


def after_decision(after: Item | None, filters: Mapping[str, str], decided: Item) -> str:
    """Return the URL to open after a decision: the next item, or the queue."""
    return address(f"/items/{after.number}" if after else "/", filters, decided=decided.number)


def seconds_since(opened: str) -> float | None:
    """Return for how many seconds a page was open, from the start time in its form; None if unknown or too long."""
    try:
        spent = time.time() - float(opened)
    except ValueError:
        return None
    return spent if 0 <= spent <= LONGEST_S else None


def way_back(path: str) -> str:
    """Return the path if it is on this site, or else the queue's."""
    # "//evil.example" and "/\evil.example" lead to another site.
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
