"""What is flagged, and what is not: a flag that fires on every plan tells a reviewer nothing."""

import json
from pathlib import Path

import pytest

from trace_of_thought.nodes.flags import find_flags, reference_key
from trace_of_thought.nodes.plan import Reply
from trace_of_thought.nodes.steps import parse_steps

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def kinds(text, question="What is 6 times 7?", reference=None, finish_reason="stop"):
    flags = find_flags(Reply(text, finish_reason), parse_steps(text), {"question": question, "reference": reference})
    return [(flag["kind"], flag["step"]) for flag in flags]


FLAGGED = [
    ("", "empty", None),
    ("I'm sorry, but I can't help with that.", "refusal", None),
    ("As an AI language model I must decline.", "refusal", None),
    ("Just multiply them.", "no_list", None),
    ("1. Multiply.", "too_few_steps", None),
    ("\n".join(f"{n}. Look." for n in range(1, 23)), "too_many_steps", None),
    ("1. Look.\n2. " + "Look closely. " * 700, "too_long", None),
    ("1. Multiply 6 by 7.\n2. The answer is 42.", "answer_in_steps", 1),
    ("1. 6 * 7 = 42.\n2. Say it.", "computed_result", 0),
    ("1. Multiply.\n2. Subtract 81.", "new_quantity", 1),
]


@pytest.mark.parametrize(("text", "kind", "step"), FLAGGED)
def test_a_fault_is_flagged_where_it_is(text, kind, step):
    assert (kind, step) in kinds(text, reference="42")


def test_a_reply_that_was_cut_is_flagged():
    assert ("truncated", None) in kinds("1. Multiply.\n2. Sta", finish_reason="length")


GOOD = [
    ("1. Find half of it.\n2. Multiply by 0.5 (1/2).", "What is half of 80?"),
    ("1. Multiply the price by 0.25.\n2. Subtract.", "A book costs $19.50 with a 25% discount. What was its price?"),
    ("1. Take 15 eggs.\n2. Divide by 12.", "Fifteen eggs: how many dozens?"),
    ("1. Use the result of step 14.\n2. See prompts 11 and 12.", "What is 6 times 7?"),
    ("1. There are 7 days in a week and 365 in a year.\n2. Multiply.", "How many eggs in a year at 3 a day?"),
    ("1. Write $x - 7$ as a sum.\n2. Note that $a = -7$.", "Simplify $x - 7 + 3$."),
    ("1. Take 5,000.\n2. Divide it.", "Split $5000 among 4 people."),
]


@pytest.mark.parametrize(("text", "question"), GOOD)
def test_a_plan_that_uses_what_the_question_has_is_not_flagged(text, question):
    assert kinds(text, question) == []


@pytest.mark.parametrize(
    ("reference", "key"), [("#### 42", "42"), ("The sum is \\boxed{1,200}.", "1200"), (None, None), (" ", None), ("x+1", "x+1")]
)
def test_the_reference_is_looked_for_in_its_plain_form(reference, key):
    assert reference_key(reference) == key


def test_a_hostile_reply_is_flagged_in_time():
    hostile = "1. " + "9" * 50_000 + " * " + "9" * 20_000 + "\n2. " + "6 * 7 " * 8_000
    assert ("too_long", None) in kinds(hostile, reference="42")


@pytest.mark.skipif(not DATA.exists(), reason="needs the recorded decompositions")
def test_of_real_plans_by_strong_teachers_few_are_flagged():
    rows = [json.loads(line) for line in (DATA / "recorded_decompositions.jsonl").open(encoding="utf-8")]
    flagged = sum(bool(kinds(row["decomposition"], row["question"])) for row in rows)
    assert 20 <= flagged <= 80  # of 800; before tuning 179
