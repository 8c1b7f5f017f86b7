"""The console of a command."""

from __future__ import annotations

from rich.console import Console


def wide(console: Console) -> Console:
    """Give tables room where the output is not a terminal."""
    if not console.is_terminal:
        console.width = 160
    return console
