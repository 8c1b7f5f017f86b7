"""Hints: the beginning of the teacher's solution, continued by the student."""

import pytest

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.asking.continuing import continue_options
from trace_of_thought.nodes.hint import cut_hint

SOLUTION = "Let us begin.\nSix times seven: 6 * 7 = 42.\nAnswer: 42"
PROBLEM = {"question": "What is six times seven?", "reference": "42"}


@pytest.mark.parametrize(
    ("share", "hint"),
    [(0.3, "Let us begin.\nSix"), (0.01, "Let"), (None, "Let us begin.\nSix times seven: 6 * 7 = 42.")],
)
def test_the_hint_is_a_share_of_the_words_or_the_first_step(share, hint):
    assert cut_hint(SOLUTION, share) == hint


def test_the_student_continues_the_hint():
    teacher, student = ScriptedChatModel(script=[SOLUTION]), ScriptedChatModel(script=[" times seven is 42.\nAnswer: 42"])
    result = build_trace_of_thought(teacher, student, mode="hint").invoke(PROBLEM)
    assert result["status"] == "correct"
    assert result["hint"] == "Let us begin.\nSix"
    assert result["solution"] == "Let us begin.\nSix times seven is 42.\nAnswer: 42"
    assert student.calls[0].endswith("Let us begin.\nSix")


def test_a_hint_that_holds_the_answer_is_flagged():
    teacher, student = ScriptedChatModel(script=[SOLUTION]), ScriptedChatModel(script=["\nAnswer: 42"])
    result = build_trace_of_thought(teacher, student, mode="hint", hint_share=0.9).invoke(PROBLEM)
    assert [flag["kind"] for flag in result["flags"]] == ["answer_in_steps"]


def test_what_does_not_fit_is_refused():
    model = ScriptedChatModel(script=[])
    with pytest.raises(ValueError, match="no steps to review"):
        build_trace_of_thought(model, model, mode="hint", review="always")
    with pytest.raises(ValueError, match="no steps to ask for as JSON"):
        build_trace_of_thought(model, model, mode="hint", structured=True)
    with pytest.raises(ValueError, match=r"hint_share=1\.5"):
        build_trace_of_thought(model, model, mode="hint", hint_share=1.5)


def test_only_models_that_continue_are_asked_to(monkeypatch):
    chat = pytest.importorskip("langchain_openai").ChatOpenAI
    assert continue_options(chat(model="m", base_url="http://127.0.0.1:1/v1", api_key="x"))["extra_body"] == {
        "continue_final_message": True,
        "add_generation_prompt": False,
    }
    with pytest.raises(ValueError, match="does not continue"):
        continue_options(chat(model="m", api_key="x"))


@pytest.mark.parametrize("options", [{"mode": "hint"}, {"escalate": "standard > hint"}])
def test_a_student_that_does_not_continue_is_refused_before_the_teacher_is_paid(options):
    student = pytest.importorskip("langchain_openai").ChatOpenAI(model="m", api_key="x")
    with pytest.raises(ValueError, match="does not continue"):
        build_trace_of_thought(ScriptedChatModel(script=[]), student, **options)
