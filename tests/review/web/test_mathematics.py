"""Formulas on the page: MathML, and nothing else that a formula could smuggle in."""

import re

import pytest

from trace_of_thought.review.web.mathematics import mathml, render_mathematics


def test_mathematics_becomes_mathml_and_prices_stay():
    assert "<mfrac>" in render_mathematics(r"What is $\frac{1}{2}$?")
    assert "<msup>" in render_mathematics(r"\(x^2\)")
    assert render_mathematics("She pays $2 per egg and $3 for milk.") == "She pays $2 per egg and $3 for milk."
    assert "<math" not in render_mathematics('[asy] label("$x^2$"); [/asy]')


HOSTILE_FORMULAS = [
    r"\href{javascript:alert(1)}{x}",
    r"\text{<script>alert(1)</script>}",
    r"<img src=x onerror=alert(1)>",
    r"\class{x}{y}\style{background:url(http://evil)}{z}",
    "{" * 500,
    "\\frac" * 100,
    r"\color{red\" onload=\"x}{y}",
    "\x00\x1b]0;x\x07",
    "x_" * 290,
]


@pytest.mark.parametrize("formula", HOSTILE_FORMULAS)
def test_a_hostile_formula_is_text(formula):
    shown = str(render_mathematics(f"\\({formula}\\) end"))
    assert not re.search(r"<(?!/?m[a-z]+[ >])", shown)
    assert not re.search(r"<[^>]*(?:on\w+=|href|style=|src=)", shown)
    assert shown.endswith("end")


def test_output_of_the_converter_is_rebuilt_from_an_allow_list():
    made = str(mathml(r"\mathrm{\color{red}{x}}^2", False))
    assert "mathcolor" not in made
    assert "style=" not in made
