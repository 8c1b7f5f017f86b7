"""Compare vectors and matrices cell by cell: LaTeX environments, [[1, 2], [3, 4]], and tuples. Start at `compare_matrices`."""

from __future__ import annotations

import re
from collections.abc import Callable

Rows = tuple[tuple[str, ...], ...]
MAX_CELLS = 100
# "A = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", "\left( \begin{array}{cc} ... \end{array} \right)".
_ENVIRONMENT = re.compile(
    r"(?:[A-Za-z](?:_\w)?\s*=\s*)?(?:(?:\\left\s*)?[(\[|]\s*)?\\begin\s*\{(?P<kind>[pbvVB]?(?:small)?matrix"
    r"|array)\}(?:\{[lcr| ]+\})?(?P<body>.*?)\\end\s*\{(?P=kind)\}"
    r"(?:\s*(?:\\right\s*)?[)\]|])?",
    re.S,
)
# "\\", "\\[2pt]", "\cr".
_ROW_END = re.compile(r"\\\\(?:\s*\[[^\]]{0,10}\])?|\\cr\b")
# "[[1, 2], [3, 4]]".
_NESTED = re.compile(r"(?:[A-Za-z]\s*=\s*)?\[\s*(\[[^\[\]]*\](?:\s*,?\s*\[[^\[\]]*\])*)\s*\]")
# "(1, 2)", "\langle 1, 2 \rangle".
_TUPLE = re.compile(r"(?:[A-Za-z]\s*=\s*)?(?:\\langle|[(\[<])([^()\[\]<>]+)(?:\\rangle|[)\]>])")


def compare_matrices(claim: str, reference: str, same: Callable[[str, str], str]) -> str | None:
    """Compare two matrices cell by cell.

    Args:
        claim: the student's answer.
        reference: the known answer.
        same: compares two cells and returns the outcome.

    Returns:
        None unless the reference is a matrix; "unequal" for different shapes; otherwise the first outcome of a cell that is not
        "equal", or "equal".
    """
    wanted = _read(reference)
    if wanted is None:
        return None
    given = _read(claim) or _column(claim, wanted)
    if given is None or (_determinant(claim) != _determinant(reference)):
        return "unequal"
    if [len(row) for row in given] != [len(row) for row in wanted] or sum(map(len, wanted)) > MAX_CELLS:
        return "unequal"
    outcomes = [
        same(mine, right) for one, other in zip(given, wanted, strict=True) for mine, right in zip(one, other, strict=True)
    ]
    return next((outcome for outcome in outcomes if outcome != "equal"), "equal")


def _determinant(text: str) -> bool:
    # Bars make it a determinant, which is a number.
    return "{vmatrix}" in text


def _read(text: str) -> Rows | None:
    if match := _ENVIRONMENT.fullmatch(text.strip()):
        rows = [row for row in _ROW_END.split(match["body"]) if row.strip(" &")]
        return tuple(tuple(cell.strip() for cell in row.split("&")) for row in rows)
    # "array([[1, 2], [3, 4]])" is how numpy prints it.
    if match := _NESTED.fullmatch(text.strip().removeprefix("array").strip("() ") if "[[" in text else text.strip()):
        return tuple(tuple(cell.strip() for cell in row.split(",")) for row in re.findall(r"\[([^\[\]]*)\]", match[1]))
    return None


def _column(text: str, wanted: Rows) -> Rows | None:
    """Read "(1, 2)" as a row or a column, whichever the reference is."""
    match = _TUPLE.fullmatch(text.strip())
    if not match:
        return None
    cells = tuple(cell.strip() for cell in match[1].split(","))
    return (cells,) if len(wanted) == 1 else tuple((cell,) for cell in cells) if len(wanted[0]) == 1 else None
