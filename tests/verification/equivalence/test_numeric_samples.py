import pytest

from trace_of_thought.verification.equivalence.numeric_samples import compare_samples


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x+1", "1+x"),
        ("(x+1)^2", "x^2+2x+1"),
        ("\\frac{x}{2}", "\\frac{1}{2}x"),
        ("x^{-1}", "\\frac{1}{x}"),
        ("\\sqrt{x^2}", "x"),
        ("(1,2]", "(1, \\frac{4}{2}]"),
        ("(-\\infty,1)\\cup(1,\\infty)", "(-\\infty,1) \\cup (1,\\infty)"),
        ("1,2,3", "3,2,1"),
        ("3+2i", "2i+3"),
        ("x=2", "2"),
    ],
)
def test_same_values_everywhere_are_the_same(a, b):
    assert compare_samples(a, b) is True


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("-x^2", "x^2"),
        ("2x^9 + x", "2x^9 + 2x"),
        ("6\\sqrt{2}", "8.49"),
        ("x^{5/2}", "\\sqrt{x}"),
        ("(1,2]", "(1,2)"),
        ("1,2", "1,2,3"),
        ("2\\pi", "6.28"),
        ("2", "i"),
    ],
)
def test_one_clear_difference_is_enough(a, b):
    assert compare_samples(a, b) is False


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("6\\sqrt2", "\\sqrt{72}"),
        ("0.333333", "\\frac{1}{3}"),
        ("1/2x", "\\frac{x}{2}"),
        ("i^2", "-1"),
        ("f(x)", "fx"),
        ("x=2", "y=2"),
        ("(1,3)\\cup(2,5)", "(1,5)"),
        ("\\frac{1}{x-x}", "1"),
        ("\\sin(x)", "\\cos(x)"),
    ],
)
def test_what_is_rounded_or_open_to_readings_is_left_to_sympy(a, b):
    assert compare_samples(a, b) is None
