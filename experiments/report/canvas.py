"""Make figures with matplotlib and write them as SVG. Colours are CSS variables of the page, for light and dark mode."""

from __future__ import annotations

import io
import logging
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = 8
"""Number of series colours of the page: `--s0` to `--s7`."""

TEXT, GRID = "#010203", "#040506"
COLOURS = [f"#0708{place:02x}" for place in range(SERIES)]
"""Placeholder colours that `svg_of` replaces with the CSS variables of the page."""


def new_figure(height: float) -> tuple[Figure, Axes]:
    """Return a figure of a height in inches, with one empty axes."""
    matplotlib = _matplotlib()
    from matplotlib.figure import Figure

    # text stays text, in the font of the page; the fixed salt makes equal figures equal files
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["svg.hashsalt"] = "trace-of-thought"
    # not pyplot: it would keep every figure in memory, and pick a window system
    figure = Figure(figsize=(7.0, max(1.6, height)), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(True, color=GRID, linewidth=0.8, zorder=0)
    axes.tick_params(length=0, labelsize=10)
    axes.spines[:].set_visible(False)
    return figure, axes


def _matplotlib() -> Any:
    """Import matplotlib without its warnings about a read-only home folder, which do not matter for a report."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        import matplotlib
        import matplotlib.font_manager  # the second place that looks for a folder to write to
    finally:
        logger.setLevel(level)
    return matplotlib


def wrapped(name: str) -> str:
    """Return a name broken into lines that fit beside the axes."""
    return textwrap.fill(name, 30, break_long_words=False)


def percent_axis(axes: Axes, which: str) -> None:
    """Show the numbers of an axis ("x" or "y"), shares from 0 to 1, as percentages."""
    (axes.xaxis if which == "x" else axes.yaxis).set_major_formatter(lambda value, _: f"{100 * value:.3g} %")


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each different name, in order."""
    return {name: COLOURS[place % SERIES] for place, name in enumerate(dict.fromkeys(names))}


def add_legend(axes: Axes, entries: Sequence[tuple[str, str, str]]) -> None:
    """Put the legend below the axes, where it covers no data."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="", marker=marker, color=colour, label=name, markersize=8) for name, marker, colour in entries
    ]
    columns = 1 if max(len(name) for name, *_ in entries) > 40 else 2 if max(len(name) for name, *_ in entries) > 22 else 3
    axes.figure.legend(handles=handles, loc="outside lower left", ncols=columns, frameon=False, fontsize=10)


def svg_of(figure: Figure) -> str:
    """Return a figure as an <svg> element in the colours of the page."""
    for text in figure.findobj(lambda artist: hasattr(artist, "set_color") and hasattr(artist, "set_text")):
        text.set_color(TEXT)  # type: ignore[attr-defined]
        # matplotlib reads text between dollar signs as a formula
        text.set_text(text.get_text().replace("$", r"\$"))  # type: ignore[attr-defined]
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
    file = io.StringIO()
    # without a date, so that the same journal gives the same file
    figure.savefig(file, format="svg", metadata={"Date": None})
    return _themed(file.getvalue())


def _themed(svg: str) -> str:
    """Replace the placeholder colours with CSS variables, make the width flexible, and keep only the <svg> element."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r'(<svg [^>]*?)width="[\d.]+pt" height="[\d.]+pt"', r'\1width="100%" role="img"', svg, count=1)
    svg = svg.replace(TEXT, "var(--text, #222)").replace(GRID, "var(--grid, #ddd)")
    # for files viewed outside the page: the colours of Okabe and Ito, for colour-blind readers, and two more
    fallbacks = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#7f7f7f")
    for place, colour in enumerate(COLOURS):
        svg = svg.replace(colour, f"var(--s{place}, {fallbacks[place]})")
    return svg
