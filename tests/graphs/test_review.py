import json

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from trace_of_thought import build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

CONFIG = {"configurable": {"thread_id": "t"}}
EDITED = ["Multiply six by seven."]


def paused(teacher, student, problem, **options):
    graph = build_trace_of_thought(teacher, student, review="always", checkpointer=InMemorySaver(), **options)
    return graph, graph.invoke(problem, CONFIG)["__interrupt__"][0]


def test_the_request_is_langchains(teacher, student, problem):
    _, interrupt = paused(teacher, student, problem)
    [action] = interrupt.value["action_requests"]
    assert action["args"]["steps"] == ["Multiply 6 by 7.", "State the product."]
    assert "1. Multiply 6 by 7." in action["description"]
    assert interrupt.value["review_configs"] == [
        {"action_name": action["name"], "allowed_decisions": ["approve", "edit", "reject"]}
    ]
    assert student.calls == []


APPROVALS = [
    {"decisions": [{"type": "approve"}]},
    {"type": "approve"},
    [{"type": "accept", "args": None}],
    "approve",
    json.dumps({"decisions": [{"type": "approve"}]}),
]


@pytest.mark.parametrize("answer", APPROVALS)
def test_approval_in_any_form_goes_on_without_asking_the_teacher_again(teacher, student, problem, answer):
    graph, _ = paused(teacher, student, problem)
    result = graph.invoke(Command(resume=answer), CONFIG)
    assert (result["status"], len(teacher.calls)) == ("correct", 1)
    assert result["reviews"][0]["decision"] == "approve"


ARGS = {"question": "What is 6 times 7?", "steps": EDITED}
EDITS = [
    {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": ARGS}}]},
    {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": json.dumps(ARGS)}}]},
    {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": {"steps": json.dumps(EDITED)}}}]},
    {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": {"steps": "1. " + EDITED[0]}}}]},
    [{"type": "edit", "args": {"action": "review_steps", "args": ARGS}}],
    {"type": "edit", "args": {"steps": EDITED}},
]


@pytest.mark.parametrize("answer", EDITS)
def test_an_edit_in_any_form_replaces_the_steps(teacher, student, problem, answer):
    graph, _ = paused(teacher, student, problem)
    result = graph.invoke(Command(resume=answer), CONFIG)
    assert result["steps"] == EDITED
    assert "1. Multiply six by seven." in student.calls[0]
    assert "State the product" not in student.calls[0]
    assert result["reviews"][0]["steps"] == ["Multiply 6 by 7.", "State the product."]


REJECTIONS = [
    {"decisions": [{"type": "reject", "message": "too short"}], "reviewer": "Ann"},
    [{"type": "response", "args": "too short"}],
]


@pytest.mark.parametrize("answer", REJECTIONS)
def test_a_rejection_asks_the_teacher_again_with_the_comment(student, problem, answer):
    teacher = ScriptedChatModel(script=["1. Guess.\n2. Hope.", "1. Multiply.\n2. Answer."])
    graph, _ = paused(teacher, student, problem)
    again = graph.invoke(Command(resume=answer), CONFIG)
    assert again["__interrupt__"][0].value["action_requests"][0]["args"]["steps"] == ["Multiply.", "Answer."]
    assert "too short" in teacher.calls[1]
    assert "1. Guess.\n2. Hope." in teacher.calls[1]
    result = graph.invoke(Command(resume="approve"), CONFIG)
    assert [review["decision"] for review in result["reviews"]] == ["reject", "approve"]
    assert result["usage"]["teacher"]["calls"] == 2


def test_after_max_revisions_only_approve_and_edit_are_left(teacher, student, problem):
    graph, _ = paused(teacher, student, problem, max_revisions=1)
    second = graph.invoke(Command(resume={"type": "reject"}), CONFIG)["__interrupt__"][0]
    assert second.value["review_configs"][0]["allowed_decisions"] == ["approve", "edit"]
    third = graph.invoke(Command(resume={"type": "reject"}), CONFIG)["__interrupt__"][0]
    assert "may not be asked again" in third.value["action_requests"][0]["description"]
    assert graph.invoke(Command(resume="approve"), CONFIG)["status"] == "correct"
    assert len(teacher.calls) == 2


UNREADABLE = [
    "maybe",
    {"decisions": []},
    {"decisions": [{"type": "approve"}, {"type": "approve"}]},
    [{"type": "edit", "args": {"steps": []}}],
    [{"type": "edit", "args": {"steps": [1]}}],
    "{not json",
    42,
]


@pytest.mark.parametrize("answer", UNREADABLE)
def test_an_unreadable_answer_is_asked_for_again_and_nothing_is_lost(teacher, student, problem, answer):
    graph, _ = paused(teacher, student, problem)
    again = graph.invoke(Command(resume=answer), CONFIG)["__interrupt__"][0]
    assert "could not be used" in again.value["action_requests"][0]["description"]
    assert graph.invoke(Command(resume="approve"), CONFIG)["status"] == "correct"
    assert len(teacher.calls) == 1


def test_flagged_pauses_only_what_decompose_flagged(student, problem):
    teacher = ScriptedChatModel(script={"6 times 7": "1. 6 * 7 = 42.\n2. Say 42.", "": "1. Add.\n2. Answer."})
    graph = build_trace_of_thought(teacher, student, review="flagged", checkpointer=InMemorySaver())
    assert "__interrupt__" in graph.invoke(problem, CONFIG)
    fine = graph.invoke({"question": "What is 40 plus 2?"}, {"configurable": {"thread_id": "u"}})
    assert "__interrupt__" not in fine


@pytest.mark.parametrize("policy", ["flagged", lambda state: bool(state["flags"])])
def test_who_sent_steps_back_sees_the_new_ones_though_nothing_is_flagged(student, problem, policy):
    teacher = ScriptedChatModel(script=["1. 6 * 7 = 42.\n2. Say it.", "1. Multiply.\n2. Answer."])
    graph = build_trace_of_thought(teacher, student, review=policy, checkpointer=InMemorySaver())
    assert "__interrupt__" in graph.invoke(problem, CONFIG)
    [again] = graph.invoke(Command(resume={"type": "reject"}), CONFIG)["__interrupt__"]
    assert again.value["action_requests"][0]["args"] == {
        "question": "What is 6 times 7?",
        "steps": ["Multiply.", "Answer."],
        "flags": [],
        "problem_id": "p1",
    }
    assert student.calls == []
    assert graph.invoke(Command(resume="approve"), CONFIG)["status"] == "correct"


def test_a_thread_used_again_begins_a_new_review(student, problem):
    teacher = ScriptedChatModel(script=lambda prompt: "1. Multiply.\n2. Answer.")
    graph, _ = paused(teacher, student, problem, max_revisions=1)
    for _ in range(2):
        asked = graph.invoke(Command(resume={"type": "reject"}), CONFIG)["__interrupt__"][0]
        assert asked.value["review_configs"][0]["allowed_decisions"] == ["approve", "edit"]
        result = graph.invoke(Command(resume="approve"), CONFIG)
        assert [review["decision"] for review in result["reviews"]] == ["reject", "approve"]
        assert (result["usage"]["teacher"]["calls"], result["usage"]["student"]["calls"]) == (2, 1)
        first = graph.invoke(problem, CONFIG)["__interrupt__"][0]
        assert first.value["review_configs"][0]["allowed_decisions"] == ["approve", "edit", "reject"]


def test_a_function_decides_who_is_asked(teacher, student, problem):
    graph = build_trace_of_thought(
        teacher, student, review=lambda state: state["problem_id"] == "p1", checkpointer=InMemorySaver()
    )
    assert "__interrupt__" in graph.invoke(problem, CONFIG)
    assert "__interrupt__" not in graph.invoke(problem | {"problem_id": "p2"}, {"configurable": {"thread_id": "u"}})


async def test_review_works_under_async(teacher, student, problem):
    graph = build_trace_of_thought(teacher, student, review="always", checkpointer=InMemorySaver())
    await graph.ainvoke(problem, CONFIG)
    assert (await graph.ainvoke(Command(resume="approve"), CONFIG))["status"] == "correct"


def test_without_a_checkpointer_it_fails_before_the_teacher_is_paid(teacher, student, problem):
    graph = build_trace_of_thought(teacher, student, review="flagged")
    with pytest.raises(RuntimeError, match="review needs a checkpointer"):
        graph.invoke(problem)
    assert teacher.calls == []
