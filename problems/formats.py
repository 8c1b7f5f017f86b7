"""Turn rows into problems: our own format, GSM8K, MATH, and any other with a mapping of columns. Start at `to_problem`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..foundation.encodable import encodable_values
from ..foundation.lines import check_question
from .problem import Problem

# The usual names of columns, the most telling first.
QUESTIONS = ("question", "problem", "prompt", "input", "query")
REFERENCES = ("reference", "gold", "target", "final_answer", "answer", "solution")
"""Columns that may hold the reference, the clearest name first. The `answer` of GSM8K ends with `#### N`."""

IDS = ("problem_id", "id", "unique_id", "uid")
METADATA = ("subject", "level", "type", "difficulty", "category", "source")


def to_problem(row: Mapping[str, Any], columns: Mapping[str, str], domain: str) -> Problem:
    """Return the problem in a row.

    Args:
        row: a row of a file or data set.
        columns: names of the columns for `question`, `reference`, `problem_id`; by default the usual names. Other keys become
            metadata.
        domain: domain of rows that name none.

    Raises:
        ValueError: the row has no question column, its question is too long, or a value has the wrong type.
    """
    row = encodable_values(dict(row))  # JSON may hold lone surrogates
    question = _text(row, columns, "question", QUESTIONS, needed=True)
    assert question is not None
    check_question(question.strip())
    reference = _text(row, columns, "reference", REFERENCES)
    metadata = {key: row[key] for key in METADATA if row.get(key) not in (None, "")}
    metadata |= {
        name: row.get(column) for name, column in columns.items() if name not in ("question", "reference", "problem_id")
    }
    return Problem(
        question=question.strip(),
        problem_id=(_text(row, columns, "problem_id", IDS) or "").strip(),
        reference=final_answer(reference) if reference is not None else None,
        domain=str(row.get("domain") or domain),
        metadata=metadata,
    )


def final_answer(reference: str) -> str | None:
    r"""Return the final answer of a reference: the text after `####` or in the last `\boxed{}`; None if it is empty."""
    if "####" in reference:
        reference = reference.rsplit("####", 1)[1]
    elif "\\boxed" in reference or "\\fbox" in reference:
        reference = _last_box(reference) or reference
    return reference.strip() or None


def _last_box(text: str) -> str | None:
    r"""Return the content of the last `\boxed{}`, with nested braces."""
    # "\boxed{5}", "\fbox{5}", and "\boxed 5", which LaTeX allows.
    for match in reversed(list(re.finditer(r"\\f?boxed\s*\{|\\fbox\s*\{|\\boxed\s+(?=\S)", text))):
        if not match[0].endswith("{"):
            return text[match.end() :].split("$")[0].strip()  # up to the end of the formula
        depth = 1
        for place in range(match.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            if depth == 0:
                return text[match.end() : place]
    return None


def _text(
    row: Mapping[str, Any], columns: Mapping[str, str], name: str, usual: tuple[str, ...], *, needed: bool = False
) -> str | None:
    """Return a row's value for a field as text, from the column that was named or the first usual one that is filled."""
    # A data set may have several of the usual columns, some of them empty: take one that is filled.
    filled = (key for key in usual if row.get(key) is not None)
    column = columns.get(name) or next(filled, None) or next((key for key in usual if key in row), None)
    if column is not None and column not in row:
        raise ValueError(f"no column {column!r} for {name}; it has {', '.join(map(str, row)) or 'none'}{_name_it(name)}")
    if column is None:
        if needed:
            raise ValueError(f"no column for the {name}; it has {', '.join(map(str, row)) or 'none'}{_name_it(name)}")
        return None
    value = row[column]
    if value is None or value != value:  # NaN, the empty cell of Parquet files written by pandas
        return "" if needed else None
    if isinstance(value, list | dict):
        raise ValueError(f"column {column!r} holds a {type(value).__name__}; the {name} must be text or a number")
    return _number(value) if isinstance(value, float) else str(value)


def _name_it(field: str) -> str:
    return f"; name it with --columns {field}=COLUMN, or columns={{'{field}': 'COLUMN'}} in Python"


def _number(value: float) -> str:
    """Return a number as text, 18.0 as "18": columns of whole numbers with gaps arrive as floats."""
    return str(int(value)) if value.is_integer() else repr(value)
