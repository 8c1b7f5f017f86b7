"""Draw frontiers: accuracy over teacher tokens or USD, with the line of random mixing. See `frontier_figure`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from ..canvas import COLOURS, GRID, TEXT, new_figure, percent_axis, svg_of
from .points import Axis, Frontier, Point

_MARKS = {"student": ("o", COLOURS[0]), "taught": ("s", COLOURS[1]), "teacher": ("D", COLOURS[2])}
# characters of a line in the legend, which fit the width of the figure
_KEY_CHARACTERS = 105
_NEAR = (0.04, 0.06)
"""Distance, as shares of the width and height of a panel, below which the numbers of two points would overlap."""


def frontier_figure(made: Sequence[Frontier], axis: Axis = "tokens") -> str:
    """Draw one panel per frontier: the student alone, every method, the teacher alone, and the line of random mixing.

    Points are numbered as in the table of frontiers, and the legend below lists them.

    Args:
        made: the frontiers.
        axis: what the x-axis shows per problem: teacher tokens (input and output) or USD.

    Returns:
        The figure as SVG.
    """
    figure, _ = new_figure(sum(3.2 + 0.17 * len(frontier.points) for frontier in made))
    # `new_figure` makes one axes; here each frontier needs its own
    figure.clf()
    panels = figure.subplots(len(made), 1, squeeze=False)
    for panel, frontier in zip(panels[:, 0], made, strict=True):
        _draw(panel, frontier, axis)
    return svg_of(figure)


def _draw(axes: Any, frontier: Frontier, axis: Axis) -> None:
    shown = [(str(place), p, p.cost(axis) or 0.0) for place, p in enumerate(frontier.points, 1) if p.cost(axis) is not None]
    widest, highest = max((cost for *_, cost in shown), default=0.0) or 1.0, max(p.accuracy.high or 0.0 for _, p, _ in shown)
    axes.grid(True, color=GRID, linewidth=0.8, zorder=0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlim(0, 1.08 * widest)
    axes.set_ylim(0, min(1.04, 1.15 * highest))
    for _, point, cost in shown:
        marker, colour = _MARKS[point.kind]
        interval = [point.accuracy.low, point.accuracy.high]
        axes.plot([cost, cost], interval, color=colour, linewidth=1.2, alpha=0.5, zorder=2, clip_on=False)
        axes.plot(cost, point.accuracy.value, marker, color=colour, markersize=7, zorder=3, clip_on=False)
    _number(axes, shown)
    if line := frontier.mixing(axis):
        axes.plot(*zip(*line, strict=True), color=TEXT, linewidth=1.2, linestyle="--", alpha=0.5, zorder=1)
    _key(axes, shown)
    percent_axis(axes, "y")
    axes.set_title(f"{frontier.student} on {frontier.problems}", fontsize=10, fontweight="bold", loc="left", color=TEXT)
    axes.set_ylabel("accuracy, with its 95 % interval")
    axes.set_xlabel("teacher tokens a problem, input and output" if axis == "tokens" else "USD a problem")


def _number(axes: Any, shown: Sequence[tuple[str, Point, float]]) -> None:
    """Write each number beside its point, moved up where it would overlap another one."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    width, height = _NEAR[0] * (right - left), _NEAR[1] * (top - bottom)
    taken: list[tuple[float, float]] = []
    for number, point, cost in sorted(shown, key=lambda one: one[1].accuracy.value):
        y = point.accuracy.value
        for other in sorted(other for x, other in taken if abs(x - cost) < width):
            y = max(y, other + height) if abs(other - y) < height else y
        taken.append((cost, y))
        axes.annotate(
            number, (cost, point.accuracy.value), (cost + 0.5 * width, y), va="center", fontsize=8, annotation_clip=False
        )


def _key(axes: Any, shown: Sequence[tuple[str, Point, float]]) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for number, point, _ in shown:
        marker, colour = _MARKS[point.kind]
        # a star marks points significantly above random mixing
        better = point.p_holm is not None and point.p_holm < 0.05 and point.above is not None and point.above.value > 0
        text = f"{number}  {point.name}: {100 * point.accuracy.value:.1f} %{' *' if better else ''}"
        label = textwrap.fill(text, _KEY_CHARACTERS, subsequent_indent="    ")
        handles.append(Line2D([], [], linestyle="", marker=marker, color=colour, label=label, markersize=6))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(-0.1, -0.17), frameon=False, fontsize=8, handletextpad=0.2)
