"""Inside larger applications: our spans nest under theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypedDict

import mlflow
import pytest
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.state import TraceState
from trace_of_thought.tracking.traces.context import handler_of_process

NODES = ["decompose", "review", "solve", "verify"]


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let MLflow send an application's own traces at once: each look into its queue takes up to a second."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")


def children(trace: Any, name: str) -> list[str]:
    span = next(span for span in trace.data.spans if span.name == name)
    inside = [child for child in trace.data.spans if child.parent_id == span.span_id]
    return [child.name for child in sorted(inside, key=lambda child: child.start_time_ns)]


class Task(TypedDict, total=False):
    task: str
    result: str


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_subgraph_is_a_span_in_the_trace_of_its_parent(
    asynchronous: bool, make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    parent = StateGraph(TraceState).add_node("math", make_graph()).add_edge(START, "math").add_edge("math", END)
    graph = parent.compile(name="assistant")
    with tracking.traced("x"):
        problem = {"question": "6 * 7?", "reference": "42"}
        asyncio.run(graph.ainvoke(problem)) if asynchronous else graph.invoke(problem)
    [trace] = traces_in("x")
    assert children(trace, "assistant") == ["math"]
    assert children(trace, "math") == ["trace_of_thought"]
    assert children(trace, "trace_of_thought") == NODES
    judged = [item for item in trace.info.assessments if item.name == "correct"]
    ours = next(span for span in trace.data.spans if span.name == "trace_of_thought")
    assert ours.span_id in [item.span_id for item in judged]
    assert all(item.value is True for item in judged)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_graph_called_in_a_node_of_another_schema_nests(
    asynchronous: bool, make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    inner = make_graph()

    def math(state: Task, config: RunnableConfig) -> Task:
        return {"result": inner.invoke({"question": state["task"]}, config)["answer"]}

    async def amath(state: Task, config: RunnableConfig) -> Task:
        return {"result": (await inner.ainvoke({"question": state["task"]}, config))["answer"]}

    parent = StateGraph(Task).add_node("math", amath if asynchronous else math).add_edge(START, "math")
    graph = parent.compile(name="assistant")
    with tracking.traced("x"):
        result = asyncio.run(graph.ainvoke({"task": "6 * 7?"})) if asynchronous else graph.invoke({"task": "6 * 7?"})
    [trace] = traces_in("x")
    assert result["result"] == "42"
    root = next(span for span in trace.data.spans if span.parent_id is None)
    assert root.inputs == {"task": "6 * 7?"}
    assert children(trace, "math") == ["trace_of_thought"]
    assert children(trace, "trace_of_thought") == NODES


def agent_with(inner: Any) -> Any:
    """Build an agent that asks a graph of ours as its tool, once."""
    from langchain.agents import create_agent
    from langchain_core.tools import tool

    @tool
    async def solve_problem(question: str) -> str:
        """Solve a problem."""
        return (await inner.ainvoke({"question": question}))["answer"]

    class Agent(ScriptedChatModel):
        def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
            return self

        def _reply(self, messages: Any, options: Any) -> AIMessage:
            if messages[-1].type == "tool":
                return AIMessage(f"It is {messages[-1].content}.")
            call = {"name": "solve_problem", "args": {"question": "6 * 7?"}, "id": "1"}
            return AIMessage("", tool_calls=[call])

    return create_agent(Agent(script=[]), [solve_problem])


WISH = {"messages": [("user", "6 * 7?")]}


async def test_a_tool_of_an_agent_nests(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    with tracking.traced("x"):
        done = await agent_with(make_graph()).ainvoke(WISH)
    assert done["messages"][-1].text == "It is 42."
    [trace] = traces_in("x")
    assert children(trace, "solve_problem") == ["trace_of_thought"]
    assert children(trace, "trace_of_thought") == NODES


@pytest.mark.parametrize("asynchronous", [False, True])
def test_spans_nest_under_the_application_s_own_span(
    asynchronous: bool, make_graph: Callable[..., Any], folder: Any, traces_in: Callable[..., Any]
) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("theirs")
    graph = make_graph()
    with tracking.traced("ours"), mlflow.start_span("my agent") as span:
        span.set_inputs({"wish": "6 * 7"})
        problem = {"question": "6 * 7?", "reference": "42"}
        asyncio.run(graph.ainvoke(problem)) if asynchronous else graph.invoke(problem)
    mlflow.flush_trace_async_logging()
    [trace] = traces_in("theirs")
    assert traces_in("ours") == []
    assert children(trace, "my agent") == ["trace_of_thought"]
    assert children(trace, "trace_of_thought") == NODES
    assert "correct" in {item.name for item in trace.info.assessments}


@pytest.mark.parametrize("asynchronous", [False, True])
def test_spans_nest_in_a_traced_function(
    asynchronous: bool, make_graph: Callable[..., Any], folder: Any, traces_in: Callable[..., Any]
) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("theirs")
    graph = make_graph()

    @mlflow.trace
    def answer(question: str) -> str:
        return graph.invoke({"question": question})["answer"]

    @mlflow.trace(name="answer")
    async def answer_soon(question: str) -> str:
        both = await asyncio.gather(*(graph.ainvoke({"question": question}) for _ in range(2)))
        return both[0]["answer"]

    with tracking.traced("ours"):
        assert (asyncio.run(answer_soon("6 * 7?")) if asynchronous else answer("6 * 7?")) == "42"
    mlflow.flush_trace_async_logging()
    [trace] = traces_in("theirs")
    assert traces_in("ours") == []
    assert children(trace, "answer") == ["trace_of_thought"] * (1 + asynchronous)
    assert len(trace.data.spans) == 1 + 7 * (1 + asynchronous)


@pytest.fixture
def autolog(folder: Any) -> Iterator[None]:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("theirs")
    mlflow.langchain.autolog()
    yield
    mlflow.langchain.autolog(disable=True)


async def test_autolog_pauses_in_a_block_and_nothing_is_traced_twice(
    autolog: None, make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    agent = agent_with(make_graph())
    with tracking.traced("ours"), tracking.traced("ours"):
        await agent.ainvoke(WISH)
    mlflow.flush_trace_async_logging()
    assert traces_in("theirs") == []
    [trace] = traces_in("ours")
    assert children(trace, "solve_problem") == ["trace_of_thought"]
    assert children(trace, "trace_of_thought") == NODES


async def test_without_a_block_autolog_has_our_graph_in_its_trace(
    autolog: None, make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    with tracking.traced("ours"):
        pass
    await agent_with(make_graph()).ainvoke(WISH)
    mlflow.flush_trace_async_logging()
    assert traces_in("ours") == []
    [trace] = traces_in("theirs")
    assert children(trace, "solve_problem") == ["trace_of_thought"]
    assert children(trace, "trace_of_thought") == NODES


class InABlock:
    """Runs a graph in a block, as a tool or a node of somebody's agent may do."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    async def ainvoke(self, problem: Any) -> Any:
        with tracking.traced("ours"):
            return await self.graph.ainvoke(problem)

    def invoke(self, problem: Any) -> Any:
        with tracking.traced("ours"):
            return self.graph.invoke(problem)


class WithTheHandler(InABlock):
    """Runs a graph with the handler as a callback."""

    async def ainvoke(self, problem: Any) -> Any:
        return await self.graph.ainvoke(problem, {"callbacks": [tracking.process_handler("ours")]})

    def invoke(self, problem: Any) -> Any:
        return self.graph.invoke(problem, {"callbacks": [tracking.process_handler("ours")]})


@pytest.fixture
def fresh_handler() -> Iterator[None]:
    handler_of_process.cache_clear()
    yield
    tracking.process_handler("ours").store.close()
    handler_of_process.cache_clear()


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("inside", [InABlock, WithTheHandler])
def test_inside_an_agent_that_autolog_traces_the_verdict_is_in_its_trace(
    asynchronous: bool,
    inside: Callable[..., Any],
    autolog: None,
    fresh_handler: None,
    make_graph: Callable[..., Any],
    traces_in: Callable[..., Any],
) -> None:
    graph = inside(make_graph())

    def math(state: Task) -> Task:
        return {"result": graph.invoke({"question": state["task"], "reference": "42"})["answer"]}

    async def amath(state: Task) -> Task:
        return {"result": (await graph.ainvoke({"question": state["task"], "reference": "42"}))["answer"]}

    parent = StateGraph(Task).add_node("math", amath if asynchronous else math).add_edge(START, "math")
    agent = parent.compile(name="assistant")
    for _ in range(2):
        asyncio.run(agent.ainvoke({"task": "6 * 7?"})) if asynchronous else agent.invoke({"task": "6 * 7?"})
    mlflow.flush_trace_async_logging()
    assert traces_in("ours") == []
    traces = traces_in("theirs")
    assert len(traces) == 2
    for trace in traces:
        assert children(trace, "assistant") == ["math"]
        assert children(trace, "math") == ["trace_of_thought"]
        assert children(trace, "trace_of_thought") == NODES
        ours = next(span for span in trace.data.spans if span.name == "trace_of_thought")
        judged = {item.name: (item.value, item.span_id) for item in trace.info.assessments}
        assert judged["correct"] == (True, ours.span_id)
        assert len(judged) == len(trace.info.assessments) == 5


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_handler_takes_the_place_of_autolog_s_tracer(
    asynchronous: bool, autolog: None, fresh_handler: None, make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    graph = make_graph().with_config(callbacks=[tracking.process_handler("ours")])
    asyncio.run(graph.ainvoke({"question": "6 * 7?"})) if asynchronous else graph.invoke({"question": "6 * 7?"})
    make_graph().invoke({"question": "not ours"})
    mlflow.flush_trace_async_logging()
    tracking.process_handler("ours").store.close()
    assert [trace.info.request_preview for trace in traces_in("ours")] == ['{"question": "6 * 7?"}']
    [theirs] = traces_in("theirs")
    assert "not ours" in theirs.info.request_preview


def test_an_application_s_other_traces_are_its_own(
    make_graph: Callable[..., Any], folder: Any, traces_in: Callable[..., Any]
) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("theirs")
    with tracking.traced("ours"):
        make_graph().invoke({"question": "6 * 7?"})
        with mlflow.start_span("something else"):
            pass
    mlflow.flush_trace_async_logging()
    assert [trace.info.tags["mlflow.traceName"] for trace in traces_in("ours")] == ["trace_of_thought"]
    assert [trace.info.tags["mlflow.traceName"] for trace in traces_in("theirs")] == ["something else"]


def test_parallel_branches_keep_their_own_spans(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    def fan(state: Task) -> list[Send]:
        return [Send("math", {"question": f"problem {number}"}) for number in range(5)]

    parent = StateGraph(Task).add_node("math", make_graph()).add_conditional_edges(START, fan, ["math"])
    with tracking.traced("x"):
        parent.compile(name="assistant").invoke({"task": "many"})
    [trace] = traces_in("x")
    graphs = [span for span in trace.data.spans if span.name == "trace_of_thought"]
    assert sorted(span.inputs["question"] for span in graphs) == [f"problem {number}" for number in range(5)]
    for graph in graphs:
        nodes = [span for span in trace.data.spans if span.parent_id == graph.span_id]
        assert sorted(span.name for span in nodes) == sorted(NODES)
        assert {span.inputs["question"] for span in nodes} == {graph.inputs["question"]}
