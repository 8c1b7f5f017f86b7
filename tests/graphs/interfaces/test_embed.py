"""The graph as a function and inside other graphs: paused, resumed, nested and in parallel."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send

from trace_of_thought import as_node, asolve, build_baseline, build_trace_of_thought, solve
from trace_of_thought.foundation.lines import MAX_CHARACTERS
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.state import TraceInput, TraceOutput
from trace_of_thought.verification import Verdict

APPROVE = {"decisions": [{"type": "approve"}]}
THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}


class Parent(TypedDict, total=False):
    task: str
    known: str
    result: str
    plan: list[str]
    verdict: str


def parent_of(graph, checkpointer=None):
    parent = StateGraph(Parent)
    keys = {"question": "task", "answer": "result", "reference": "known", "steps": "plan", "status": "verdict"}
    parent.add_node("solve", as_node(graph, **keys))
    parent.add_edge(START, "solve")
    return parent.compile(checkpointer=checkpointer)


async def test_solve_and_asolve_return_a_typed_result(teacher, student):
    for result in (
        solve("What is 6 times 7?", teacher=teacher, student=student, reference="42"),
        await asolve("What is 6 times 7?", teacher=teacher, student=student, reference="42"),
    ):
        assert (result.answer, result.status, result.agreement) == ("42", "correct", 1.0)
        assert result.steps == ["Multiply 6 by 7.", "State the product."]
        assert result.usage["teacher"]["calls"] == 1
    assert solve("What is 6 times 7?", teacher=teacher, student=student).status == "consistent"


@pytest.mark.parametrize(
    ("question", "complaint"), [("", "give a text"), (" \n", "give a text"), ("x" * (MAX_CHARACTERS + 1), "at most 50,000")]
)
def test_a_question_that_is_none_costs_nothing(teacher, student, question, complaint):
    with pytest.raises(ValueError, match=complaint):
        solve(question, teacher=teacher, student=student)
    assert not teacher.calls
    assert not student.calls


async def test_review_is_refused_with_what_to_use(teacher, student):
    for policy in ("always", lambda state: True):
        with pytest.raises(ValueError, match="use build_trace_of_thought"):
            solve("What is 6 times 7?", teacher=teacher, student=student, review=policy)
        with pytest.raises(ValueError, match="use build_trace_of_thought"):
            await asolve("What is 6 times 7?", teacher=teacher, student=student, review=policy)
    assert not teacher.calls


async def test_solve_takes_a_verifier(teacher, student):
    def as_text(response, reference, /, *, question=None):
        asked.append(question)
        return Verdict("correct" if reference in response else "incorrect", answer="mine", reference=reference)

    asked = []

    for result in (
        solve("6 times 7?", teacher=teacher, student=student, reference="6 * 7", verifier=as_text),
        await asolve("6 times 7?", teacher=teacher, student=student, reference="6 * 7", verifier=as_text),
    ):
        assert (result.status, result.answer) == ("correct", "mine")
    assert asked.count("6 times 7?") >= 2  # building a graph tries a verifier, and a vote asks it for answers


async def test_solve_asks_for_structured_steps(openai_server, student):
    from trace_of_thought import load_chat_model

    openai_server.reply = lambda prompt: '{"steps": ["Multiply."]}'
    teacher = load_chat_model("openai:t", base_url=openai_server.url, api_key="x", max_retries=0)
    assert solve("6 times 7?", teacher=teacher, student=student, structured=True).steps == ["Multiply."]
    assert (await asolve("6 times 7?", teacher=teacher, student=student, structured=False)).steps == ["Multiply."]
    assert ["response_format" in request for request in openai_server.requests] == [True, False]


def test_a_reference_of_zero_is_a_reference(teacher, student):
    number: Any = 0
    for reference in ("0", number):
        assert solve("6 times 7?", teacher=teacher, student=student, reference=reference).status == "incorrect"


def test_a_teacher_that_is_down_is_named_with_what_to_do(student):
    from trace_of_thought import load_chat_model
    from trace_of_thought.nodes.asking.failures import explain

    away = load_chat_model("openai:big", base_url="http://127.0.0.1:9/v1", api_key="secret-key", max_retries=0)
    with pytest.raises(Exception, match="Connection") as caught:
        solve("What is 6 times 7?", teacher=away, student=student)
    message = explain(caught.value)
    assert "check the base URL and that it is running" in message
    assert "while asking the teacher 'big'" in message
    assert "secret-key" not in message


async def test_cancelling_asolve_reaches_the_model(teacher):
    began, ended = asyncio.Event(), []

    class Slow(ScriptedChatModel):
        async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
            began.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise

    call = asyncio.create_task(asolve("What is 6 times 7?", teacher=teacher, student=Slow(script=[])))
    await began.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert ended == ["cancelled"]


async def test_a_node_of_a_parent_with_other_keys(teacher, student):
    parent = parent_of(build_trace_of_thought(teacher, student))
    for result in (parent.invoke({"task": "What is 6 times 7?", "known": "42"}), await parent.ainvoke({"task": "6 times 7?"})):
        assert (result["result"], result["plan"][0]) == ("42", "Multiply 6 by 7.")
    assert result["verdict"] == "consistent"


def test_an_unknown_key_is_refused(student):
    with pytest.raises(ValueError, match="'answr' is not a key of the graph; its keys are question"):
        as_node(build_baseline("standard", student), answr="result")


def test_tokens_and_updates_of_the_child_stream_through_the_parent(teacher, student):
    parent = parent_of(build_trace_of_thought(teacher, student))
    streamed = parent.stream({"task": "6 times 7?"}, stream_mode="messages", subgraphs=True)
    nodes = {meta["langgraph_node"] for _, (_, meta) in streamed}
    assert nodes == {"decompose", "solve"}
    updates = parent.stream({"task": "6 times 7?"}, stream_mode="updates", subgraphs=True)
    assert [name for _, update in updates for name in update] == ["decompose", "review", "solve", "verify", "solve"]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_pause_surfaces_in_the_parent_and_resumes_without_asking_again(teacher, student, tmp_path, depth):
    graph: Any = build_trace_of_thought(teacher, student, review="always")
    for _ in range(depth - 1):
        graph = parent_of(graph)
        outer = StateGraph(TypedDict("Outer", {"question": str, "answer": str}))  # type: ignore[operator]
        outer.add_node("inner", lambda state, config, inner=graph: _rename(inner.invoke({"task": state["question"]}, config)))
        outer.add_edge(START, "inner")
        graph = outer.compile()
    database = str(tmp_path / "checkpoints.sqlite")
    with SqliteSaver.from_conn_string(database) as saver:
        paused = parent_of(graph, saver) if depth == 1 else _with(graph, saver)
        [pause] = paused.invoke({"task": "6 times 7?"} if depth == 1 else {"question": "6 times 7?"}, THREAD)["__interrupt__"]
        assert pause.value["action_requests"][0]["args"]["steps"] == ["Multiply 6 by 7.", "State the product."]
    with SqliteSaver.from_conn_string(database) as saver:
        again = parent_of(graph, saver) if depth == 1 else _with(graph, saver)
        result = again.invoke(Command(resume=APPROVE), THREAD)
    assert result["result" if depth == 1 else "answer"] == "42"
    assert len(teacher.calls) == 1


async def test_a_pause_resumes_from_async_sqlite(teacher, student, tmp_path):
    graph = build_trace_of_thought(teacher, student, review="always")
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "a.sqlite")) as saver:
        parent = parent_of(graph, saver)
        await parent.ainvoke({"task": "6 times 7?"}, THREAD)
        result = await parent.ainvoke(Command(resume=APPROVE), THREAD)
    assert result["result"] == "42"
    assert len(teacher.calls) == 1


def test_the_graph_itself_is_a_node_of_a_parent_with_the_same_keys(teacher, student):
    class Same(TraceInput, TraceOutput, total=False):
        pass

    parent = StateGraph(Same)
    parent.add_node("solve", build_trace_of_thought(teacher, student, review="always"))
    parent.add_edge(START, "solve")
    app = parent.compile(checkpointer=InMemorySaver())
    app.invoke({"question": "What is 6 times 7?", "reference": "42"}, THREAD)
    edit = {"decisions": [{"type": "edit", "edited_action": {"name": "review_steps", "args": {"steps": ["Just multiply."]}}}]}
    result = app.invoke(Command(resume=edit), THREAD)
    assert (result["status"], result["steps"]) == ("correct", ["Just multiply."])
    assert len(teacher.calls) == 1


def test_several_reviews_pend_at_once_in_parallel_branches(student):
    teacher = ScriptedChatModel(script=lambda prompt: f"1. Think about {'six' if 'six' in prompt else 'seven'}.")

    class Many(TypedDict, total=False):
        tasks: list[str]
        results: Annotated[list[str], operator.add]

    class Branch(TypedDict, total=False):
        task: str
        plan: list[str]

    node = as_node(build_trace_of_thought(teacher, student, review="always"), question="task", steps="plan")

    def branch(state: Branch, config: RunnableConfig) -> dict[str, Any]:
        return {"results": [" ".join(node.invoke(state, config)["plan"])]}

    parent = StateGraph(Many)
    parent.add_node("branch", branch)
    parent.add_conditional_edges(START, lambda state: [Send("branch", {"task": task}) for task in state["tasks"]])
    parent.add_edge("branch", END)
    app = parent.compile(checkpointer=InMemorySaver())
    pauses = app.invoke({"tasks": ["six?", "seven?"]}, THREAD)["__interrupt__"]
    steps = {pause.id: pause.value["action_requests"][0]["args"]["steps"] for pause in pauses}
    assert sorted(steps.values()) == [["Think about seven."], ["Think about six."]]

    [first] = [pause for pause, shown in steps.items() if "seven" in shown[0]]
    waiting = app.invoke(Command(resume={first: APPROVE}), THREAD)["__interrupt__"]
    assert [pause.id for pause in waiting] == [pause for pause in steps if pause != first]
    done = app.invoke(Command(resume={waiting[0].id: APPROVE}), THREAD)
    assert done["results"] == ["Think about six.", "Think about seven."]
    assert len(teacher.calls) == 2


def _rename(output: dict[str, Any]) -> dict[str, Any]:
    return {"answer": output["result"]}


def _with(graph: Any, saver: Any) -> Any:
    return graph.builder.compile(checkpointer=saver)
