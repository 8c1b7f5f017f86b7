"""The form of an item: parse it, turn it into a decision, and apply the buttons that add, remove and move steps."""

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
    """A submitted form, with Unix line breaks.

    Attributes:
        fields: the values of all fields but steps and selections, by name.
        steps: the steps on the page.
        picked: numbers of the selected items.
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
        """Return the decision in the form: the student gets exactly the steps on the page.

        Raises:
            ValueError: there are no steps, and the reviewer did not confirm that.
        """
        if self.fields.get("op") == "reject":
            return {"type": "reject", "message": self.comment}
        # A browser changes line breaks and other characters: a step that the reviewer left alone must not count as edited.
        originals = {as_sent(step).strip(): step for step in reversed(item.steps)}
        sent = [step.strip() for step in self.steps_of(item)]
        steps = [originals.get(as_sent(step), step) for step in sent if step]
        if not steps and not item.steps and "seen" not in self.fields:
            raise ValueError("there are no steps: tick that the student shall get the problem alone, or add a step")
        if steps == [step for step in item.steps if as_sent(step).strip()]:
            return {"type": "approve", "message": self.comment}
        return {"type": "edit", "args": {"steps": steps}, "message": self.comment}


def as_sent(text: str) -> str:
    """Return a text as a browser submits it if the reviewer did not change it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return plain.encode("utf-8", "replace").decode("utf-8")


def fits_a_form(item: Item) -> bool:
    """Return whether the steps fit into a form, with space for additions; if not, they cannot be edited on the page."""
    return len(urlencode([("step", step) for step in item.steps])) <= MAX_BODY // 2


def read_form(body: bytes) -> Edited:
    """Parse a submitted form."""
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    # Browsers send line breaks as CRLF.
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
        steps: the current steps.
        operation: "add-N" (after step N), "remove-N", "up-N", "down-N", "clean-N" (remove its hidden characters), N from 0;
            or "reset". Anything else changes nothing.
        original: the steps that "reset" restores.

    Returns:
        The new steps, and the index of the step that should get the focus.
    """
    name, _, text = operation.partition("-")
    found, last = place_of(text), len(steps) - 1
    # The page may be older than the steps: an index past the end means the last step.
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
