import json
from dataclasses import asdict
from pathlib import Path

import pytest

from trace_of_thought.verification import answers_equal, check_solution, error_causes, extract_answer, verify_answer

DATA = Path(__file__).parents[2].parent / "shared" / "data"

RIGHT = [
    ("Rosie can run a total of 30 miles + 20 miles = 50 miles in 7 hours.", "50", "How many miles can she run in 7 hours?"),
    ("So it takes 95 minutes (1 hour and 35 minutes).", "95", "How many minutes does it take?"),
    ("In summary, it takes 1 hour and 35 minutes.", "95", "How long will it take?"),
    ("The answer is 12.\nWait, I made a mistake. It should be 14.", "14", None),
    ("So the cost is **\\$1430**.", "1430", "What does it cost?"),
    ("Therefore, Harald sold 8,000 copies.\n\nThat's it!", "8000", "How many copies did Harald sell?"),
    (
        "The domain is $(-\\infty, -\\frac12) \\cup (-\\frac12, \\infty)$.",
        "\\left(-\\infty,-\\frac 12\\right)\\cup \\left(-\\frac 12,\\infty\\right)",
        None,
    ),
    ("The solution is the ordered pair (15, -11).", "(15,-11)", None),
    ("So the interval is (-oo, 0).", "(-\\infty,0)", None),
    ("Answer: {3, 1, 2}", "\\{1, 2, 3\\}", None),
    ("The sum is $7 \\frac{1}{2}$.", "\\frac{15}{2}", None),
    ("So there are three apples.", "3", "How many apples are there?"),
    ("Answer: 60%", "60", "What percentage is left?"),
    ("Answer: y + x", "x+y", None),
    ("So x = 2 or x = -3.", "2,-3", "Find all solutions."),
    ("The ratio is 3:4.", "3:4", None),
    ("Answer: 10 cm^2", "10", None),
    (
        "Therefore, the fastest is Evelyn, who ran 4.5 units in 4.5 minutes.",
        "\\text{Evelyn}",
        "Who was fastest, Evelyn or Angela?",
    ),
    ("He makes 9 * 2 = $<<9*2=18>>18.\nA: 18", "She makes $18.\n#### 18", None),
]
WRONG = [
    ("So the value is $5^5$.", "3125", None),
    ("\\boxed{\\int_0^{42} 1\\,dx}", "42", None),
    ("The answer is $x + 1$.", "2", None),
    ("Answer: 2x", "2", None),
    ("So the ratio is 3:5.", "3:4", None),
    ("So x = 2 or x = -3.", "2", "Find x."),
    ("So, the simplified expression is 20 + 6i.", "20", None),
    ("So, the simplified form is 3x^2 + 5.", "3", None),
    ("The result is 42.0000004.", "42", None),
    ("Answer: 5 or 6", "5", None),
    ("40 are boys, 160 are girls, so 80 girls are not in the scout.", "40", "How many girls are not in the girl scout?"),
    ("The answer is: $(x+1)(x+2)$.", "x^2+3x+2", "Expand $(x+1)(x+2)$."),
]


@pytest.mark.parametrize(("response", "reference", "question"), RIGHT)
def test_right_answers_in_free_form(response, reference, question):
    assert verify_answer(response, reference, question=question).status == "correct"


@pytest.mark.parametrize(("response", "reference", "question"), WRONG)
def test_what_only_looks_right_is_wrong(response, reference, question):
    assert verify_answer(response, reference, question=question).status == "incorrect"


def test_verdict_tells_how_the_answer_was_found_and_is_plain():
    verdict = verify_answer("6 * 3 = 18\nAnswer: 18", "#### 18")
    assert asdict(verdict) == {
        "status": "correct",
        "answer": "18",
        "source": "final_line",
        "strict": True,
        "reference": "18",
        "sentence": "18",
        "losers": (),
    }
    assert json.loads(json.dumps(asdict(verdict)))["answer"] == "18"


def test_a_verdict_tells_its_sentence_and_the_candidates_that_lost():
    verdict = verify_answer(
        "There are 12 boys.\nSo there are 20 children, of whom 8 are girls.", "20", question="How many children?"
    )
    assert verdict.sentence == "So there are 20 children, of whom 8 are girls."
    assert "8" in {loser.answer for loser in verdict.losers}
    explained = verify_answer("There are 12 boys.\nAnswer: 20", "20", explain=True)
    assert [(loser.answer, loser.sentence) for loser in explained.losers] == [("12", "There are 12 boys.")]


def test_right_answer_in_another_format_is_not_strictly_right():
    assert verify_answer("So she has 18 eggs.", "18").strict is False


def test_no_answer_and_bad_reference_are_told_apart():
    assert verify_answer("", "3").status == "no_answer"
    assert verify_answer("Answer: I don't know", "3").status == "no_answer"
    assert verify_answer("Answer: x^2", "\\frac{").status == "bad_reference"
    for missing in ("NaN", "n/a", "null"):
        assert verify_answer("Answer: NaN", missing).status == "bad_reference"


def test_without_reference_the_own_arithmetic_decides():
    assert verify_answer("3 * 4 = 13\nAnswer: 13", None).status == "inconsistent"
    assert verify_answer("3 * 4 = 12\nAnswer: 12", None).status == "consistent"


def test_extraction_never_sees_a_reference():
    assert extract_answer("She bought 4 boxes, so she paid $12.", question="How much did she pay?").answer == "$12"
    assert extract_answer("I cannot help with that.") is None


@pytest.mark.parametrize(
    ("a", "b"), [("1/2", "0.5"), ("$18.00", "18"), ("50%", "0.5"), ("x+1", "1+x"), ("\\frac{6}{4}", "1 1/2")]
)
def test_equal_answers_vote_together(a, b):
    assert answers_equal(a, b)
    assert not answers_equal(a, "7")


def test_causes_of_an_error():
    solution = "She has 3 * 4 = 13 eggs."
    verdict, check = verify_answer(solution, "12"), check_solution(solution)
    assert error_causes(verdict, check) == ["arithmetic_slip", "format"]


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")
def test_hard_cases_labelled_by_reading():
    rows = [json.loads(line) for line in (DATA / "answer_verification_dev.jsonl").open()]
    got = [verify_answer(row["response"], row["gold"], question=row["question"]).status == "correct" for row in rows]
    labels = [row["label"] for row in rows]
    right = sum(a == b for a, b in zip(got, labels, strict=True))
    assert right / len(rows) >= 0.95
    assert sum(a and b for a, b in zip(got, labels, strict=True)) / sum(got) >= 0.95


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")
def test_labelled_gsm8k_solutions():
    rows = [json.loads(line) for line in (DATA / "gsm8k_labelled_solutions.jsonl").open()]
    right = sum(
        (verify_answer(r["solution"], r["reference"], question=r["question"]).status == "correct") == r["is_correct"]
        for r in rows
    )
    assert right / len(rows) >= 0.995
