"""What stands beside the answer in the same reply: the compared quantities, the runner-up, the part before the sum."""

import pytest

from trace_of_thought.verification import verify_answer

MILES = "Shandy drove 450 miles and Matteo 220. How many miles farther did Shandy drive than Matteo?"
COUNTRY = "Which country has the largest area?\nA. Canada\nB. China\nC. Russia"
SECOND = "Which country has the second largest area?\nA. Canada\nB. China\nC. Russia"
TRIP = "A bus leaves at 9:50 AM and arrives at 1:15 PM. How long does the trip take?"
ROOT = r"For which values of $x$ is $\sqrt{2x-6}$ a real number?"
RIGHT = [
    ("So Shandy, with 450 miles, drove 230 miles farther than Matteo, who covered 220 miles.", "230", MILES),
    (r"The radicand must be non-negative: $2x-6 \geq 0$, hence $x \geq 3$.", r"x\ge 3", ROOT),
    ("Russia is the largest country by area. Canada comes second with 10 million.", "C", COUNTRY),
    ("Russia is the largest country, followed by Canada.", "C", COUNTRY),
    ("Russia is the largest country by area. Canada comes second.", "A", SECOND),
    ("From 9:50 AM to 1:00 PM is 3 h 10 min, plus 15 min makes 3 h 25 min.", "3 hours 25 minutes", TRIP),
]
WRONG = [
    ("So Shandy, with 450 miles, drove 230 miles farther than Matteo, who covered 220 miles.", "220", MILES),
    (r"The radicand must be non-negative: $2x-6 \geq 0$, hence $x \geq -3$.", r"x\ge 3", ROOT),
    ("Canada is the largest country by area. Russia comes second.", "C", COUNTRY),
    ("Russia is the largest country by area. Canada comes second.", "C", SECOND),
    ("From 9:50 AM to 1:00 PM is 3 h 10 min, plus 15 min makes 3 h 25 min.", "3 hours 10 minutes", TRIP),
    ("Sue takes 42 minutes, which is 12 minutes longer than Tom.", "12", "How many minutes does Sue take?"),
]


@pytest.mark.parametrize(("response", "reference", "question"), RIGHT)
def test_the_answer_is_told_from_what_stands_beside_it(response, reference, question):
    assert verify_answer(response, reference, question=question).status == "correct"


@pytest.mark.parametrize(("response", "reference", "question"), WRONG)
def test_what_stands_beside_the_answer_is_wrong(response, reference, question):
    assert verify_answer(response, reference, question=question).status == "incorrect"


BOOKS = "A shelf has 6 rows of 15 books. 22 books are lent out. How many books are left?"
FLOUR = "A bag holds 250 g of rice and twice as much flour less 150 g. How many grams of flour are there?"


@pytest.mark.parametrize(
    ("response", "question", "right", "wrong"),
    [
        ("68 books are lent. That is more than 22, so 22 are left.", BOOKS, "22", "68"),
        ("68 books are lent. So 22 are left.", BOOKS, "22", "68"),
        ("So there are 350 g of flour (600 g in total).", FLOUR, "350", "600"),
        (
            "There are 350 g of flour and 250 g of rice (so 600 g in all).",
            "How many grams does the bag hold in all?",
            "600",
            "350",
        ),
    ],
)
def test_what_a_remark_compares_or_sums_is_told_from_the_claim(response, question, right, wrong):
    assert verify_answer(response, right, question=question).status == "correct"
    assert verify_answer(response, wrong, question=question).status == "incorrect"
