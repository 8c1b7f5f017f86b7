"""Patterns of conclusions in which a value beside the claim used to be taken for it; each with what it must not turn into."""

import pytest

from trace_of_thought.verification import extract_answer, verify_answer

ECHOES = [
    'Finish with one line of the form "Answer: ..." that holds only the final answer.',
    '1. Count the eggs.\n2. Finish with one line of the form "Answer: ..." that holds only the final answer.',
    "Please put your final answer within \\boxed{}.",
    "Answer: <number>",
    "Answer: [your answer]",
    "Answer: \\boxed{}",
    "The final answer is: \\boxed{answer}",
]


@pytest.mark.parametrize("response", ECHOES)
def test_echoed_instruction_claims_nothing(response):
    assert verify_answer(response, "1").status == "no_answer"


def test_echo_after_a_conclusion_leaves_the_conclusion():
    response = 'So the hens lay 14 eggs.\nFinish with one line of the form "Answer: ..." that holds only the final answer.'
    assert extract_answer(response).answer == "14"
    assert extract_answer("So the hens lay 14 eggs.\nAnswer: <number>").answer == "14"


CLAIMS = {
    "called the answer": (
        "Ada's rope is three times as long as Ben's. 3 * 5 = 15, which is the answer.",
        "How long is Ada's rope?",
        "15",
        "3",
    ),
    "a check": (
        "So Ines has 40 shells.\nLet's check our answer: Tom has twice as many, so Tom has 2 * 40 = 80 shells.",
        "How many shells does Ines have?",
        "40",
        "80",
    ),
    "a confirmation by other numbers": (
        "Loser's points: 90 - 54 = 36\nWe can confirm this by the shares:\nLoser's share = 36 / 90 * 100% = 40%",
        "How many points did the loser get?",
        "36",
        "40",
    ),
    "another way": (
        "The total paid is 500 + 350 = $850\nAlternatively, you could have found the new fee first: 70 - 7 = $63.",
        "How much was paid in total?",
        "850",
        "63",
    ),
    "what was found, without a value": (
        "Add both parts: 18 km (step 2) + 12 km (step 3): 30 km.\nNow you know how many km she cycles in 5 hours.",
        "How many km does she cycle in 5 hours?",
        "30",
        "5",
    ),
    "work in parentheses": ("The number of seats that are taken is 33 (50 - 17).", "How many seats are taken?", "33", "17"),
    "an apostrophe": ("Thus, it's 30% more likely to rain than to snow.", "How much more likely, in percent?", "30", "3"),
    "a dash": (
        "Therefore, the answer is:\nThe wooden frame - $45\nSo he should buy the frame with the $80 voucher.",
        "How much does the frame cost?",
        "45",
        "80",
    ),
    "a clause of time": (
        "Therefore, there were 12 litres of paint left after the painter used 9 litres of paint.",
        "How many litres of paint were left? A painter used 9 litres.",
        "12",
        "9",
    ),
    "a rate": ("Dividing $480 by $60 per week, we find that he needs 8 weeks.", "How many weeks does he need?", "8", "60"),
    "a part of a whole": ("Thus 11 of the first 30 plants are alive after 19 died.", "How many plants are alive?", "11", "30"),
    "a comparison": (
        "She saves $25 compared with the price of $100, and pays $75.",
        "How much does she pay?",
        "75",
        "100",
    ),
    "operations in words": (
        "She got $30 from tea and $60 from cake; the total of $90 minus the rent of $15 means she made $75.",
        "How much money did she make?",
        "75",
        "90",
    ),
    "a share that is worked out": ("His fee is 4% of $700, which amounts to $28.", "What is his fee?", "28", "4"),
    "what follows from it": (
        "The rebate is $15, making the final price $45.",
        "What is the final price in dollars?",
        "45",
        "15",
    ),
    "a supposition": ("a = 21\nNote: we took whole years. If Lea were 9, Ben would be 27.", "How old is Ben?", "21", "27"),
    "an aside": ("Area = 54 square meters. The perimeter, by the way, is 30 meters.", "What is the area?", "54", "30"),
    "an explanation": (
        "Kofi owns a total of 28 stamps.\n\nExplanation:\nEach page holds 7 stamps, and there are 4 pages.",
        "How many stamps does Kofi own?",
        "28",
        "4",
    ),
    "someone else": (
        "Therefore, Rosa is 31 years old, Emil is 12 years old, and Jan is 19 years old.",
        "Rosa is older than Emil. How old is Jan?",
        "19",
        "31",
    ),
    "a quoted question": (
        'The answer to the question "How much is a bag after 24 months if it rises by 30%?" is $65.',
        "How much is a bag after 24 months if it rises by 30%?",
        "65",
        "30",
    ),
    "a result in the middle": (
        "The result is: 40\nMake it positive (step 4).\nThe positive difference between 40 and 52 is 12.",
        "What is the positive difference between 40 and 52?",
        "12",
        "40",
    ),
    "parts of a sum in words": (
        "The total amount Rita makes is 1500 cents from Shop A + 4000 cents from Shop B = 5500 cents.",
        "Shop A pays Rita 5 cents. How much does Rita make, in cents?",
        "5500",
        "1500",
    ),
    "what should be": ("He should walk 9 km but walked only 7 km.", "How many km did he walk?", "7", "9"),
    "another group of the whole": (
        "There are 13 cellists and 12 oboists in the group of 25 players.",
        "How many players are oboists?",
        "12",
        "25",
    ),
    "containers": ("So, there are 4 tanks with 6 fish in each tank.", "How many fish are in each tank?", "6", "4"),
    "a count of solutions": ("There are three solutions: x = 0, x = 2, and x = -2.", "How many solutions are there?", "3", "2"),
}


@pytest.mark.parametrize(("response", "question", "claimed", "mentioned"), CLAIMS.values(), ids=CLAIMS.keys())
def test_claim_stands_beside(response, question, claimed, mentioned):
    assert verify_answer(response, claimed, question=question).status == "correct"
    assert verify_answer(response, mentioned, question=question).status == "incorrect"


FORMS = [
    ("So the train arrives at 9:45 AM.", "At what time does the train arrive?", "9:45", "45"),
    ("So his change is 3 dollars and 25 cents.", "How much change does he get?", "3.25", "3"),
    ("The domain is all real numbers except x = 4.", "What is the domain?", "(-\\infty,4)\\cup(4,\\infty)", "(-\\infty,4)"),
    ("The range is all real numbers greater than or equal to 2.", "What is the range?", "[2,\\infty)", "(2,\\infty)"),
    ("Dividing both sides, we obtain x ≥ 6.", "Solve the inequality.", "x \\geq 6", "x > 6"),
    ("P = \\frac{4}{24} = \\frac{1}{6} \\approx 0.167", "What is the probability?", "\\frac16", "4"),
    ("The simplified form is 5i.", "Simplify $\\sqrt{-25}$.", "5i", "5"),
    ("The correct option is (C).", "Which option is right?", "C", "B"),
    ("Starting on Monday, after 3 days he ends on Thursday.", "On which day does he end?", "Thursday", "Monday"),
    ("### Final Answer\n\n**72 seats** 🎉", "How many seats are there?", "72", "27"),
]


@pytest.mark.parametrize(("response", "question", "right", "wrong"), FORMS)
def test_form_of_an_answer_is_read(response, question, right, wrong):
    assert verify_answer(response, right, question=question).status == "correct"
    assert verify_answer(response, wrong, question=question).status == "incorrect"


GIVEN_UP = [
    "I'm not sure. Without the size of the boxes we cannot tell whether there are 42 cards.",
    "I apologize, but I cannot provide an answer to this question. 6 x 7 = 42 would be a guess.",
    "As an AI language model, I don't have access to the 42 cards, so I can't count them.",
]


@pytest.mark.parametrize("response", GIVEN_UP)
def test_refusal_with_a_number_is_no_answer(response):
    assert verify_answer(response, "42", question="How many cards are there?").status == "no_answer"


def test_division_left_to_do_is_no_whole_number():
    assert verify_answer("So he needs 600/50 weeks.", "12", question="How many weeks does he need?").status == "incorrect"
    assert verify_answer("Answer: 5/6", "5/6").status == "correct"


def test_symbol_between_digits_does_not_join_them():
    assert verify_answer("So 1✓7/23 is left.", "17/23").status == "incorrect"


@pytest.mark.parametrize("response", ["A=1`7/23", "Answer: 1`7/23", "Answer: 1<<x>>7/23", "Answer: 1``<<x>>`7/23"])
def test_what_is_dropped_between_digits_does_not_join_them(response):
    assert verify_answer(response, "17/23").status != "correct"
    assert verify_answer("So it is `17`/23.\nAnswer: `17/23`", "17/23").status == "correct"


CUT = [
    "1. ... = 60 cents.\n3. She makes a total of",
    "1. Three dimes are 30 cents.\n2. Nickels: 30 + 30 = 60 cents.\n**3.** She makes a total of",
    "1. Three dimes are 30 cents.\n\t* 0.10 each\n2. Nickels are 30 cents.\n3.",
    "1. Three dimes are 30 cents.\n2. To find the total we multiply 3",
    "3 * 10 = 30\nNickels: 3\nTotal:",
    "She has dimes.\n```python\ndimes = 10\nnickels = 3",
]


@pytest.mark.parametrize("response", CUT)
def test_what_breaks_off_claims_neither_the_marker_of_its_item_nor_a_number_on_the_way(response):
    assert verify_answer(response, "3", question="How many cents does she make?").status != "correct"
