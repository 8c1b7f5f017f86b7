"""The frontier as a figure: accuracy over teacher tokens or USD, with the line of random mixing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    shown = [point for point in frontier.points if _cost(point, axis) is not None]
    for point in shown:
        marker, colour = _MARKS[point.kind]
        cost, accuracy = _cost(point, axis), point.accuracy
        axes.plot([cost, cost], [accuracy.low, accuracy.high], color=colour, linewidth=1.2, alpha=0.5, zorder=2)
        axes.plot(cost, accuracy.value, marker, color=colour, markersize=7, zorder=3, clip_on=False)
        better = point.p_holm is not None and point.p_holm < 0.05 and point.above is not None and point.above.value > 0
        axes.annotate(
            _wrapped(point.label) + (" *" if better else ""), (cost, accuracy.value), (7, 0), textcoords="offset points",
            va="center", fontsize=8, color=_TEXT,
        )  # fmt: skip
    if frontier.alone and frontier.teacher and _cost(frontier.teacher, axis):
        ends = [(_cost(point, axis) or 0.0, point.accuracy.value) for point in (frontier.alone, frontier.teacher)]
        axes.plot(*zip(*ends, strict=True), color=_GRID, linewidth=1.5, linestyle="--", zorder=1)
    _percent(axes, "y")
    axes.margins(0.12)
    axes.set_ylim(bottom=0)
    axes.set_title(f"{frontier.student} on {frontier.problems}", fontsize=10, fontweight="bold", loc="left", color=_TEXT)
    axes.set_ylabel("accuracy, with its 95 % interval")
    axes.set_xlabel("teacher tokens a problem, input and output" if axis == "tokens" else "USD a problem")


def _cost(point: Point, axis: Axis) -> float | None:
    return point.tokens if axis == "tokens" else point.usd
