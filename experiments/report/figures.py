"""Draw the figures of a report as SVG, on the canvas of `canvas.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..inference.intervals import wilson
from .canvas import COLOURS, SERIES, TEXT, add_legend, colours_of, new_figure, percent_axis, svg_of, wrapped

if TYPE_CHECKING:
    from .measures import ComparisonSummary, ConditionSummary

_USD = "USD for 1,000 problems"

# inclusive bounds; 99 stands for no upper limit
_STEP_BINS = ((1, 3), (4, 4), (5, 5), (6, 6), (7, 8), (9, 99))


def accuracy_figure(summaries: Sequence[ConditionSummary]) -> str:
    """Draw accuracies with Wilson intervals, one row per condition, in blocks of student and problem set."""
    known = [s for s in summaries if s["n"]]
    methods = colours_of(s["label"] for s in known)
    places, names, headers, last, y = [], [], [], None, 0.0
    for s in known:
        block = (s["student"], s["problems"])
        if block != last:
            y += 1.1 if last else 0.0
            headers.append((y, f"{s['student']} on {s['problems']}"))
            y, last = y + 0.9, block
        places.append(y)
        names.append(s["label"])
        y += 1
    figure, axes = new_figure(y * 0.36 + 0.7)
    for place, s in zip(places, known, strict=True):
        colour = methods[s["label"]]
        value, low, high = _estimate(s)
        axes.plot([low, high], [place, place], color=colour, linewidth=2.5, solid_capstyle="round", zorder=2)
        axes.plot(value, place, "o", color=colour, markersize=7, zorder=3)
        axes.annotate(f"{100 * value:.1f} %", (high, place), (5, 0), textcoords="offset points", va="center", fontsize=9)
    for place, text in headers:
        axes.text(0, place, text, fontweight="bold", va="center", fontsize=10)
    axes.set_yticks(places, [wrapped(name) for name in names])
    # the first row on top
    axes.set_ylim(y - 0.3, -0.6)
    # room for the number to the right of the highest interval
    axes.set_xlim(0, min(1.12, max((_estimate(s)[2] for s in known), default=1.0) + 0.12))
    percent_axis(axes, "x")
    axes.set_xlabel("accuracy, with its 95 % interval (Wilson)")
    return svg_of(figure)


def flips_figure(found: Sequence[ComparisonSummary]) -> str:
    """Draw the problems that each condition lost (left of zero) and gained (right) compared with its base."""
    figure, axes = new_figure(len(found) * 0.66 + 1.0)
    widest = max((max(c["gained"], c["lost"]) for c in found), default=1) or 1
    for place, c in enumerate(found):
        axes.barh(place, -c["lost"], color=COLOURS[1], height=0.5, zorder=2)
        axes.barh(place, c["gained"], color=COLOURS[0], height=0.5, zorder=2)
        for value, side in ((-c["lost"], "right"), (c["gained"], "left")):
            offset = (-5 if side == "right" else 5, 0)
            axes.annotate(
                f"{abs(value):g}", (value, place), offset, textcoords="offset points", ha=side, va="center", fontsize=9
            )
    students, sets = {c["student"] for c in found}, {c["problems"] for c in found}
    names = []
    for c in found:
        told = ([c["student"]] if len(students) > 1 else []) + ([c["problems"]] if len(sets) > 1 else [])
        names.append(f"{wrapped(c['b'])}\n" + ", ".join([f"vs {c['a']}", *told]))
    axes.set_yticks(range(len(found)), names)
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.set_xlim(-1.2 * widest, 1.2 * widest)
    axes.axvline(0, color=TEXT, linewidth=1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.set_xlabel("problems lost (left) and gained (right)")
    return svg_of(figure)


def cost_unit(summaries: Sequence[ConditionSummary]) -> str:
    """Return what `cost_figure` has as its x-axis: USD if anything is billed and all costs are known, else tokens."""
    known = [s for s in summaries if s["n"] and s["rows"]]
    if all(s["cost_usd"] is not None for s in known) and any(s["cost_usd"] for s in known):
        return _USD
    # replayed replies often tell no tokens
    unknown = ", as far as they are known" if any(s["unknown_tokens"] for s in known) else ""
    return f"tokens of teacher and student per problem{unknown}"


def cost_figure(summaries: Sequence[ConditionSummary]) -> str:
    """Draw accuracy over the cost of a problem, in the unit that `cost_unit` names."""
    known = [s for s in summaries if s["n"] and s["rows"]]
    unit = cost_unit(summaries)
    paid = unit == _USD
    colours = colours_of(s["label"] for s in known)
    students = list(dict.fromkeys((s["student"], s["problems"]) for s in known))
    figure, axes = new_figure(4.0)
    for s in known:
        spent = (s["cost_usd"] or 0.0) if paid else s["teacher_tokens"] + s["student_tokens"]
        marker = "os^Dvp*X"[students.index((s["student"], s["problems"])) % 8]
        axes.plot(
            (1000 if paid else 1) * spent / s["rows"],
            s["accuracy"] or 0.0,
            marker,
            color=colours[s["label"]],
            markersize=9,
            alpha=0.9,
            zorder=3,
            clip_on=False,
        )
    percent_axis(axes, "y")
    axes.margins(0.1)
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=-0.03 * axes.get_xlim()[1])
    axes.set_ylabel("accuracy")
    axes.set_xlabel(unit)
    entries = [(label, "s", colour) for label, colour in colours.items()]
    if len(students) > 1:
        entries += [(f"{s} on {p}", "os^Dvp*X"[place % 8], TEXT) for place, (s, p) in enumerate(students)]
    add_legend(axes, entries)
    return svg_of(figure)


def steps_figure(series: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Draw accuracy over the number of steps, for each condition with steps.

    Args:
        series: number of steps and score (0 to 1) of each problem, by the condition's name.
    """
    figure, axes = new_figure(3.6)
    width = 0.8 / max(1, len(series))
    colours = colours_of(series)
    for place, (name, points) in enumerate(series.items()):
        for column, (low, high) in enumerate(_STEP_BINS):
            scores = [score for steps, score in points if low <= steps <= high]
            if scores:
                found = wilson(sum(scores), len(scores))
                # conditions side by side within a bin
                x = column + (place - (len(series) - 1) / 2) * width
                axes.vlines(x, found.low or 0.0, found.high or 0.0, color=colours[name], linewidth=2, zorder=2)
                axes.plot(x, found.value, "o", color=colours[name], markersize=6, zorder=3)
    names = [f"{low}" if low == high else f"{low}+" if high == 99 else f"{low}-{high}" for low, high in _STEP_BINS]
    counts = [_problems_in(span, series.values()) for span in _STEP_BINS]
    axes.set_xticks(range(len(names)), [f"{name}\nn={count}" for name, count in zip(names, counts, strict=True)])
    percent_axis(axes, "y")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("steps of the decomposition (n: problems of each method)")
    axes.set_ylabel("accuracy")
    add_legend(axes, [(name, "o", colour) for name, colour in colours.items()])
    return svg_of(figure)


def _problems_in(span: tuple[int, int], series: Iterable[Sequence[tuple[int, float]]]) -> str:
    """Return the number of problems in a bin of steps, as a range if it differs between the series."""
    counts = {sum(span[0] <= steps <= span[1] for steps, _ in points) for points in series}
    return "-".join(str(count) for count in sorted({min(counts), max(counts)}))


def causes_figure(causes: Mapping[str, Mapping[str, int]]) -> str:
    """Draw how the solutions of each condition ended, as shares of them.

    Args:
        causes: number of solutions by cause, by the condition's name.
    """
    kinds = list(dict.fromkeys(kind for counts in causes.values() for kind in counts))
    names = [wrapped(name) for name in causes]
    figure, axes = new_figure(len(causes) * (0.2 + 0.17 * max(name.count("\n") + 1 for name in names)) + 1.2)
    for row, counts in enumerate(causes.values()):
        total, left = sum(counts.values()) or 1, 0.0
        for kind in kinds:
            share = counts.get(kind, 0) / total
            axes.barh(row, share, left=left, color=COLOURS[kinds.index(kind) % SERIES], height=0.62, zorder=2)
            left += share
    axes.set_yticks(range(len(causes)), names)
    axes.set_ylim(len(causes) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    percent_axis(axes, "x")
    add_legend(axes, [(kind, "s", COLOURS[place % SERIES]) for place, kind in enumerate(kinds)])
    return svg_of(figure)


def _estimate(s: ConditionSummary) -> tuple[float, float, float]:
    """Return accuracy and both ends of its interval, for a condition that has scores."""
    return s["accuracy"] or 0.0, s["low"] or 0.0, s["high"] or 0.0
