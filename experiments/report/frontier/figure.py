"""The frontier as a figure: accuracy over teacher tokens or USD, with the line of random mixing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..figures import _COLOURS, _GRID, _TEXT, _figure, _percent, _svg, _wrapped
from .points import Axis, Frontier, Point

_MARKS = {"student": ("o", _COLOURS[0]), "taught": ("s", _COLOURS[1]), "teacher": ("D", _COLOURS[2])}


def frontier_figure(made: Sequence[Frontier], axis: Axis = "tokens") -> str:
    """Draw each frontier: the student alone, every method, the teacher alone, and what random mixing would give.

    Args:
        made: one panel each.
        axis: teacher tokens (input and output) or USD, per problem.
    """
    figure, _ = _figure(3.6 * len(made))
    figure.clf()
    panels = figure.subplots(len(made), 1, squeeze=False)
    for panel, frontier in zip(panels[:, 0], made, strict=True):
        _draw(panel, frontier, axis)
    return _svg(figure)


def _draw(axes: Any, frontier: Frontier, axis: Axis) -> None:
    shown = [(point, cost) for point in frontier.points if (cost := _cost(point, axis)) is not None]
    widest = max((cost for _, cost in shown), default=0.0) or 1.0
    axes.set_xlim(-0.06 * widest, 1.06 * widest)
    axes.set_ylim(0, min(1.06, max((point.accuracy.high or 0.0 for point, _ in shown), default=1.0) + 0.1))
    for point, cost in shown:
        marker, colour = _MARKS[point.kind]
        accuracy = point.accuracy
        axes.plot([cost, cost], [accuracy.low, accuracy.high], color=colour, linewidth=1.2, alpha=0.5, zorder=2)
        axes.plot(cost, accuracy.value, marker, color=colour, markersize=7, zorder=3, clip_on=False)
    _label(axes, shown)
    if frontier.alone and frontier.teacher and _cost(frontier.teacher, axis):
        ends = [(_cost(point, axis) or 0.0, point.accuracy.value) for point in (frontier.alone, frontier.teacher)]
        axes.plot(*zip(*ends, strict=True), color=_TEXT, alpha=0.45, linewidth=1.2, linestyle="--", zorder=1)
    _percent(axes, "y")
    axes.set_title(f"{frontier.student} on {frontier.problems}", fontsize=10, fontweight="bold", loc="left", color=_TEXT)
    axes.set_ylabel("accuracy, with its 95 % interval")
    axes.set_xlabel("teacher tokens a problem, input and output" if axis == "tokens" else "USD a problem")


def _label(axes: Any, shown: Sequence[tuple[Point, float]]) -> None:
    """Name the points. Labels that would cover each other or a mark move, and a line leads to their point."""
    names = [_wrapped(point.label) + (" *" if _better(point) else "") for point, _ in shown]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    boxes, marks = [], []
    for name, (point, cost) in zip(names, shown, strict=True):
        lines = name.split("\n")
        x, y, width = (
            (cost - left) / (right - left),
            (point.accuracy.value - low) / (high - low),
            _LETTER * max(map(len, lines)),
        )
        start = x + _GAP if x + _GAP + width <= 1 else x - _GAP - width
        boxes.append(Box(start, y, width, _LINE * len(lines)))
        marks.append(Box(x - _GAP / 2, y, _GAP, _LINE / 2))
    for name, (point, cost), box, y in zip(names, shown, boxes, spread(boxes, marks), strict=True):
        before = left + box.x * (right - left) < cost
        end = left + (box.x + before * box.width) * (right - left)
        line = {"arrowstyle": "-", "color": _GRID, "shrinkA": 2, "relpos": (float(before), 0.5), "zorder": 1}
        axes.annotate(
            name, (cost, point.accuracy.value), (end, low + y * (high - low)), ha="right" if before else "left", va="center",
            fontsize=8, color=_TEXT, arrowprops=line if abs(y - box.y) > _LINE else None,
        )  # fmt: skip


_LETTER, _LINE, _GAP = 0.0115, 0.052, 0.02
"""Width of a letter, height of a line and distance to the mark, as shares of a panel."""


class Box(NamedTuple):
    """Where a label would stand, in shares of the panel: its left end, its middle, its width and height."""

    x: float
    y: float
    width: float
    height: float


def spread(boxes: Sequence[Box], fixed: Sequence[Box] = ()) -> list[float]:
    """Return a height for each label at which none covers another, or what is fixed.

    They move down from the highest on; what then falls out at the bottom pushes back up.
    """
    heights = [box.y for box in boxes]
    order = sorted(range(len(boxes)), key=lambda place: -boxes[place].y)
    for step, places in ((-1, order), (1, order[::-1])):
        settled = [*fixed]
        for place in places:
            box = boxes[place]._replace(y=heights[place])
            if step > 0:
                box = box._replace(y=max(box.y, box.height / 2))
            while covered := next((other for other in settled if _covers(box, other)), None):
                box = box._replace(y=covered.y + step * ((box.height + covered.height) / 2 + 1e-6))
            settled.append(box)
            heights[place] = box.y
    return heights


def _covers(a: Box, b: Box) -> bool:
    beside = a.x + a.width <= b.x or b.x + b.width <= a.x
    return not beside and abs(a.y - b.y) < (a.height + b.height) / 2


def _better(point: Point) -> bool:
    return point.p_holm is not None and point.p_holm < 0.05 and point.above is not None and point.above.value > 0


def _cost(point: Point, axis: Axis) -> float | None:
    return point.tokens if axis == "tokens" else point.usd
