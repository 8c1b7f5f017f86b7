import datetime
import math
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from trace_of_thought.programs.program_values import as_answer, as_python


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (18.0, "18"),
        (18, "18"),
        (0.1 + 0.2, "0.3"),
        (2 / 3, "2/3"),
        (19.99, "19.99"),
        (569204296.88, "569204296.88"),
        (1234567 + 1 / 3, "3703702/3"),
        (1.005 * 100, "100.5"),
        (Decimal("12.50"), "12.5"),
        ("$18.00", "$18.00"),
        ((1, 2.0), "(1, 2)"),
        (True, "True"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        ({"total": 5.0}, "5"),
        (-0.0, "0"),
        (1e20, "100000000000000000000"),
    ],
)
def test_values_become_answers_as_people_write_them(value, answer):
    assert as_answer(value) == answer


DEEP: list = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [
        None,
        math.nan,
        math.inf,
        -math.inf,
        1 + 2j,
        len,
        {},
        {"a": 1, "b": 2},
        "",
        " \n",
        "x" * 501,
        object(),
        10**5000,
        Decimal("1e999999999"),
        Decimal("1e-999999999"),
        Decimal("nan"),
        "[...]",
        "<coroutine object solution>",
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_what_is_no_answer_is_refused(value):
    with pytest.raises(ValueError, match="value"):
        as_answer(value)


def test_a_deep_value_is_refused():
    with pytest.raises(ValueError, match="value"):
        as_answer(DEEP)
    assert as_python(DEEP)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text() | st.dates() | st.complex_numbers()
ANY = PLAIN | st.lists(PLAIN, max_size=4) | st.tuples(PLAIN, PLAIN) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=3)


@given(ANY)
@settings(max_examples=300, deadline=None)
def test_any_value_is_an_answer_or_a_value_error(value):
    assert len(as_python(value)) <= 500
    answer, refused = "", ""
    try:
        answer = as_answer(value)
    except ValueError as error:
        refused = str(error)
    assert answer.strip() or "value" in refused
