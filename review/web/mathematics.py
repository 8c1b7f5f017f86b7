"""Render mathematics offline: LaTeX in a text becomes MathML, everything else becomes escaped text.

The conversion is done by latex2mathml. Its output is not trusted: it is parsed and rebuilt from an allow-list.
"""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree

from markupsafe import Markup, escape

from ...foundation.visible import visible

MAX_FORMULA = 600
"""Maximum characters of a formula; a longer one is shown as source."""

# Limits the time of a text with many formulas; later ones are shown as source.
MAX_FORMULAS = 100
MAX_TEXT = 20_000
"""Maximum characters of a text to search for formulas."""

_DRAWING = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.S)
"""Asymptote code, which occurs in problems of MATH; it is shown as source."""

# Four notations: $$...$$, \[...\], \(...\) and $...$. A dollar before a space or a digit after it is a price.
_FORMULA = re.compile(
    r"\$\$(?P<block>[^$]{1,N})\$\$|\\\[(?P<bracket>.{1,N}?)\\\]|\\\((?P<round>.{1,N}?)\\\)"
    r"|(?<![\\$\w])\$(?P<inline>[^\s$](?:[^$]{0,N}[^\s$])?)\$(?!\d)".replace("N", str(MAX_FORMULA)),
    re.S,
)
# An operator or command, a short name ("x", "-2ab"), or a short expression of digits ("3/4").
_LOOKS_LIKE_MATH = re.compile(r"[\\^_{=<>+|]|^-?\w{1,3}$|^[\d\s.,()/*a-z-]{1,12}$")
_ELEMENTS = re.compile(
    "math|mrow|mi|mn|mo|mtext|mspace|ms|mfrac|msqrt|mroot|mstyle|merror|mpadded|mphantom|msub|msup|msubsup|munder|mover|"
    "munderover|mmultiscripts|mtable|mtr|mtd|menclose"
)
_ATTRIBUTES = re.compile(
    "display|mathvariant|stretchy|fence|separator|lspace|rspace|linethickness|columnalign|rowspacing|columnspacing|accent|"
    "accentunder|movablelimits|notation|largeop|symmetric|form|minsize|maxsize"
)
# Other environments are shown as source.
_ENVIRONMENT = re.compile(r"\\begin\{(?!array|[pbvBV]?matrix|cases|align)")
_VALUE = re.compile(r"[\w .#%+-]{0,40}", re.ASCII)


def render_mathematics(text: str) -> Markup:
    """Return a text as HTML: formulas as MathML, the rest escaped."""
    head, rest = text[:MAX_TEXT], text[MAX_TEXT:]
    parts, end = [], 0
    for drawing in _DRAWING.finditer(head):
        parts += [_render(head[end : drawing.start()]), escape(visible(drawing[0]))]
        end = drawing.end()
    return Markup("").join([*parts, _render(head[end:]), escape(visible(rest))])


def _render(text: str) -> Markup:
    """Return text without drawings as HTML."""
    parts, end = [], 0
    for number, found in enumerate(_FORMULA.finditer(text)):
        source = next(group for group in found.groups() if group is not None)
        block = found.lastgroup in ("block", "bracket")
        made = mathml(source, block) if number < MAX_FORMULAS and _is_math(found) else None
        parts += [escape(visible(text[end : found.start()])), made or escape(visible(found[0]))]
        end = found.end()
    return Markup("").join([*parts, escape(visible(text[end:]))])


def has_mathematics(text: str) -> bool:
    """Return whether a text contains a formula that can be rendered."""
    return "<math" in render_mathematics(text[:MAX_TEXT])


def _is_math(found: re.Match[str]) -> bool:
    """Tell a formula from prices, as in "$2 and $3"."""
    return found.lastgroup != "inline" or bool(_LOOKS_LIKE_MATH.search(found["inline"]))


@lru_cache(maxsize=2048)
def mathml(source: str, block: bool) -> Markup | None:
    """Return the MathML of a formula, or None if it cannot be converted."""
    from latex2mathml.converter import convert

    if source.count("{") > 60 or source.count("\\left") > 30 or _ENVIRONMENT.search(source):
        return None
    try:
        tree = ElementTree.fromstring(convert(visible(source), display="block" if block else "inline"))  # nosec B314 # made by latex2mathml
    except Exception:
        return None
    return _rebuild(tree)


def _rebuild(element: ElementTree.Element) -> Markup:
    """Rebuild an element from the allow-lists; an unknown element becomes `mrow`."""
    name = element.tag.rpartition("}")[2]
    name = name if _ELEMENTS.fullmatch(name) else "mrow"
    attributes = Markup("").join(
        Markup(' {}="{}"').format(key, value)
        for key, value in element.attrib.items()
        if _ATTRIBUTES.fullmatch(key) and _VALUE.fullmatch(value)
    )
    inside = Markup("").join(part for child in element for part in (_rebuild(child), escape(child.tail or "")))
    return Markup("<{0}{1}>{2}{3}</{0}>").format(name, attributes, escape(element.text or ""), inside)
