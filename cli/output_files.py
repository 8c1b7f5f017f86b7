"""Write the files of a command. A failure names the path and the option that chooses another one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_SQLITE = b"SQLite format 3\x00"
"""The first bytes of an SQLite database, such as a journal, a review store or MLflow's database."""


@contextmanager
def writing(path: Path, choose: str) -> Iterator[None]:
    """Turn a file system error inside the block into one that says what to do.

    Args:
        path: the file or folder that the block writes.
        choose: the option with which the user chooses another path, such as "--out".

    Raises:
        OSError: the path cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise OSError(f"cannot write {path} ({error.strerror or error}); choose another place with {choose}") from error


@contextmanager
def writing_file(path: Path, choose: str, reads: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the path to write a file to. It takes the place of `path` at the end of the block, so no part of a file is left.

    Args:
        path: the file that the command writes.
        choose: the option with which the user chooses another path, such as "--out".
        reads: files that the command reads.

    Raises:
        ValueError: the file is one of `reads`, or a database.
        OSError: the file cannot be written.
    """
    check_output(path, choose, reads)
    with writing(path, choose), replaced(path) as new:
        yield new


def check_output(path: Path, choose: str, reads: Iterable[Path] = ()) -> None:
    """Refuse to write over a file that the command reads, and over any database.

    Raises:
        ValueError: the file is one of `reads`, or a database.
    """
    if not path.is_file():
        return
    if any(each.exists() and path.samefile(each) for each in reads):
        raise ValueError(f"{path} is read by this command and would be overwritten; choose another place with {choose}")
    if os.access(path, os.R_OK) and _is_database(path):
        raise ValueError(f"{path} is a database and would be overwritten; choose another place with {choose}")


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a path beside a file. What the block writes there takes the file's place; after an exception it is deleted."""
    if path.parent == Path("/dev") or (path.exists() and not path.is_file()):
        yield path  # a device or a pipe, such as /dev/stdout, is written itself
        return
    target = path.resolve()  # a link stays a link
    new = target.with_name(f".{os.getpid()}.part")
    try:
        yield new
        if target.exists():
            shutil.copymode(target, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
