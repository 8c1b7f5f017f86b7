"""What the addresses of the page say: filters, and what to tell about the last decision."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlencode

from ..queue.items import Item
from ..queue.listing import FILTERS

LONGEST_S = 3600.0
"""A page that was open for longer says nothing about the time that a decision took."""


def filters_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of an address or a form."""
    return {name: values[name] for name in (*FILTERS, "flag") if values.get(name)}


def address(path: str, filters: Mapping[str, str], **told: object) -> str:
    """Return an address with its filters, and with what is told there once."""
    query = urlencode({**filters, **{name: str(value) for name, value in told.items() if value not in ("", None)}})
    return f"{path}?{query}" if query else path


def after_decision(after: Item | None, filters: Mapping[str, str], decided: Item) -> str:
    """Return where to go after a decision: the next item, else the queue."""
    return address(f"/items/{after.number}" if after else "/", filters, decided=decided.number)


def seconds_since(opened: str) -> float | None:
    """Return how long a page was open, in seconds, from the Unix seconds that its form has; None if that says nothing."""
    try:
        spent = time.time() - float(opened)
    except ValueError:
        return None
    return spent if 0 <= spent <= LONGEST_S else None


def way_back(path: str) -> str:
    """Return an address on this page: another site's becomes the queue's."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
