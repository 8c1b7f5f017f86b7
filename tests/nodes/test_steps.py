import json
import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from trace_of_thought.nodes.steps import number_steps, parse_steps

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("1. Add 2 and 3.\n2. Double it.", ["Add 2 and 3.", "Double it."]),
        ("1) Add.\n2) Double.", ["Add.", "Double."]),
        ("(1) Add.\n(2) Double.", ["Add.", "Double."]),
        ("a. Add.\nb. Double.", ["Add.", "Double."]),
        ("- Add.\n- Double.", ["Add.", "Double."]),
        ("* Add.\n* Double.", ["Add.", "Double."]),
        ("Step 1: Add.\nStep 2: Double.", ["Add.", "Double."]),
        ("**Step 1: Add**\n\n**Step 2:** Double.", ["Add", "Double."]),
        ("### Step 1\nAdd.\n### Step 2\nDouble.", ["Add.", "Double."]),
        ("Here are the steps:\n\n1. Add.\n\n2. Double.\n\nGood luck!", ["Add.", "Double."]),
        ("1. Find $x$:\n   $$x^2 = 4$$\n2. Take the root.", ["Find $x$:\n   $$x^2 = 4$$", "Take the root."]),
        ("1. Add:\n\t* apples\n\t* pears\n2. Double.", ["Add:\n    * apples\n    * pears", "Double."]),
        ('["Add.", "Double."]', ["Add.", "Double."]),
        ('```json\n{"steps": [{"step": 1, "text": "Add."}, {"text": "Double."}]}\n```', ["Add.", "Double."]),
        ("1. Multiply by 1.5.\n2. Add 3. Then stop.", ["Multiply by 1.5.", "Add 3. Then stop."]),
        ("I cannot help with that.", []),
        ("", []),
        ("[1, 2", []),
    ],
)
def test_a_list_of_any_form_becomes_steps(text, steps):
    assert parse_steps(text) == steps


@given(st.lists(st.from_regex(r"[A-Z][a-z]{2,9} [a-z0-9]{1,9}\.", fullmatch=True), min_size=2, max_size=12))
def test_numbering_and_parsing_are_inverse(steps):
    assert parse_steps(number_steps(steps)) == steps


@given(st.text(max_size=400))
def test_no_text_breaks_the_parser(text):
    assert all(step.strip() for step in parse_steps(text))


def test_a_huge_hostile_reply_is_parsed_in_bounded_work():
    assert len(parse_steps("1. a\n" * 200_000)) < 30_000
    assert parse_steps("[" * 100_000) == []


PLANS = [json.loads(line) for line in Path(__file__).with_name("plans.jsonl").open(encoding="utf-8")]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["plan"][:30])
def test_labelled_plans_have_the_steps_that_a_reader_found(plan):
    assert parse_steps(plan["plan"]) == plan["steps"]


def test_real_decompositions_give_sensible_lists():
    file = DATA / "recorded_decompositions.jsonl"
    if not file.exists():
        pytest.skip("the recorded decompositions are not here")
    rows = [json.loads(line) for line in file.open()]
    for row in rows:
        steps = parse_steps(row["decomposition"])
        assert 2 <= len(steps) <= 20, row["decomposition"]
        for step in steps:
            assert not re.match(r"(?:\W*step \d+\b|\d+[.)]\s|here are)", step, re.I), step
            assert not step.startswith("Let me know")
    counts = {row["decomposition"]: re.findall(r"(?m)^(\d+)\. ", row["decomposition"]) for row in rows}
    numbered = {text: numbers for text, numbers in counts.items() if numbers == [str(n + 1) for n in range(len(numbers))]}
    agreeing = sum(len(parse_steps(text)) == len(numbers) for text, numbers in numbered.items() if numbers)
    assert agreeing >= 0.98 * sum(bool(numbers) for numbers in numbered.values())
