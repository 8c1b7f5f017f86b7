"""The console of a command, and what its streams do with text that they cannot encode."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def take_any_text() -> None:
    """Print what a terminal cannot encode as an escape, instead of failing; and no warnings about what a server sent."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings")


def wide(console: Console) -> Console:
    """Give tables room where the output is not a terminal."""
    if not console.is_terminal:
        console.width = 160
    return console
