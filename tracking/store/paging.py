"""Read all pages of one of MLflow's lists: `items_of_all_pages`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def items_of_all_pages(fetch: Callable[[str | None], Any]) -> Iterator[Any]:
    """Yield the items on all pages of a list.

    Args:
        fetch: takes the token of a page (None for the first) and returns the page, a `PagedList` of MLflow.
    """
    token = None
    while True:
        page = fetch(token)
        yield from page
        token = page.token
        if not token:
            return
