"""The graph in parallel branches of a parent, nested, in threads and in batches: reviews, faults and the teacher's calls."""

import asyncio
import operator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send

from trace_of_thought import as_node, build_trace_of_thought
from trace_of_thought.models import ScriptedChatModel

APPROVE = {"decisions": [{"type": "approve"}]}
THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}


def collect(known, new):
    return [*(known or []), *(new if isinstance(new, list) else [new])]


class Many(TypedDict, total=False):
    tasks: list[str]
    task: str
    results: Annotated[list[str], collect]
    attempts: Annotated[int, operator.add]


def branches(graph):
    """A parent that sends each task to the graph."""
    parent = StateGraph(Many)
    parent.add_node("solve", as_node(graph, question="task", answer="results", attempts="attempts"))
    parent.add_conditional_edges(START, lambda state: [Send("solve", {"task": task}) for task in state["tasks"]])
    return parent


def nested(graph):
    """The branches as a node of a grandparent."""
    outer = StateGraph(Many)
    outer.add_node("inner", branches(graph).compile())
    outer.add_edge(START, "inner")
    return outer


def one(graph):
    parent = StateGraph(TypedDict("Parent", {"task": str, "result": str}))  # type: ignore[operator]
    parent.add_node("solve", as_node(graph, question="task", answer="result"))
    parent.add_edge(START, "solve")
    return parent


def shown(pauses):
    return {pause.value["action_requests"][0]["args"]["question"]: pause.id for pause in pauses}


@pytest.mark.parametrize("parent_of", [branches, nested])
async def test_reviews_of_branches_outlive_the_process_and_resume_by_id(teacher, student, tmp_path, parent_of):
    parent = parent_of(build_trace_of_thought(teacher, student, review="always"))
    database = str(tmp_path / "checkpoints.sqlite")
    async with AsyncSqliteSaver.from_conn_string(database) as saver:
        paused = await parent.compile(checkpointer=saver).ainvoke({"tasks": ["a?", "b?", "c?"]}, THREAD)
    ids = shown(paused["__interrupt__"])
    assert sorted(ids) == ["a?", "b?", "c?"]
    assert (len(teacher.calls), len(student.calls)) == (3, 0)

    async with AsyncSqliteSaver.from_conn_string(database) as saver:
        app = parent.compile(checkpointer=saver)
        left = await app.ainvoke(Command(resume={ids["b?"]: APPROVE}), THREAD)
        assert sorted(shown(left["__interrupt__"])) == ["a?", "c?"]
        assert (len(teacher.calls), len(student.calls)) == (3, 1)

        reject = {"decisions": [{"type": "reject", "message": "Too coarse."}]}
        again = await app.ainvoke(Command(resume={ids["a?"]: APPROVE, ids["c?"]: reject}), THREAD)
        [(question, pause)] = shown(again["__interrupt__"]).items()
        assert question == "c?"
        assert "Too coarse." in teacher.calls[-1]

        done = await app.ainvoke(Command(resume={pause: APPROVE}), THREAD)
    assert (done["results"], done["attempts"]) == (["42", "42", "42"], 3)
    assert (len(teacher.calls), len(student.calls)) == (4, 3)


def test_a_sync_parent_resumes_branches_from_sqlite(teacher, student, tmp_path):
    with SqliteSaver.from_conn_string(str(tmp_path / "c.sqlite")) as saver:
        app = branches(build_trace_of_thought(teacher, student, review="always")).compile(checkpointer=saver)
        ids = shown(app.invoke({"tasks": ["a?", "b?"]}, THREAD)["__interrupt__"])
        done = app.invoke(Command(resume=dict.fromkeys(ids.values(), APPROVE)), THREAD)
    assert done["results"] == ["42", "42"]
    assert (len(teacher.calls), len(student.calls)) == (2, 2)


def test_one_graph_serves_many_threads(student):
    teacher = ScriptedChatModel(script=lambda prompt: f"1. Look at number {prompt.split('#')[1].split()[0]}.")
    parent = StateGraph(TypedDict("Plan", {"task": str, "plan": list, "answer": str}))  # type: ignore[operator]
    parent.add_node("solve", as_node(build_trace_of_thought(teacher, student), question="task", steps="plan"))
    parent.add_edge(START, "solve")
    app = parent.compile()
    with ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(lambda number: app.invoke({"task": f"What is #{number} ?"})["plan"], range(40)))
    assert plans == [[f"Look at number {number}."] for number in range(40)]
    assert len(teacher.calls) == 40


async def test_a_bad_question_of_a_batch_leaves_the_others(teacher, student):
    app = one(build_trace_of_thought(teacher, student)).compile()
    tasks: list[Any] = [{"task": "a?"}, {"task": " "}, {"result": "none"}, {"task": "b?"}]
    first, empty, missing, last = await app.abatch(tasks, {"max_concurrency": 2}, return_exceptions=True)
    assert (first["result"], last["result"]) == ("42", "42")
    assert "give a text" in str(empty)
    assert str(missing) == "the parent's state has no 'task' to solve; it has 'result'"
    assert len(teacher.calls) == 2


async def test_a_cancelled_parent_goes_on_where_it_was_without_asking_the_teacher_again(teacher):
    began, hang = asyncio.Event(), True

    class Hanging(ScriptedChatModel):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            if hang:
                began.set()
                await asyncio.Event().wait()
            return await super()._agenerate(*args, **kwargs)

    graph = build_trace_of_thought(teacher, Hanging(script=["6 * 7 = 42\nAnswer: 42"]))
    app = one(graph).compile(checkpointer=InMemorySaver())
    run = asyncio.create_task(app.ainvoke({"task": "6 times 7?"}, THREAD))
    await began.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    hang = False
    assert (await app.ainvoke(None, THREAD))["result"] == "42"
    assert len(teacher.calls) == 1


def test_a_graph_with_a_checkpointer_of_its_own_is_refused(teacher, student):
    with pytest.raises(ValueError, match="'trace_of_thought' has a checkpointer of its own; build it without one"):
        as_node(build_trace_of_thought(teacher, student, checkpointer=InMemorySaver()))
