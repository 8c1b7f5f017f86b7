"""How the student is asked: its samples, their options, and what makes it try again."""

import pytest

from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.solve import make_solve
from trace_of_thought.nodes.solving.sampling import VOTING_TEMPERATURE
from trace_of_thought.nodes.solving.ways import WAYS
from trace_of_thought.nodes.verify import make_verify
from trace_of_thought.prompts import load_prompts

STATE = {"question": "What is 6 times 7?", "steps": ["Multiply."]}
PROMPTS = load_prompts("default")


def options_of(student, **state):
    make_solve(student, PROMPTS, WAYS["joint"], samples=3).invoke({**STATE, **state})
    return student.options


def answering(*replies, **fields):
    return ScriptedChatModel(script=list(replies or ["Answer: 42"] * 3), **fields)


@pytest.mark.parametrize(("own", "used"), [(None, VOTING_TEMPERATURE), (0.0, VOTING_TEMPERATURE), (0.3, 0.3), (1.2, 1.2)])
def test_samples_keep_the_student_s_temperature_unless_it_is_greedy(own, used):
    assert [options["temperature"] for options in options_of(answering(temperature=own))] == [used] * 3


@pytest.mark.parametrize(
    ("own", "attempts", "seeds"),
    [(None, 0, [0, 1, 2]), (5, 0, [5000, 5001, 5002]), (5, 2, [5006, 5007, 5008])],
)
def test_every_sample_of_every_attempt_has_a_seed_of_its_own(own, attempts, seeds):
    options = options_of(answering(seed=own), attempts=attempts, retry_reason="no final answer was given." if attempts else "")
    assert sorted(option["seed"] for option in options) == seeds


def test_a_single_sample_is_asked_for_as_the_student_is_set_up():
    student = answering(temperature=0.3, seed=5)
    make_solve(student, PROMPTS, WAYS["joint"]).invoke(STATE)
    assert student.options == [{}]


def reason_for(*answers, attempts=1, reference="42"):
    """Why verify sends the student back after these replies; the first attempt of two unless said otherwise."""
    node = make_solve(answering(*answers), PROMPTS, WAYS["standard"], samples=len(answers))
    state = {"question": "Which number?", "reference": reference}
    return make_verify(2)({**state, **node.invoke(state), "attempts": attempts})["retry_reason"]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["Answer: 41", "Answer: 42"], "no answer has a majority of the 2 solutions."),
        (["Answer: 41", "Answer: 42", "Answer: 43", "Answer: 42"], "no answer has a majority of the 4 solutions."),
        (["Answer: 41", "Answer: 42", "Answer: 42"], ""),
        (["Answer: 84/2", "Answer: 42"], ""),
        (["I do not know.", "Who knows?"], "no final answer was given."),
        (["Answer: 41"], ""),
    ],
)
def test_samples_without_a_majority_are_drawn_again(answers, reason):
    assert reason_for(*answers) == reason


def test_the_last_attempt_is_the_last():
    assert reason_for("Answer: 41", "Answer: 42", attempts=2) == ""


def test_the_reference_is_no_reason():
    assert reason_for("6 * 7 = 42\nAnswer: 42", reference="42") == reason_for("6 * 7 = 42\nAnswer: 42", reference="7") == ""
