"""A reply may find several solutions and choose one of them."""

import pytest

from trace_of_thought.verification import verify_answer

QUESTION = "Solve for positive x: x^2 = 9."


@pytest.mark.parametrize(
    "response",
    [
        "x = 3 or x = -3; since x is positive, x = 3.",
        "So x = 3 or x = -3, and only x = 3 is positive.",
        "x = -3 or x = 3, but x > 0, so x = 3.",
    ],
)
def test_the_chosen_solution_is_the_claim(response):
    assert verify_answer(response, "3", question=QUESTION).status == "correct"
    assert verify_answer(response, "-3", question=QUESTION).status == "incorrect"
    assert verify_answer(response, "3, -3", question="Solve x^2 = 9.").status == "incorrect"


def test_without_a_choice_all_solutions_are_the_claim():
    assert verify_answer("So x = 3 or x = -3.", "3, -3", question="Solve x^2 = 9.").status == "correct"
    assert verify_answer("So x = 3 or x = -3.", "3", question=QUESTION).status == "incorrect"
