"""The form of an item: its fields, its steps, and the buttons that add, remove and move steps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ...foundation.visible import without_hidden
from ..queue.items import Item
from .guard import MAX_BODY


@dataclass(frozen=True)
class Edited:
    """A form as it was sent; line breaks are plain ones.

    Attributes:
        fields: by their names.
        steps: those on the page.
        picked: numbers of the items that were selected.
    """

    fields: Mapping[str, str]
    steps: list[str]
    picked: set[int] = field(default_factory=set)

    @property
    def comment(self) -> str:
        """The comment for the teacher, or the note of an approval."""
        return self.fields.get("comment", "").strip()

    def steps_of(self, item: Item) -> list[str]:
        """Return the steps on the page; those of the item if they were too long for the form."""
        return item.steps if "unsent" in self.fields else self.steps

    def answer_to(self, item: Item) -> dict[str, Any]:
        """Return the decision that the form stands for: what is on the page is what the student gets.

        Raises:
            ValueError: there are no steps, and the reviewer did not say so.
        """
        if self.fields.get("op") == "reject":
            return {"type": "reject", "message": self.comment}
        originals = {as_sent(step).strip(): step for step in reversed(item.steps)}
        sent = [step.strip() for step in self.steps_of(item)]
        steps = [originals.get(as_sent(step), step) for step in sent if step]
        if not steps and not item.steps and "seen" not in self.fields:
            raise ValueError("there are no steps: tick that the student shall get the problem alone, or add a step")
        if steps == [step for step in item.steps if as_sent(step).strip()]:
            return {"type": "approve", "message": self.comment}
        return {"type": "edit", "args": {"steps": steps}, "message": self.comment}


def as_sent(text: str) -> str:
    """Return a text as a browser submits it from an unchanged form."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return plain.encode("utf-8", "replace").decode("utf-8")


def fits_a_form(item: Item) -> bool:
    """Return whether the steps fit into a form, with room for additions; if not, they can only be decided as they are."""
    return len(urlencode([("step", step) for step in item.steps])) <= MAX_BODY // 2


def read_form(body: bytes) -> Edited:
    """Parse a submitted form."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    plain = [(name, value.replace("\r\n", "\n")) for name, value in pairs]
    fields = {name: value for name, value in plain if name not in ("step", "pick")}
    picked = {place for name, value in plain if name == "pick" and (place := place_of(value)) is not None}
    return Edited(fields, [value for name, value in plain if name == "step"], picked)


def place_of(text: str) -> int | None:
    """Return the index of a step in a URL or button value, from 0; None if there is none."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def change(steps: list[str], operation: str, original: list[str]) -> tuple[list[str], int]:
    """Add, remove or move a step.

    Args:
        steps: as they are.
        operation: "add-N" (after step N), "remove-N", "up-N", "down-N", "clean-N" (drop its hidden characters), with N from 0;
            "reset"; anything else changes nothing.
        original: what "reset" goes back to.

    Returns:
        The new steps, and the place that should get the focus.
    """
    name, _, text = operation.partition("-")
    found, last = place_of(text), len(steps) - 1
    place = last if found is None else min(found, last)
    changed = list(steps)
    if name == "add":
        changed.insert(place + 1, "")
        return changed, place + 1
    if name == "remove" and changed:
        del changed[place]
        return changed, max(0, min(place, len(changed) - 1))
    if name == "clean" and changed:
        changed[place] = without_hidden(changed[place])
        return changed, place
    other = place + {"up": -1, "down": 1}.get(name, 0)
    if name in ("up", "down") and 0 <= other < len(changed):
        changed[place], changed[other] = changed[other], changed[place]
        return changed, other
    return (list(original), 0) if name == "reset" else (changed, max(0, place))
