import pytest
from langgraph.checkpoint.memory import InMemorySaver

from trace_of_thought import build_baseline
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.prompts import load_prompts

ADDED = ("Think step by step.", "devise a plan", "following steps")


@pytest.mark.parametrize(
    ("method", "adds"),
    [("standard", None), ("chain_of_thought", "Think step by step."), ("plan_and_solve", "devise a plan")],
)
def test_a_baseline_asks_once_in_its_own_words_and_verifies(student, problem, method, adds):
    result = build_baseline(method, student).invoke(problem)
    assert (result["status"], result["answer"], len(student.calls)) == ("correct", "42", 1)
    assert student.calls == [load_prompts().fill(method, question="What is 6 times 7?")]
    assert [text for text in ADDED if text in student.calls[0]] == ([adds] if adds else [])
    assert "teacher" not in result["usage"]


def test_a_baseline_votes_and_retries_like_the_method(problem):
    student = ScriptedChatModel(script=["?", "?", "Answer: 42", "Answer: 42"])
    result = build_baseline("standard", student, samples=2, max_attempts=2).invoke(problem)
    assert (result["status"], result["attempts"], len(student.calls)) == ("correct", 2, 4)
    assert result["usage"]["student"]["calls"] == 4
    assert [options["seed"] for options in student.options[2:]] != [options["seed"] for options in student.options[:2]]


def test_a_missing_question_says_what_to_give(student):
    with pytest.raises(ValueError, match="the question is None; give a text"):
        build_baseline("standard", student).invoke({"problem_id": "p1"})
    assert student.calls == []


def test_many_attempts_fit_into_a_run(problem):
    student = ScriptedChatModel(script=lambda prompt: "I do not know.")
    result = build_baseline("standard", student, max_attempts=20).invoke(problem)
    assert (result["status"], result["attempts"]) == ("no_answer", 20)


def test_a_thread_used_again_starts_afresh(problem):
    student = ScriptedChatModel(script=["I do not know.", "Answer: 42"] * 2)
    graph = build_baseline("standard", student, max_attempts=2, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    first, second = graph.invoke(problem, config), graph.invoke(problem, config)
    assert first == second
    assert (second["attempts"], second["usage"]["student"]["calls"]) == (2, 2)


def test_a_reference_is_forgotten_with_its_problem():
    student = ScriptedChatModel(script=lambda prompt: "Answer: 48" if "8" in prompt else "Answer: 42")
    graph = build_baseline("standard", student, checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "t"}}
    assert graph.invoke({"question": "What is 6 * 7?", "reference": "42"}, config)["status"] == "correct"
    result = graph.invoke({"question": "What is 6 * 8?"}, config)
    assert (result["answer"], result["status"], result["verdict"]["reference"]) == ("48", "unchecked", None)


def test_an_unknown_method_is_named(student):
    with pytest.raises(ValueError, match=r"method='cot' is unknown\. Use one of 'standard'"):
        build_baseline("cot", student)
