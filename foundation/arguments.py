"""Check the type of a public function's argument at its door, with an error that names the argument, its value and the fix."""

from __future__ import annotations

from numbers import Real
from typing import Any


def shown(value: Any, most: int = 60) -> str:
    """Return a value as code writes it, cut to a length."""
    written = repr(value)
    return written if len(written) <= most else f"{written[: most - 3]}..."


def need_text(name: str, value: Any, *, optional: bool = False) -> None:
    """Refuse what is not a text.

    Args:
        name: the argument's name.
        value: what was given.
        optional: whether None is accepted.

    Raises:
        TypeError: the value is no text.
    """
    if not (isinstance(value, str) or (optional and value is None)):
        kinds = "a str or None" if optional else 'a str ("" if there is none)'
        raise TypeError(f"{name}={shown(value)} is of type {type(value).__name__}; give {kinds}")


def need_number(name: str, value: Any) -> None:
    """Refuse what is not a number of at least 0.

    Raises:
        TypeError: the value is no number.
        ValueError: it is less than 0 or not a number (nan).
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Real):
        raise TypeError(f"{name}={shown(value)} is of type {type(value).__name__}; give a number of at least 0")
    if not float(value) >= 0:
        raise ValueError(f"{name}={value}: give a number of at least 0")


def need_list(name: str, values: Any) -> None:
    """Refuse what is not a list: a single text, or a value without a length.

    Raises:
        TypeError: the value is no list.
    """
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        raise TypeError(f"{name}={shown(values)} is of type {type(values).__name__}; give a list")


def need_texts(name: str, values: Any) -> None:
    """Refuse what is not a list of texts.

    Raises:
        TypeError: the value is no list, or has a member that is no text.
    """
    need_list(name, values)
    for place, value in enumerate(values):
        need_text(f"{name}[{place}]", value)


def need_same_length(rows: str, count: int, **columns: Any) -> None:
    """Refuse columns that do not have one entry for each row.

    Args:
        rows: what the rows are called, "completions".
        count: the number of rows.
        **columns: the columns by name.

    Raises:
        TypeError: a column is no list.
        ValueError: a column is longer or shorter.
    """
    for name, values in columns.items():
        need_list(name, values)
        if len(values) != count:
            raise ValueError(f"{name} has {len(values)} entries and {rows} has {count}; give one for each of {rows}")
