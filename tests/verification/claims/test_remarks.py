"""An answer line may add a remark or another form of its value; a different value in it is no form of the answer."""

import pytest

from trace_of_thought.verification import verify_answer

RIGHT = [
    ("12 (twelve)", "12"),
    ("twelve (12)", "12"),
    ("12 (12.0)", "12"),
    ("$12 (rounded)", "12"),
    ("12, not 13", "12"),
    ("[12]", "12"),
    ("[12]", "[12]"),
    ("0.5 (or 1/2)", "1/2"),
    ("1/2 (50%)", "50%"),
    ("12 (5 + 7)", "12"),
    ("90 minutes (1.5 hours)", "1.5 hours"),
]
WRONG = [
    ("12 (13)", "12"),
    ("12 (13)", "13"),
    ("12 (thirteen)", "12"),
    ("13, not 12", "12"),
    ("[12, 13]", "12"),
    ("12 (wrong)", "12"),
    ("12 (million)", "12"),
    ("13 (5 + 7)", "12"),
    ("5 apples (12 pears)", "12"),
    ("80 minutes (1.5 hours)", "1.5 hours"),
]


@pytest.mark.parametrize("form", ["Answer: {}", "**Answer:** {}", "So 5 + 7 is it.\nFinal answer: {}"])
@pytest.mark.parametrize(("line", "reference"), RIGHT)
def test_a_value_with_its_other_form_is_right(form, line, reference):
    assert verify_answer(form.format(line), reference).status == "correct"


@pytest.mark.parametrize("form", ["Answer: {}", "**Answer:** {}", "So 5 + 7 is it.\nFinal answer: {}"])
@pytest.mark.parametrize(("line", "reference"), WRONG)
def test_a_different_value_in_the_remark_is_wrong(form, line, reference):
    assert verify_answer(form.format(line), reference).status != "correct"


@pytest.mark.parametrize(
    ("question", "reference", "right"),
    [
        ("How much do the three pay in total?", "12", True),
        ("How much do the three pay in total?", "4", False),
        ("How much does each pay?", "4", True),
        ("How much does each pay?", "12", False),
    ],
)
def test_a_share_of_a_sum_is_no_other_form_of_it(question, reference, right):
    response = "They pay $12 in total, which is $4 each."
    assert (verify_answer(response, reference, question=question).status == "correct") is right
