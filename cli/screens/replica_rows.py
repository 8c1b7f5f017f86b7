"""Show the replicas or servers of a model in the progress display."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ...nodes.asking.failures import printable

if TYPE_CHECKING:
    from ...models.replicas.places import Place

SHOWN = 8  # rows; a display taller than the terminal is cut


def places_line(model: str, places: Sequence[Place]) -> str:
    """Return a short text about a model's replicas or servers, for a plain line."""
    live, lost = sum(place.state == "live" for place in places), sum(place.lost for place in places)
    words = f"{printable(model)} on {live} of {len(places)} {places[0].kind}s"
    if rate := sum(place.tokens_per_second for place in places):
        words += f" at {rate:,.0f} tokens/s"
    return words + (f", {lost} calls repeated" if lost else "")


def places_table(model: str, places: Sequence[Place]) -> Table:
    """Return a table of a model's replicas or servers; those that do not answer come first."""
    table = Table(box=None, padding=(0, 1))
    for name in (f"{places[0].kind} of {printable(model)}", "node", "calls", "answered", "tokens/s", "state"):
        table.add_column(name, justify="right" if name in ("calls", "answered", "tokens/s") else "left")
    for place in sorted(places, key=lambda place: place.state == "live")[:SHOWN]:
        rate = f"{place.tokens_per_second:,.0f}" if place.written else "-"
        state = place.state + (f": {place.error}" if place.error else "")
        cells = (place.name, place.node or "-", str(place.in_flight), f"{place.answered:,}", rate, state[:80])
        table.add_row(*(Text(printable(cell)) for cell in cells))
    if len(places) > SHOWN:
        table.add_row(f"... and {len(places) - SHOWN} more", "", "", "", "", "")
    return table
