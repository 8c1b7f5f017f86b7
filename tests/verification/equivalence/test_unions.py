"""Unions of intervals, compared by their points."""

import pytest

from trace_of_thought.verification.equivalence.unions import same_union


@pytest.mark.parametrize(
    ("claim", "reference", "same"),
    [
        (r"[1,2]\cup[2,3]", "[1,3]", True),
        (r"[1,2)\cup(2,3]", "[1,3]", False),
        (r"[1,2)\cup[2,3]", "[1,3]", True),
        (r"(-\infty,1/2)\cup(3,\infty)", r"(3,\infty)\cup(-\infty,0.5)", True),
        (r"(-\infty,1]\cup(3,\infty)", r"(-\infty,1)\cup(3,\infty)", False),
        (r"[2, 7] or x \in [-2, -7]", r"x \in [-2,7]", False),
        (r"[1,4]\cup[2,3]", "[1,4]", True),
        ("(1,2)", "(1,2)", None),
        (r"(1,\sqrt{2})\cup(3,4)", r"(1,\sqrt{2})\cup(3,4)", None),
        ("(1,2),(3,4)", r"(1,2)\cup(3,4)", None),
    ],
)
def test_they_are_equal_if_they_have_the_same_points(claim, reference, same):
    assert same_union(claim, reference) is same
