"""Write the files of a command. A failure names the path and the option that chooses another one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
