"""Where this project stores its own files: journals, reviews and unsent traces."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the installed package; in a checkout, its root folder."""


def home() -> Path:
    """Return the folder for journals, reviews and unsent traces: `TOT_HOME`, or `.trace_of_thought` in the current folder.

    The folder is created if needed, with a `.gitignore` that keeps it out of version control.

    Raises:
        OSError: the folder cannot be created; the message says how to choose another one.
    """
    folder = Path(os.environ.get("TOT_HOME") or ".trace_of_thought").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise OSError(f"cannot write to {folder} ({error.strerror}); set TOT_HOME to a writable folder") from error
    return folder
