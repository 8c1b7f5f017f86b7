"""What is of a wrong type is refused at the door, with the argument's name, its value and the fix."""

import pytest

from trace_of_thought.verification import (
    answers_equal,
    check_solution,
    choice,
    error_causes,
    exact,
    extract_answer,
    numbers_in,
    numeric,
    program,
    verifier_named,
    verify_answer,
)
from trace_of_thought.verification.adapters.harness import verified
from trace_of_thought.verification.adapters.rewards import compute_score, reward_func

CALLS = [
    (lambda: verify_answer(None, "42"), "response=None is of type NoneType; give a str"),
    (lambda: verify_answer(["a"], "42"), r"response=\['a'\] is of type list; give a str"),
    (lambda: verify_answer("42", "42", question=5), "question=5 is of type int; give a str or None"),
    (lambda: verify_answer("42", "42", timeout="5"), "timeout='5' is of type str; give a number"),
    (lambda: extract_answer(None), "response=None"),
    (lambda: answers_equal("1", 1), "b=1 is of type int"),
    (lambda: check_solution(None), "solution=None"),
    (lambda: check_solution("2 + 2 = 4", steps="Add."), "steps='Add.' is of type str; give a list"),
    (lambda: check_solution("2 + 2 = 4", steps=[1]), r"steps\[0\]=1 is of type int"),
    (lambda: numbers_in(5), "text=5"),
    (lambda: error_causes(None, None), "verdict=None is of type NoneType; give a Verdict"),
    (lambda: choice.verify(None, "A"), "response=None"),
    (lambda: exact.equal(None, "A"), "a=None"),
    (lambda: program.extract(None), "response=None"),
    (lambda: numeric("a"), "tolerance='a' is of type str; give a number"),
    (lambda: verifier_named(None), "name=None"),
    (lambda: reward_func("Answer: 12", answer=["12"]), "completions='Answer: 12' is of type str; give a list"),
    (lambda: reward_func(["Answer: 12"], answer="12"), "answer='12' is of type str; give a list"),
    (lambda: reward_func([5], answer=["12"]), "5 is neither a text nor a list of messages"),
    (lambda: compute_score("gsm8k", None, "12"), "solution_str=None"),
    (lambda: compute_score("gsm8k", "12", "12", extra_info="x"), "extra_info='x' is of type str; give a dict or None"),
]


@pytest.mark.parametrize(("call", "message"), CALLS)
def test_a_wrong_type_is_named_with_its_fix(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reward_func(["a", "b"], answer=["1"]), "answer has 1 entries and completions has 2"),
        (lambda: reward_func(["a"], answer=["1"], question=["x", "y"]), "question has 2 entries and completions has 1"),
        (lambda: reward_func(["a"], answer=["1"], prompts=["x", "y"]), "prompts has 2 entries and completions has 1"),
        (lambda: verified(["1"], ["1", "2"]), "references has 1 entries and predictions has 2"),
        (lambda: numeric(float("nan")), "tolerance=nan: give a number of at least 0"),
        (lambda: verify_answer("42", "42", timeout=-1), "timeout=-1: give a number of at least 0"),
    ],
)
def test_a_wrong_value_is_named_with_its_fix(call, message):
    with pytest.raises(ValueError, match=message):
        call()
