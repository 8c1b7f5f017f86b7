"""Show two lists of steps side by side, with differing words marked. Start at `compare_steps`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ...foundation.visible import visible

MAX_WORDS = 4_000
"""Maximum words of two steps for a comparison by words; longer steps are marked as a whole."""

MAX_PAIRS = 10_000
"""Maximum pairs of steps to compare; the steps of longer lists are paired by their positions."""

_ALIKE = 0.3
"""Share of words that two steps must have in common to be shown side by side."""

Place = tuple[int | None, int | None]


@dataclass(frozen=True)
class Pair:
    """A step before and after, as HTML; None if one list has no such step."""

    before: Markup | None
    after: Markup | None
    changed: bool


def compare_steps(before: Sequence[str], after: Sequence[str]) -> list[Pair]:
    """Return the steps of two lists in pairs, with `<del>` and `<ins>` around the words that differ."""
    return [_pair(before, after, place) for place in _aligned(before, after)]


def _pair(before: Sequence[str], after: Sequence[str], place: Place) -> Pair:
    left, right = place
    if right is None:
        return Pair(Markup("<del>{}</del>").format(visible(before[left or 0])), None, True)
    if left is None:
        return Pair(None, Markup("<ins>{}</ins>").format(visible(after[right])), True)
    old, new = before[left], after[right]
    if old == new:
        return Pair(escape(visible(old)), escape(visible(new)), False)
    return Pair(*_marked(_words(old), _words(new)), True)


def _marked(old: list[str], new: list[str]) -> tuple[Markup, Markup]:
    from rapidfuzz.distance import Levenshtein

    # Levenshtein's time grows with the product of the lengths.
    if len(old) + len(new) > MAX_WORDS:
        return Markup("<del>{}</del>").format(visible("".join(old))), Markup("<ins>{}</ins>").format(visible("".join(new)))
    left, right = Markup(""), Markup("")
    for code in Levenshtein.opcodes(old, new):
        gone = visible("".join(old[code.src_start : code.src_end]))
        come = visible("".join(new[code.dest_start : code.dest_end]))
        if code.tag == "equal":
            left, right = left + gone, right + come
            continue
        left += Markup("<del>{}</del>").format(gone) if gone else ""
        right += Markup("<ins>{}</ins>").format(come) if come else ""
    return left, right


def _words(text: str) -> list[str]:
    # Spaces are words of their own: joining the words gives the text back.
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[Place]:
    """Yield pairs of indices: the pairing with the highest total similarity that keeps the order of the steps."""
    if len(before) * len(after) > MAX_PAIRS:
        for place in range(max(len(before), len(after))):
            yield place if place < len(before) else None, place if place < len(after) else None
        return
    best = _likeness_of_rests(before, after)
    left = right = 0
    while left < len(before) or right < len(after):
        # The sum is computed as in `_likeness_of_rests`, so comparing floats for equality is exact.
        if (
            left < len(before)
            and right < len(after)
            and best[left][right] == _alike(before[left], after[right]) + (best[left + 1][right + 1])
        ):
            yield left, right
            left, right = left + 1, right + 1
        elif right == len(after) or (left < len(before) and best[left][right] == best[left + 1][right]):
            yield left, None
            left += 1
        else:
            yield None, right
            right += 1


def _likeness_of_rests(before: Sequence[str], after: Sequence[str]) -> list[list[float]]:
    """Return, for each pair of indices, the total similarity of the best pairing of the steps from there on."""
    # Dynamic programming from the end; the last row and column stand for a list that is used up.
    best = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for left in range(len(before) - 1, -1, -1):
        for right in range(len(after) - 1, -1, -1):
            together = _alike(before[left], after[right]) + best[left + 1][right + 1]
            best[left][right] = max(together, best[left + 1][right], best[left][right + 1])
    return best


def _alike(old: str, new: str) -> float:
    """Return the similarity of two steps; below `_ALIKE` it is negative, so that leaving both unpaired is better."""
    from rapidfuzz.distance import Indel

    if old == new:
        return 1.0
    # 2000 characters are enough to tell whether two steps belong together.
    likeness = Indel.normalized_similarity(old[:2000].split(), new[:2000].split())
    return likeness if likeness >= _ALIKE else -1.0
