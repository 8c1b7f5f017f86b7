"""Whether a verdict is strict: only where the student was asked for a final line."""

import pytest

from trace_of_thought import build_baseline, build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

LINE = " End with a line 'Answer: ...'."
STUDENT = {"standard": "{question}", "solution": "Solve {question}." + LINE, "solve": "{question} {steps}" + LINE}


@pytest.fixture
def student():
    return ScriptedChatModel(script=lambda prompt: "So it is 42.")


def strict(graph):
    verdict = graph.invoke({"question": "What is 6 * 7?", "reference": "42"})["verdict"]
    assert verdict["status"] == "correct"
    return verdict["strict"]


@pytest.mark.parametrize(("prompts", "expected"), [("default", False), ("plain", None), (STUDENT, None)])
def test_a_verdict_is_strict_only_if_the_students_own_prompt_asks_for_a_line(student, prompts, expected):
    assert strict(build_baseline("standard", student, prompts=prompts)) is expected


@pytest.mark.parametrize(("plan", "expected"), [("1. Multiply.\n2. State it.", False), ("", None)])
def test_without_steps_the_prompt_that_stands_in_for_them_counts(student, plan, expected):
    teacher = ScriptedChatModel(script=lambda prompt: plan)
    assert strict(build_trace_of_thought(teacher, student, prompts=STUDENT)) is expected


@pytest.mark.parametrize(("ladder", "expected"), [("standard > teacher", None), ("standard > teacher if always", False)])
def test_the_rung_that_answered_counts(student, ladder, expected):
    assert strict(build_trace_of_thought(student, student, prompts=STUDENT, escalate=ladder)) is expected
