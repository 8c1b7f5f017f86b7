"""What is flagged, and what is not: a flag that fires on every plan tells a reviewer nothing."""

import json
from pathlib import Path

import pytest

from trace_of_thought.foundation.samples import SAMPLE
from trace_of_thought.nodes.asking.driver import Reply
from trace_of_thought.nodes.flags import FLAG_KINDS, MAX_STEP_CHARACTERS, MAX_STEPS, find_flags, reference_key
from trace_of_thought.nodes.steps import number_steps, parse_steps

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


@pytest.mark.parametrize(
    "hidden",
    ["\u202e", "\u200b", "\U000e0041", "\x1b[2J", "\0", "\u00ad", "\ufeff", "\u2066", "\U000e0101", "\u3164", "a\u200d"],
)
def test_hidden_text_is_flagged_where_it_is(hidden):
    text = f"1. Multiply 6 by 7.\n2. State the{hidden} product."
    assert ("hidden_characters", 1) in kinds(text)
    assert ("hidden_characters", None) in kinds(f"Just {hidden} multiply.")


def test_characters_that_show_are_not_flagged():
    text = "1. Añade 6 × 7 → “ok” 👨‍👩‍👧 ❤️ שלום.\n2. Tab\there."
    assert "hidden_characters" not in [kind for kind, _ in kinds(text)]


def test_a_reply_that_is_too_long_is_cut_and_flagged():
    text = "1. Look.\n2. " + "x" * 100_000
    assert ("truncated", None) in kinds(text)
    assert sum(map(len, parse_steps(text))) < 100_000
    assert ("truncated", None) not in kinds("1. Look.\n2. " + "x" * 90_000)


LEAKS = [
    ("Write down 42.", "What is 6 times 7?", "42"),
    ("The total is $1,200.", "What is 30 times 40?", "The sum is \\boxed{1,200}."),
    ("It comes to 0.5.", "What is 3 divided by 6?", "1/2"),
    ("So $y = -7$.", "Solve 2y + 14 = 0.", "-7"),
    ("Arrive at $\\frac{ x }{ 2 }$.", "Halve x.", "\\frac{x}{2}"),
    ("Say yes.", "Is 7 prime?", "yes"),
]


@pytest.mark.parametrize(("step", "question", "reference"), LEAKS)
def test_an_answer_in_a_step_is_a_leak(step, question, reference):
    found = kinds(f"1. Look closely.\n2. {step}", question, reference)
    assert [place for kind, place in found if kind == "answer_in_steps"] == [1]
    assert "answer_in_steps" not in dict(kinds(f"1. Look closely.\n2. {step}", question, None))


@pytest.mark.parametrize(
    ("step", "question", "reference"),
    [
        ("Take the 6.", "What is 6 times 1?", "6"),
        ("See step 42.", "What is 6 times 7?", "42"),
        ("Add the two numbers.", "What is 1 plus 1?", "2"),
        ("Read $x_{42}$.", "What is 6 times 7?", "42"),
        ("Write 420 and 4.2.", "What is 6 times 7?", "42"),
        ("Double $\\frac{x}{2}$.", "Simplify $\\frac{ x }{ 2 }$.", "\\frac{x}{2}"),
        ("Note what you know.", "Is 6 prime?", "no"),
    ],
)
def test_what_the_question_says_or_only_looks_like_the_answer_is_no_leak(step, question, reference):
    assert "answer_in_steps" not in dict(kinds(f"1. Look closely.\n2. {step}", question, reference))


@pytest.mark.parametrize(("step", "computed"), [("6 * 7 = 42", True), ("6 × 7 is 42", True), ("6 * 2 = 12", False)])
def test_a_computed_result_is_one_that_the_question_lacks(step, computed):
    assert (
        "computed_result" in dict(kinds(f"1. Look.\n2. {step}.", "What are 6 times 7 and 6 times 2, is it 12?"))
    ) is computed


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        (["Look."] * 20, None),
        (["Look."] * 21, "too_many_steps"),
        (["x" * 4000] * 2, None),
        (["x" * 4000, "x" * 4001], "too_long"),
        (["I'm sorry, I can't help with that.", "Look."], None),
    ],
)
def test_the_limits_are_those_that_the_meanings_name(steps, kind):
    text = number_steps(steps)
    assert [found for found, _ in kinds(text)] == ([kind] if kind else [])
    assert str(MAX_STEPS) in FLAG_KINDS["too_many_steps"]
    assert f"{MAX_STEP_CHARACTERS:,}" in FLAG_KINDS["too_long"]


def test_new_quantities_are_listed_once_without_what_other_flags_say():
    reply = Reply("1. Look.\n2. Take 71, 72, 71, 42, 1,500, 73, 74 and 75.")
    flags = find_flags(reply, parse_steps(reply.text), {"question": "What is 6 times 7?", "reference": "42"})
    assert [(flag["kind"], flag["detail"], flag["step"]) for flag in flags] == [
        ("answer_in_steps", "42", 1),
        ("new_quantity", "71, 72, 1,500, 73, 74", 1),
    ]


GOOD = [
    ("1. Take 0.8 of it.\n2. Take 1.2 of it; then 80 and 120 hundredths.", "What is 20% of 45?"),
    ("1. Use 1.5 dozen, 18.\n2. Count.", "Eighteen eggs: how many dozens is 1.5?"),
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


PLANS = [json.loads(line) for line in Path(__file__).with_name("plans.jsonl").open(encoding="utf-8")]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["plan"][:30])
def test_labelled_plans_have_the_flags_that_a_reader_gave_them(plan):
    found = {kind for kind, _ in kinds(plan["plan"], plan["question"], plan["reference"])}
    assert found == set(plan["flags"])


def test_no_plan_of_the_bundled_sample_is_flagged():
    rows = [json.loads(line) for line in SAMPLE.open(encoding="utf-8")]
    assert len(rows) == 40
    assert [row["problem_id"] for row in rows if kinds(row["decomposition"], row["question"], row["reference"])] == []


@pytest.mark.skipif(not DATA.exists(), reason="needs the recorded decompositions")
def test_of_real_plans_by_strong_teachers_few_are_flagged():
    rows = [json.loads(line) for line in (DATA / "recorded_decompositions.jsonl").open(encoding="utf-8")]
    flagged = sum(bool(kinds(row["decomposition"], row["question"])) for row in rows)
    assert 20 <= flagged <= 80  # of 800; before tuning 179
