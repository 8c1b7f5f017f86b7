"""Find the list of steps in a teacher's reply, whatever form it has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic_core import from_json

MAX_CHARACTERS = 100_000
"""Longer replies are cut before parsing: no plan is that long, and reading a hostile reply must not take long."""

# The kinds of lists in the order in which they are tried: a heading may contain a numbered list, an item may contain bullets.
# All repetitions are bounded, so that no reply can make a pattern backtrack for long.
_MARKERS = {
    "heading": re.compile(r"[#*_\s]{0,8}(?:step|prompt)\s{0,3}\d{1,3}\s{0,3}(?:[:.)\-–—]|\*\*|$)[*_:\s]{0,6}", re.I),
    "numbered": re.compile(r"[#*_]{0,6}\(?\d{1,3}(?:[.):]|\\\.)[*_]{0,3}(?:\s+|$)"),
    "lettered": re.compile(r"[*_]{0,3}\(?[a-zA-Z][.)][*_]{0,3}\s+"),
    "bulleted": re.compile(r"(?:[*+•‣◦]|-(?!-)|–|—)\s+"),
}
# How teachers begin the sentence after their list.
_CLOSING = re.compile(
    r"(?:remember|note|by following|let me know|these (?:steps|prompts)|this (?:should|will|list)|good luck|i hope|now,? |"
    r"once you|with these|following these|feel free|that's it|if you (?:have|need|get)|please)\b",
    re.I,
)
# A title between the items, such as "**Step-by-step prompts:**".
_HEADER = re.compile(r"(?:\*\*)?(?:problem|step-by-step prompts?|steps|instructions|prompts?)\b.{0,400}", re.I | re.S)


@dataclass
class _Line:
    indent: int
    text: str
    after_blank: bool


def parse_steps(text: str) -> list[str]:
    """Return the steps of a decomposition in order, without their markers.

    Reads JSON (a list, or an object with `steps`), "Step 3:" headings, and numbered, lettered or bulleted lists. Nested items
    and continuation lines stay with their step. Text before and after the list is dropped.

    Args:
        text: the teacher's reply; only the first `MAX_CHARACTERS` are read.

    Returns:
        One text for each step; empty if there is no list.
    """
    text = text[:MAX_CHARACTERS]
    listed = _parse_json(text)
    if listed is not None:
        return listed
    lines = _lines(text)
    return next((steps for kind in _MARKERS if (steps := _parse_kind(lines, kind))), [])


def number_steps(steps: list[str]) -> str:
    """Return steps as a numbered list; further lines of a step are indented under it."""
    return "\n".join(f"{number}. " + step.replace("\n", "\n   ") for number, step in enumerate(steps, 1))


def _lines(text: str) -> list[_Line]:
    """Return the lines that are neither blank nor a rule (`---`) nor a fence, with their indent in columns."""
    lines, blank = [], True
    for raw in text.expandtabs(4).splitlines():
        stripped = raw.strip()
        if stripped and not re.fullmatch(r"[-*_=`]{3,}\w*", stripped):
            lines.append(_Line(len(raw) - len(raw.lstrip()), stripped, blank))
        blank = not stripped
    return lines


def _parse_kind(lines: list[_Line], kind: str) -> list[str]:
    """Return the items of the outermost list of this kind; deeper items belong to the text of theirs."""
    marker = _MARKERS[kind]
    marked = [place for place, line in enumerate(lines) if marker.match(line.text)]
    if not marked:
        return []
    level = min(lines[place].indent for place in marked)
    # one column of tolerance: " 9." stands one column to the left of "10." in right-aligned lists
    starts = [place for place in marked if lines[place].indent <= level + 1]
    steps = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        first = marker.sub("", lines[start].text, count=1)
        last = end == len(lines)
        body = _body(lines[start + 1 : end], level, kind, last)
        steps.append(_clean([first, *body]))
    return [step for step in steps if step]


def _body(lines: list[_Line], level: int, kind: str, last: bool) -> list[str]:
    """Return the lines that belong to an item: all up to the next one, but not the text that follows the last item."""
    kept: list[str] = []
    for line in lines:
        outside = line.after_blank and line.indent <= level and not _MARKERS["bulleted"].match(line.text)
        if last and outside and (kind != "heading" or _CLOSING.match(line.text)):
            break
        if not outside or last or not _HEADER.fullmatch(line.text):
            kept.append(" " * min(max(line.indent - level, 0), 8) + line.text)
    return kept


def _clean(lines: list[str]) -> str:
    """Return an item's lines as one text, without the bold marks around its heading."""
    first = lines[0].strip()
    if first.count("**") % 2 == 1:  # the marker took the other half, as in "**Step 1:** Add"
        first = first.replace("**", "", 1)
    first = re.sub(r"^\*\*([^*]+)\*\*$", r"\1", first)
    rest = [line.rstrip() for line in lines[1:]]
    return "\n".join(part for part in [first, *rest] if part.strip()).strip()


def _parse_json(text: str) -> list[str] | None:
    """Return the steps of a JSON reply, bare or fenced; of a reply that was cut off, the complete ones. None if it is not JSON.

    Only an object may be incomplete: a text that begins with "[" is often "[1] First ..." and no JSON at all.
    """
    found = re.search(r"```(?:json)?\s*([\[{].*?[\]}])\s*```", text, re.S)
    candidate = found[1] if found else text.strip()
    if candidate[:1] not in "[{" or not candidate:
        return None
    try:
        value = from_json(candidate, allow_partial=candidate[0] == "{")
    except ValueError:
        return None
    if isinstance(value, dict):
        lists = [value[key] for key in ("steps", "prompts", "instructions", "plan") if isinstance(value.get(key), list)]
        value = lists[0] if lists else list(value.values())
    return [step for step in map(_json_step, value) if step]


def _json_step(item: object) -> str:
    """Return the text of a step; teachers also write steps as objects, such as {"step": 1, "description": ...}."""
    if isinstance(item, dict):
        keys = ("step", "text", "instruction", "description", "prompt")
        named = [item[key] for key in keys if isinstance(item.get(key), str)]
        item = max(named, key=len) if named else " ".join(str(value) for value in item.values() if isinstance(value, str))
    return str(item).strip() if isinstance(item, str | int | float) else ""
