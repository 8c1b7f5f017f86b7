"""Write the files that a command makes: a failure names the path and the option that chooses another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def writing(path: Path, choose: str) -> Iterator[None]:
    """Turn an error of the file system inside the block into one that says what to do.

    Args:
        path: what is written.
        choose: how the user names another place, such as "--out".

    Raises:
        OSError: the path cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise OSError(f"cannot write {path} ({error.strerror or error}); choose another place with {choose}") from error
