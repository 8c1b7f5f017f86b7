"""Ways of stating, restating, correcting and withholding an answer, each with a reference that it does or does not meet."""

import pytest

from trace_of_thought.verification import verify_answer

CAPITAL = "What is the capital of France?\nA. Lyon\nB. Paris\nC. Nice"
RIGHT = [
    ("So the bag lasts 18 days. One might think it lasts 20 days, forgetting the leak.", "18", "How many days does it last?"),
    ("It lasts 18 days. A common mistake is to answer 20 days.", "18", "How many days does it last?"),
    ("She should earn $80, but she earns $70.", "70", "What does she earn?"),
    ("7 * 2 = 14. That's our final answer. It took 3 steps.", "14", "How many?"),
    ("12 of the 28 students are girls.", "12", "How many girls are there?"),
    ("It grew from 4 cm to 12 cm, that is 8 cm.", "8", "How much did it grow?"),
    ("There are $2$ solutions of $x^2 - 9 = 0$.", "2", "How many solutions are there if $x^2 = 9$?"),
    (
        "Therefore, Jessica would pay $30,000 if she wants to pay 50% more than the minimum.",
        "30000",
        "How much does she pay in a year?",
    ),
    ("30 days after March 1, 2024 is March 31, 2024.", "March 31, 2024", "Which day is 30 days after March 1, 2024?"),
    ("It falls on the 5th of May.", "May 5", "When is it?"),
    ("The primes are 2 and 11.", "2, 11", "Which numbers are prime: 2, 4, 9, 11?"),
    ("The costs are 4, 8, and 12, so the total costs are 24.", "24", "What are the total costs?"),
    ("The price of the hat is $12. The price of the coat is $40.", "12", "How much is the hat?"),
    ("The price of the hat is $12. The price of the coat is $40.", "40", "How much is the coat?"),
    ("The price of the hat is $12. The price of everything is $52.", "52", "How much do the hat and the coat cost together?"),
    ("While Lyon is a big city, the capital is Paris.", "B", CAPITAL),
    ("A. Lyon\nB. Paris\nC. Nice\n\nThe capital of France is Paris.", "B", CAPITAL),
    ("B. Paris\n\nA. Lyon is incorrect because it is not the capital.\nC. Nice is incorrect.", "B", CAPITAL),
    ("B. Paris\n\nA. Lyon lies on the Rhone.\nC. Nice is at the sea.", "B", CAPITAL),
    ("She does not have enough.", "no", "Does she have enough if bread costs $5?"),
    ("47 divided by 6 is 7 remainder 5.", "7 R 5", "What is 47 divided by 6, with remainder?"),
    ("Answer: 42\n\nSorry for the long explanation! If you have 3 more questions, ask.", "42", "How many are there?"),
    (
        "Adding everything, 4 crates of 12 bottles give Omar 48 bottles by Friday.",
        "48",
        "How many bottles does Omar have by Friday?",
    ),
    (
        "So over the 6 days the bakery sold 210 loaves, which is 35 loaves on each day.",
        "35",
        "How many loaves did the bakery sell per day on average?",
    ),
    ("Answer: 4% of $60,000/year = 0.04 * $60,000 = $2,400", "2400", "What is her annual bonus?"),
    ("The hike took 2.5 hours, or 150 minutes.", "150", "How many minutes did the hike take?"),
    ("Thus the ribbon is 3 m long, i.e. 300 cm.", "300", "How long is the ribbon in centimetres?"),
    ("Priya is left with **$47.50** after the trip.", "47.5", "How much money does Priya have left?"),
    ("Total: 3 x $14 + $9 = $51. Then a $5 coupon brings it to $46.", "46", "How much does he pay in the end?"),
    ("Each ticket was 75 cents, so 8 tickets cost $6.", "6", "How many dollars did the 8 tickets cost?"),
    ("Answer: 34\n\nHold on, I forgot the return journey. Doubling gives 68.\nAnswer: 68", "68", None),
    ("The answer is 21. Oops, that counts the owner twice, so the correct number is 20.", "20", "How many people were there?"),
    (
        "So there are 18 goats on the farm.\n\nCheck: 18 + 24 = 42, and 42 animals were given.",
        "18",
        "There are 42 animals, 24 of them sheep. How many goats are on the farm?",
    ),
    ("x = 7. To verify, 3(7) - 1 = 20, which matches the right-hand side 20.", "7", "Solve $3x - 1 = 20$ for $x$."),
    (
        "Therefore Mei needs 9 more stickers.\n\nLet me know if you want to see another method, or 2 more examples!",
        "9",
        "How many more stickers does Mei need?",
    ),
    ("The total is 64 pages.\n\nI hope this helps! If you have 1 more question, ask away.", "64", "How many pages in total?"),
    ("So he has to make two dozen sandwiches, that is twenty-four.", "24", "How many sandwiches must he make?"),
    ("In the end, none of the balloons are left, so the answer is zero.", "0", "How many balloons are left?"),
    ("Therefore, a hundred and five seats are taken.", "105", "How many seats are taken?"),
    ("The discount comes to a quarter of the price, which is 25%.", "25", "What percent is the discount?"),
    ("The price rose from $40 to $50, an increase of $10, or 25%.", "25", "By what percentage did the price rise?"),
    ("The price rose from $40 to $50, an increase of 25%, or $10.", "10", "By how many dollars did the price rise?"),
    ("Simplifying, the probability is 6/16 = 3/8.", "\\frac{3}{8}", "What is the probability?"),
    ("The recipe needs 2 1/4 cups of flour.", "2.25", "How many cups of flour are needed?"),
    ("The slope is negative three halves, that is $-\\frac{3}{2}$.", "-\\frac{3}{2}", "What is the slope?"),
    ("The lines meet at x = 4 and y = -1, so the point is (4, -1).", "(4,-1)", "Where do the lines meet?"),
    ("Hence the function is defined for all x >= 5, so the domain is [5, infinity).", "[5,\\infty)", "What is the domain?"),
    ("The solution is -2 < x <= 3, i.e. (-2, 3].", "(-2,3]", "Solve the inequality, in interval notation."),
    ("The distance is sqrt(72) = 6*sqrt(2) units.", "6\\sqrt{2}", "Find the distance."),
    ("The diagonal has length $6\\sqrt2$, about 8.49.", "6\\sqrt{2}", "Find the exact length of the diagonal."),
    ("After collecting terms we get $2x^2 - 5x + 3$.", "3 - 5x + 2x^2", "Expand the product."),
    ("The factored form is $(2x-3)(x-1)$.", "(x-1)(2x-3)", "Factor $2x^2-5x+3$."),
    (
        "First he buys 7 pens. Then he spends 7 * 3 = 21 dollars. The change from 50 dollars is 29 dollars.",
        "29",
        "How much change does he get?",
    ),
    ("Result\n======\n* apples: 12\n* pears: 7\n* difference: 5", "5", "How many more apples than pears are there?"),
    ("Final tally\n- Red: 15\n- Blue: 22\n- **Total: 37**", "37", "How many marbles are there in total?"),
    ("Lena finishes at 3:40 and Kofi at 3:25, so Kofi finishes first.", "\\text{Kofi}", "Who finishes first, Lena or Kofi?"),
    ("Hence the car covers 330 km in 5.5 h, so its mean speed is 60 km/h.", "60", "What is the car's average speed?"),
    ("Of the 80 pupils, 35% walk, i.e. 28 pupils walk and 52 do not.", "52", "How many pupils do not walk to school?"),
    ("She went from 12 laps to 20 laps, so she swam 8 more laps.", "8", "How many more laps did she swim?"),
    ("My answer: about three and a half hours.", "3.5", "How many hours?"),
    ("The profit is $1,250 - $980 = $270, or roughly 27.6% of the cost.", "270", "How much profit did she make?"),
    ("So the roots are 3 and -5.", "-5, 3", "Find the roots of the quadratic."),
    ("$$\\begin{aligned} 2a &= 14 \\\\ a &= 7 \\end{aligned}$$", "7", "Find $a$."),
    ("Ravi is 14, his sister is 9, and together they are 23 years old.", "23", "What is the sum of their ages?"),
    ("After the refund, that makes 120 - 45 = 75. So 75 euros are spent.", "75", "How many euros did they spend?"),
    ("Final answer below.\n\n**17 chairs**", "17", "How many chairs are needed?"),
    ("The vertex of the parabola is at $(2, -7)$, so its minimum is $-7$.", "-7", "What is the minimum value?"),
    ("Step 4: Convert: 5400 seconds / 3600 = 1.5 hours, which is 90 minutes.", "90", "How many minutes is the film?"),
    ("So we have $k \\le 4$.", "k\\leq 4", "For which $k$ ...?"),
    ("It takes Tom half an hour, so 30 minutes.", "30", "How many minutes does it take Tom?"),
    (
        "The answer would be 50 if the shop were open on Sunday, but it is closed, so he sells 43.",
        "43",
        "How many does he sell?",
    ),
]
NOT_RIGHT = [
    ("30 days after March 1, 2024 is March 31, 2025.", "March 31, 2024", "Which day is 30 days after March 1, 2024?"),
    ("It falls on the 15th of May.", "May 5", "When is it?"),
    ("The first three multiples of 4 are 4, 8, 16.", "4, 8, 12", "What are the first three multiples of 4?"),
    ("A. Lyon\nB. Paris\nC. Nice\n\nThe capital of France is Nice.", "B", CAPITAL),
    ("A) Lyon - Incorrect\nB) Paris - Incorrect\nC) Nice - Correct", "B", CAPITAL),
    ('{"apples_left": 8, "apples_eaten": 4}', "8", "How many apples are left?"),
    (
        "So over the 6 days the bakery sold 210 loaves, which is 35 loaves on each day.",
        "210",
        "How many loaves did the bakery sell per day on average?",
    ),
    ("The answer is 21. Oops, that counts the owner twice, so the correct number is 20.", "21", "How many people were there?"),
    ("So the temperature at dawn is -8 degrees.", "8", "What is the temperature at dawn?"),
    ("The lines meet at (-1, 4).", "(4,-1)", "Where do the lines meet?"),
    ("The solution is (-2, 3).", "(-2,3]", "Solve the inequality, in interval notation."),
    ("So the number of handshakes is 12*11/2.", "66", "How many handshakes?"),
    ("The value is $\\sqrt{144}$.", "12", "Evaluate."),
    ("It could be 14 or 15 depending on how you count.", "14", "How many?"),
    ("We know that the tank holds 90 litres. I could not work out how much is left.", "90", "How many litres are left?"),
    (
        "First he buys 7 pens. Then he spends 7 * 3 = 21 dollars. The change from 50 dollars is 29 dollars.",
        "21",
        "How much change does he get?",
    ),
    ("Lena finishes at 3:40 and Kofi at 3:25, so Lena finishes first.", "\\text{Kofi}", "Who finishes first, Lena or Kofi?"),
    ("Of the 80 pupils, 35% walk, i.e. 28 pupils walk and 52 do not.", "28", "How many pupils do not walk to school?"),
    ("I was unable to find the number of tiles, though 36 is the area.", "36", "How many tiles are needed?"),
    ("So the roots are 3 and -5.", "3", "What is the larger root?"),
    ("Ravi is 14, his sister is 9, and together they are 23 years old.", "14", "What is the sum of their ages?"),
    ("So we have $k < 4$.", "k\\leq 4", "For which $k$ ...?"),
]


@pytest.mark.parametrize(("response", "reference", "question"), RIGHT)
def test_claim_is_found_however_it_is_put(response, reference, question):
    assert verify_answer(response, reference, question=question).status == "correct"


@pytest.mark.parametrize(("response", "reference", "question"), NOT_RIGHT)
def test_mention_of_the_reference_is_no_claim(response, reference, question):
    assert verify_answer(response, reference, question=question).status in ("incorrect", "no_answer")
