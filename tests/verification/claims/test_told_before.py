"""What is told after the answer was given in the question's words is a remark, unless it corrects or repeats it."""

import pytest

from trace_of_thought.verification import verify_answer

PENCILS = "Ben has 3 boxes of 24 pencils and gives 20 pencils to his class. How many pencils does he have left?"
SAVED = "Tina picks 12 pounds at $2 after paying $6. The store takes $4 per pound. How much did she save compared to the store?"


@pytest.mark.parametrize(
    ("response", "question", "right"),
    [
        ("Ben has 52 pencils left. At the start there were 72 pencils.", PENCILS, "52"),
        ("At the start there were 72 pencils. Ben has 52 pencils left.", PENCILS, "52"),
        ("Ben has 50 pencils left. Wait, 72 - 20 = 52.", PENCILS, "52"),
        ("She saved $18. At the store she would have paid $48.", SAVED, "18"),
        ("Picking: 6 + 24 = $30. Store: 4 * 12 = $48. The saving is 48 - 30 = $18.", SAVED, "18"),
    ],
)
def test_a_remark_is_told_from_the_answer(response, question, right):
    assert verify_answer(response, right, question=question).status == "correct"
    assert verify_answer(response, "48" if question == SAVED else "72", question=question).status == "incorrect"


def test_another_name_of_the_asked_unit_counts():
    text = "2 hours are 120 minutes and half an hour is 30 minutes, so it is 150 min."
    assert verify_answer(text, "150", question="How many minutes are in 2.5 hours?").status == "correct"
    assert verify_answer(text, "120", question="How many minutes are in 2.5 hours?").status == "incorrect"
