"""Read sets that are described in words, such as "all real numbers except 2", as intervals."""

from __future__ import annotations

import re
from collections.abc import Iterator

# "2", "x = -1/2", "\frac{1}{2}".
_VALUE = r"⟦?\s*(?:[a-z]\s*=\s*)?(-?(?:\\frac\s*\{[^{}]{1,9}\}\s*\{[^{}]{1,9}\}|\d{1,9}(?:/\d{1,9}|\.\d{1,9})?))\s*⟧?"
# "all real numbers except 2".
_EXCEPT = re.compile(
    r"\b(?:all|any) real (?:numbers|values)(?: (?:of )?⟦?[a-z]⟧?)?,?\s+"
    rf"(?:except|excluding|other than|besides|but)(?: for| when| where)?\s+{_VALUE}",
    re.I,
)
# "all real numbers greater than or equal to 3".
_BOUND = re.compile(rf"\b(?:all|any) real numbers\s+(greater|less|larger|smaller) than\s+(or equal to\s+)?{_VALUE}", re.I)
# "The domain is all real numbers."
_ALL = re.compile(r"\b(?:is|are|be) (?:the set of )?all real numbers(?=\s*(?:[.,;]|$))", re.I)
# "What is the domain of f?", "For what values of x ...?"
_ASKS_SET = re.compile(r"\b(?:domain|range|interval|values|for what|for which|solution set)\b", re.I)


def described_sets(text: str, asked: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the sets that a text describes, each as an interval with its place; nothing unless the question asks for a set."""
    if "real" not in text or not _ASKS_SET.search(asked):
        return
    for match in _EXCEPT.finditer(text):
        yield f"(-\\infty,{match[1]})\\cup({match[1]},\\infty)", match.span()
    for match in _BOUND.finditer(text):
        closed, value = bool(match[2]), match[3]
        if match[1].lower() in ("greater", "larger"):
            yield f"{'[' if closed else '('}{value},\\infty)", match.span()
        else:
            yield f"(-\\infty,{value}{']' if closed else ')'}", match.span()
    for match in _ALL.finditer(text):
        yield "(-\\infty,\\infty)", match.span()
