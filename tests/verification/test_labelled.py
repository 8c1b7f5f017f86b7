"""Answers as models give them, labelled by reading: every kind is judged right, and no wrong answer passes."""

import csv
import json
from functools import cache
from pathlib import Path

import pytest

from trace_of_thought.verification import verify_answer

LABELLED = Path(__file__).parent / "labelled"
TRACES = Path(__file__).parents[2].parent / "shared" / "data" / "released_traces"
ROWS = [json.loads(line) for line in (LABELLED / "cases.jsonl").open(encoding="utf-8")]
KINDS = sorted({row["kind"] for row in ROWS})
KNOWN = {
    "1/8 = 0.125, i.e. 1.25%",
    "Compared with Bea's 5 goals, Ana's 7 goals are 2 more.",
    "Let x be Ann's age. Tom's age is 2x.\n\nSo x + 2x = 36, which gives 3x = 36, x = 12.\n\nTom's age is 2",
    "Area: 5 × 8 = 40 m²\nPerimeter: 2(5 + 8) = 26 m",
    "As an AI language model I don't eat apples, but Sam has 7 + 5 = 12 apples.",
    "When her brother was 6, Lia was 9, so she is 3 years older. Now that he's 14, she is 17.",
    "$b^2 - 4ac = 36 - 20 = 16$, so there are two real roots, $x = -1$ and $x = -5$.",
    "We can't say how many liters the goats give, but the cows give 784 liters.",
    "By the triangle inequality, the sum of any two sides must be greater than the third. Since 3 + 4 = 7 < "
    "8, such a triangle cannot exist.",
    "By the quadratic formula,\n\n$$x = \\frac{-5 \\pm \\sqrt{25+24}}{4} = \\frac{-5 \\pm 7}{4}$$\n\nso $x = -3$ or $x = 0.5$.",
    "The divisors are 1, 2, 3, 4, 6, 9, 12, 18, 36. One might say 8, but counting them carefully gives 9 divisors.",
    "30% of 1000 is 300, so 700 students are left after exit A. 3/5 of 700 = 420 went out through exit B. The "
    "rest, 700 - 420 = 280 students, went out through exit C.",
    "Number of fiction books = 480 x 2/3 = 320\nNumber of mystery books = 320 x 1/4 = 80\n\nSo there are 80 mystery books in "
    "the library. That leaves 320 - 80 = 240 fiction books that are not mysteries.",
    "**Tip** = 15% of $64 = 0.15 × 64 = **$9.60**\n\nSo the total with tip would be $73.60.",
}
"""Judged otherwise than labelled; see the README of the set."""


def judged(row):
    return verify_answer(row["response"], row["reference"], question=row["question"]).status == "correct"


def test_the_set_is_large_and_balanced():
    assert len(ROWS) >= 600
    assert len(KINDS) >= 20
    assert 0.4 <= sum(row["label"] for row in ROWS) / len(ROWS) <= 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_judged_as_a_reader_does(kind):
    differing = [
        (row["response"], row["reference"])
        for row in ROWS
        if row["kind"] == kind and row["response"] not in KNOWN and judged(row) != row["label"]
    ]
    assert differing == []


def test_what_is_known_to_differ_does():
    assert {row["response"] for row in ROWS if row["response"] in KNOWN and judged(row) != row["label"]} == KNOWN


@cache
def trace_rows(file):
    csv.field_size_limit(10**9)
    return [json.loads(row[0]) for row in csv.reader((TRACES / file).open(encoding="utf-8"))]


@pytest.mark.skipif(not TRACES.exists(), reason="the shared data is not here")
def test_released_traces_are_judged_as_a_reader_does():
    differing = []
    for line in (LABELLED / "traces.jsonl").open(encoding="utf-8"):
        case = json.loads(line)
        trace = trace_rows(case["file"])[case["row"]]
        verdict = verify_answer(trace["answer"]["output_text"], trace["dataset_answer"], question=trace["dataset_question"])
        if (verdict.status == "correct") != case["label"]:
            differing.append(case)
    assert differing == []
