"""Two values that "or" joins are forms of one answer only if they can be equal."""

import pytest

from trace_of_thought.verification import verify_answer
from trace_of_thought.verification.equivalence.restating import may_be_same

SAME = [
    ("0.75", "3/4"),
    ("95 minutes", "1 hour and 35 minutes"),
    ("9\\pi", "about 28.27"),
    ("$0.5", "50 cents"),
    ("7:30 pm", "19:30"),
    ("2/3", "about 67%"),
    ("$10", "25%"),
    ("5 boxes", "60 pencils"),
    ("5 km", "about 3.1 miles"),
    ("60 kg", "about 132 pounds"),
    ("12", "one dozen"),
]
DIFFERENT = [
    ("12", "13"),
    ("12 apples", "13 apples"),
    ("12 apples", "13"),
    ("9", "about 10"),
    ("30%", "40%"),
    ("1/2", "3/4"),
    ("2\\sqrt{3}", "3\\sqrt{2}"),
    ("7:30 pm", "8:30 pm"),
    ("3 weeks", "22 days"),
    ("16\\pi", "about 60.27"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_forms_of_one_answer_may_be_the_same(one, other):
    assert may_be_same(one, other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_values_are_not_the_same(one, other):
    assert not may_be_same(one, other)


@pytest.mark.parametrize("reference", ["12", "13"])
def test_two_values_without_a_decision_are_wrong(reference):
    assert verify_answer("The answer is 12 or 13.", reference).status == "incorrect"
    assert verify_answer("The answer is not 12 or 13.", reference).status != "correct"


def test_a_list_of_solutions_is_right_where_the_reference_lists_them():
    assert verify_answer("Answer: 5 or -3", "5, -3").status == "correct"
    assert verify_answer("Answer: x = 5 or x = -3", "x = 5 or x = -3").status == "correct"
    assert verify_answer("Answer: 5 or -3", "5").status == "incorrect"
