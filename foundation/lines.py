"""Limits of texts. Files are read line by line: one without line breaks must not fill the memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LONGEST_LINE = 50_000_000
"""Characters. The longest record of a real file has a few hundred thousand."""

MAX_CHARACTERS = 50_000
"""Maximum length of a question. Anything longer is a document, not a problem."""


def check_question(question: str) -> None:
    """Refuse a question that is too long.

    Raises:
        ValueError: it is longer than `MAX_CHARACTERS`.
    """
    if len(question) > MAX_CHARACTERS:
        raise ValueError(
            f"the question has {len(question):,} characters; at most {MAX_CHARACTERS:,} are allowed, give the problem alone"
        )


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 file with their numbers from 1; a byte order mark is dropped.

    Raises:
        ValueError: a line is longer than `LONGEST_LINE`, or the file is not UTF-8; names file and line.
    """
    number = 0
    # Excel and PowerShell write a byte order mark, which "utf-8-sig" removes
    with path.open(encoding="utf-8-sig") as file:
        try:
            # iterating over the file would read a line of any length; readline stops at the limit
            while line := file.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    raise ValueError(
                        f"{path}, line {number}: longer than {LONGEST_LINE:,} characters; put one record on a line"
                    )
                yield number, line
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}, line {number + 1}: not UTF-8 ({error}); save the file as UTF-8") from error
