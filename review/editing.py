"""The form of an item: its fields, its steps, and what the small buttons beside a step do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Edited:
    """A form as it was sent; line breaks are plain ones."""

    fields: Mapping[str, str]
    steps: list[str]


def read_form(body: bytes) -> Edited:
    """Read a form that a browser sent."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=2000)
    plain = [(name, value.replace("\r\n", "\n")) for name, value in pairs]
    return Edited({name: value for name, value in plain if name != "step"}, [value for name, value in plain if name == "step"])


def change(steps: list[str], operation: str, original: list[str]) -> tuple[list[str], int]:
    """Add, remove or move a step.

    Args:
        steps: as they are.
        operation: "add-N" (after step N), "remove-N", "up-N", "down-N" (N from 0), "reset"; anything else changes nothing.
        original: what "reset" goes back to.

    Returns:
        The new steps, and the place that should get the focus.
    """
    name, _, text = operation.partition("-")
    place = int(text) if text.isdigit() and int(text) < len(steps) else len(steps) - 1
    changed = list(steps)
    if name == "add":
        changed.insert(place + 1, "")
        return changed, place + 1
    if name == "remove" and changed:
        del changed[place]
        return changed, max(0, min(place, len(changed) - 1))
    other = place + {"up": -1, "down": 1}.get(name, 0)
    if name in ("up", "down") and 0 <= other < len(changed):
        changed[place], changed[other] = changed[other], changed[place]
        return changed, other
    return (list(original), 0) if name == "reset" else (changed, max(0, place))
