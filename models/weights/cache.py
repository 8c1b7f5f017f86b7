"""The cache of converted models: each folder is written once and completely, even if several processes start together."""

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
    """Return the folder for converted models: `$TRACE_OF_THOUGHT_CACHE`, or the platform's cache folder."""
    if chosen := os.environ.get("TRACE_OF_THOUGHT_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "trace-of-thought"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/trace-of-thought").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "trace-of-thought"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a folder, which need not exist yet, while the block runs; other processes wait."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        yield


@contextmanager
def written(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder, which becomes `folder` if the block ends without an error and is deleted otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # beside its final place, because only within one file system is the rename below atomic
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        yield unfinished
        unfinished.chmod(0o755)  # mkdtemp made it private; a cache may be shared by users
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
