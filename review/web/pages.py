"""The templates of the page, and the filters that show text safely. Start at `Pages`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from ...foundation.visible import has_hidden, visible
from ...nodes.state import Flag
from ..marking import flag_words, mark_flags, mark_hidden
from .differences import compare_steps
from .editing import as_sent
from .mathematics import has_mathematics, render_mathematics


class Pages:
    """Renders pages. Everything except `Markup` is escaped."""

    def __init__(self, page_token: str, kinds: Mapping[str, str]) -> None:
        """Load the templates.

        Args:
            page_token: token in every form.
            kinds: descriptions of the flags, by kind.
        """
        loader = FileSystemLoader(Path(__file__).parent / "templates")
        self._environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.filters |= {"math": render_mathematics, "visible": visible, "when": _when, "short": _short}
        self._environment.filters |= {"sent": as_sent}
        self._environment.globals |= {
            "page_token": page_token,
            "kinds": kinds,
            "flag_words": flag_words,
            "step_flags": _step_flags,
            "mark": mark_flags,
            "mark_hidden": mark_hidden,
            "compare": compare_steps,
            "has_hidden": has_hidden,
            "has_math": has_mathematics,
        }

    def render(self, name: str, status: int, values: Mapping[str, Any]) -> HTMLResponse:
        """Return a rendered page."""
        text = self._environment.get_template(f"{name}.html.j2").render(values)
        return HTMLResponse(text.encode("utf-8", "replace"), status)  # "replace": lone surrogates cannot be encoded


def _step_flags(flags: Sequence[Flag], place: int | None) -> list[Flag]:
    return [flag for flag in flags if flag["step"] == place]


def _when(at: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else ""


def _short(text: str, length: int = 140) -> str:
    # Cut before the spaces are collapsed: the text may be very long.
    text = " ".join(visible(text[: 4 * length]).split())
    return text if len(text) <= length else text[: length - 1] + "…"
