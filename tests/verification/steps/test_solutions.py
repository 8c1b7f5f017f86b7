import pytest

from trace_of_thought.verification import check_solution, numbers_in


@pytest.mark.parametrize(
    ("text", "ok", "value"),
    [
        ("16 - 3 - 4 = 9", True, "9"),
        ("9 * 2 = $18", True, "18"),
        ("half of 2 is 1", True, "1"),
        ("3 * 4 = 13", False, "12"),
        ("80 yards x 34 times = 2720 yards", True, "2720"),
        ("20% of 50 is 11", False, "10"),
        ("$\\frac{1}{2} \\times 8 = 4$", True, "4"),
        ("60 / 7 = 8.57", True, "60/7"),
        ("5 cents x 500 = $25", True, "2500"),
        ("12,000 + 500 = 12,500", True, "12500"),
        ("2^3 + 1 = 9", True, "9"),
    ],
)
def test_equations_are_evaluated_exactly(text, ok, value):
    [equation] = check_solution(text).equations
    assert (equation.ok, equation.correct) == (ok, value)


def test_chain_of_equations_is_checked_link_by_link():
    assert [e.ok for e in check_solution("2 * 7 = 14 = 28 / 2 = 15").equations] == [True, False]


@pytest.mark.parametrize("text", ["2x + 8 = 22", "y = 4 + 3 * B = 7", "9**9**9**9 = 3", "no numbers", "1/0 = 3"])
def test_algebra_and_what_is_too_large_stay_unchecked(text):
    assert check_solution(text).status == "unchecked"


def test_first_wrong_equation_is_named_for_the_student():
    check = check_solution("2 + 2 = 4\n3 * 4 = 13\n13 - 1 = 11")
    assert (check.status, check.first_wrong, check.summary) == ("inconsistent", 1, "3 * 4 = 13 is wrong: it is 12.")


def test_steps_are_carried_out_skipped_or_contradicted():
    steps = ["Find the total eggs per week.", "Subtract the eggs eaten for breakfast.", "Multiply by the price per egg."]
    solution = "The total eggs per week: 7 * 16 = 112.\nMultiply the price per egg: 112 * 2 = 225."
    check = check_solution(solution, steps=steps)
    assert [step.status for step in check.steps] == ["carried_out", "skipped", "contradicted"]


def test_numbers_of_a_text():
    text = "$1,200.50, 15%, 7 1/2, \\frac{3}{4}, twenty-one, -5 and .5"
    assert [str(number) for number in numbers_in(text)] == ["2401/2", "15", "15/2", "3/4", "21", "-5", "1/2"]
    assert numbers_in("1" * 100_000) == []


@pytest.mark.parametrize(
    ("solution", "statuses"),
    [
        ("7 * 4 = 28", ["unknown", "carried_out"]),
        ("He packs 7 × 4.", ["unknown", "carried_out"]),
        ("7 x 4 = 29", ["unknown", "contradicted"]),
        ("7 + 4 = 11", ["unknown", "skipped"]),
        ("So there are 28.", ["unknown", "skipped"]),
        ("7(4) = 28", ["unknown", "carried_out"]),
        ("* So there are 28.", ["unknown", "skipped"]),
    ],
)
def test_a_step_whose_operation_was_done_is_not_skipped(solution, statuses):
    check = check_solution(solution, steps=["Find how many eggs one box holds.", "Multiply by the number of boxes."])
    assert [step.status for step in check.steps] == statuses


def test_one_operation_carries_out_one_step():
    steps = ["Multiply by the number of days.", "Look at what x is multiplied by.", "Multiply by the price."]
    found = [[step.status for step in check_solution(text, steps=steps).steps] for text in ("3 * 4 = 12", "3 * 4 * 2 = 24")]
    assert found == [["carried_out", "unknown", "skipped"], ["carried_out", "unknown", "carried_out"]]


@pytest.mark.parametrize(
    ("step", "does", "does_not"),
    [
        (
            "Add the rest.",
            ["3 + 4 = 7", "16 eggs + 3 eggs = 19", "a+b", "5 +3"],
            ["+ So 7 are left.", "for 5+ years", "it is +7"],
        ),
        (
            "Subtract the rest.",
            ["10 - 3", "10-3 = 7", "16 eggs - 3 eggs = 13", "$10-$3 is $7", "x - 3", "total − 4 = 3"],
            ["- So 7 are left.", "In 2020-21 he has 3 + 4 = 7.", "on 2021-03-04", "3-4 eggs", "Breakfast - 3 eggs", "COVID-19"],
        ),
        (
            "Multiply the rest.",
            ["7 x 4", "7·4", "(2 + 5)(4) = 28", "$7 \\times 4$", "price * number = 28"],
            ["* So 28 are left.", "Step 7(b)", "7 (4 boxes)", "half (50%)(see below)"],
        ),
        (
            "Divide the rest.",
            ["28 / 4", "120 km / 2 h = 60 km/h", "x/2", "distance / time = speed", "\\frac{28}{4}", "28 ÷ 4"],
            ["60 km/h", "60 km / h", "5 m/s", "$5/hour", "and/or"],
        ),
    ],
)
def test_signs_of_lists_units_years_and_ranges_are_no_operations(step, does, does_not):
    statuses = {line: check_solution(line, steps=[step]).steps[0].status for line in (*does, *does_not)}
    assert statuses == dict.fromkeys(does, "carried_out") | dict.fromkeys(does_not, "skipped")
