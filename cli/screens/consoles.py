"""The console of a command, and what its streams do with text that they cannot encode."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def take_any_text() -> None:
    """Print characters that the terminal cannot encode as escapes, and hide Pydantic's warnings about servers' replies."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings")


def wide(console: Console) -> Console:
    """Make tables 160 columns wide if the output is not a terminal; rich would assume 80."""
    if not console.is_terminal:
        console.width = 160
    return console
