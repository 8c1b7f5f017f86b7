"""Folders of the cache: written once, whole or not at all, also when many processes start together."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


def cache_folder() -> Path:
    """Return where converted models are kept: `$TRACE_OF_THOUGHT_CACHE`, or the platform's cache folder."""
    if chosen := os.environ.get("TRACE_OF_THOUGHT_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "trace-of-thought"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/trace-of-thought").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "trace-of-thought"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder that does not exist yet for this process; others wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        yield


@contextmanager
def written(folder: Path) -> Iterator[Path]:
    """Yield a folder to write into, which takes its place when the block ends without an error and is removed otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
