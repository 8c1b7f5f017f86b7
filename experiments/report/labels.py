"""Make labels of conditions unique by adding the options in which they differ: `told_apart`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..journal.records import CellValues

_SHOWN = {
    "id", "condition", "seed", "label", "teacher_label", "student_label", "prompt_set", "source", "problems", "prompts",
    "examples",
}  # fmt: skip
"""Fields of a cell that are not options, or that tables show anyway."""


def told_apart(cells: Sequence[CellValues]) -> list[str]:
    """Return the label of each cell. Equal labels get the options that differ: "standard [temperature 0.7]"."""
    groups: dict[tuple[str, str, str], list[CellValues]] = {}
    for cell in cells:
        groups.setdefault((cell["label"], cell["student_label"], cell["problems"]), []).append(cell)
    labels = {}
    for (label, *_), alike in groups.items():
        # a label names the usual options only: two cells that differ in dtype, say, would read the same
        options = [_flat(cell) for cell in alike]
        names = dict.fromkeys(name for option in options for name in option)
        # as strings, since values from JSON may be lists, which cannot be hashed
        differing = [name for name in names if len({str(option.get(name)) for option in options}) > 1]
        for cell, option in zip(alike, options, strict=True):
            said = ", ".join(f"{name} {_value(option.get(name))}" for name in differing)
            labels[cell["id"]] = f"{label} [{said}]" if said else label
    return [labels[cell["id"]] for cell in cells]


def _flat(cell: CellValues) -> dict[str, Any]:
    """Return the options of a cell and its models. Those of the teacher are prefixed with "teacher"."""
    found: dict[str, Any] = {}
    for name, value in cell.items():
        if name in _SHOWN:
            continue
        if isinstance(value, Mapping):
            prefix = "" if name == "student" else f"{name} "
            inner = {**value, **(value.get("options") or {})}
            found |= {f"{prefix}{key}": given for key, given in inner.items() if key not in ("options", "model")}
            found[f"{name} model"] = value.get("model")
        else:
            found[name] = value
    return found


def _value(value: Any) -> str:
    return "default" if value is None else str(value)
