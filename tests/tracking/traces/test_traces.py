"""What a user finds in a trace, however the graph was run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.callbacks import dispatch_custom_event
from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph

from trace_of_thought import tracking
from trace_of_thought.models import ScriptedChatModel
from trace_of_thought.nodes.state import TraceState

TREE = [
    ("trace_of_thought", "WORKFLOW", None),
    ("decompose", "CHAIN", "trace_of_thought"),
    ("gpt-4.1", "CHAT_MODEL", "decompose"),
    ("review", "CHAIN", "trace_of_thought"),
    ("solve", "CHAIN", "trace_of_thought"),
    ("small", "CHAT_MODEL", "solve"),
    ("verify", "CHAIN", "trace_of_thought"),
]


def teacher() -> ScriptedChatModel:
    return Named(script=lambda prompt: "Multiply.\nState it.", model_name="gpt-4.1")


def student(script: Any = None) -> ScriptedChatModel:
    return Named(script=script or (lambda prompt: "6 * 7 = 42\nAnswer: 42"), model_name="small")


class Named(ScriptedChatModel):
    """Says its model name to callbacks, as real models do."""

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        return {"ls_model_name": self.model_name, "ls_provider": "openai", "ls_model_type": "chat"}


def tree(trace: Any) -> list[tuple[str, str, str | None]]:
    names = {span.span_id: span.name for span in trace.data.spans}
    ordered = sorted(trace.data.spans, key=lambda span: span.start_time_ns)
    return [(span.name, span.span_type, names.get(span.parent_id)) for span in ordered]


def span_of(trace: Any, name: str) -> Any:
    return next(span for span in trace.data.spans if span.name == name)


def one_by_one(graph: Any, problems: list[dict[str, Any]]) -> None:
    for problem in problems:
        graph.invoke(problem)


def in_threads(graph: Any, problems: list[dict[str, Any]]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(graph.invoke, problems))


def as_tasks(graph: Any, problems: list[dict[str, Any]]) -> None:
    async def gather() -> None:
        await asyncio.gather(*(graph.ainvoke(problem) for problem in problems))

    asyncio.run(gather())


def as_async_batch(graph: Any, problems: list[dict[str, Any]]) -> None:
    asyncio.run(graph.abatch(problems, {"max_concurrency": 64}))


def streamed(graph: Any, problems: list[dict[str, Any]]) -> None:
    for problem in problems:
        list(graph.stream(problem, stream_mode=["messages", "updates"]))


@pytest.mark.parametrize("run", [one_by_one, in_threads, as_tasks, as_async_batch, streamed])
def test_every_way_to_run_gives_one_whole_trace_a_problem(
    run: Callable[[Any, Any], None], make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    graph = make_graph(student(), teacher=teacher())
    problems = [{"question": f"What is 6 * 7? ({number})", "reference": "42"} for number in range(6)]
    with tracking.traced("all ways"):
        run(graph, problems)
    traces = traces_in("all ways")
    assert sorted(trace.info.request_preview for trace in traces) == sorted(
        f'{{"question": "{problem["question"]}"}}' for problem in problems
    )
    assert all(tree(trace) == TREE for trace in traces)
    assert {trace.info.state.value for trace in traces} == {"OK"}


def test_a_trace_shows_problem_answer_messages_tokens_and_cost(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    with tracking.traced("x"):
        make_graph(student(), teacher=teacher()).invoke({"question": "6 * 7?", "reference": "42", "problem_id": "p1"})
    [trace] = traces_in("x")
    root, chat = span_of(trace, "trace_of_thought"), span_of(trace, "gpt-4.1")
    assert root.inputs == {"question": "6 * 7?"}
    assert root.outputs == {"answer": "42", "status": "correct"}
    assert trace.info.tags["problem_id"] == "p1"
    assert chat.inputs["messages"] == [{"role": "user", "content": "6 * 7?"}]
    assert chat.outputs["choices"][0]["message"]["content"] == "Multiply.\nState it."
    assert chat.outputs["choices"][0]["finish_reason"] == "stop"
    assert chat.get_attribute("mlflow.chat.tokenUsage") == {"input_tokens": 3, "output_tokens": 3, "total_tokens": 6}
    assert (
        trace.info.token_usage["total_tokens"]
        == 6 + span_of(trace, "small").get_attribute("mlflow.chat.tokenUsage")["total_tokens"]
    )
    assert chat.llm_cost["total_cost"] > 0
    assert span_of(trace, "solve").inputs["steps"] == ["Multiply.", "State it."]
    assert span_of(trace, "verify").outputs["status"] == "correct"


def test_how_the_student_made_its_reply_is_shown(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    class Batched(Named):
        def _reply(self, messages: Any, options: Any) -> Any:
            reply = super()._reply(messages, options)
            reply.response_metadata |= {"engine": "continuous", "batch_size": 17, "logprobs": {"big": [1] * 99}}
            return reply

    with tracking.traced("x"):
        make_graph(Batched(script=lambda prompt: "Answer: 42", model_name="small"), teacher=teacher()).invoke({"question": "q"})
    attributes = span_of(traces_in("x")[0], "small").attributes
    assert attributes["response.engine"] == "continuous"
    assert attributes["response.batch_size"] == 17
    assert "response.logprobs" not in attributes


def test_judgements_are_attached(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    leaking = Named(script=lambda prompt: "Say 42.", model_name="gpt-4.1")
    with tracking.traced("x"):
        make_graph(student(lambda prompt: "Answer: 41"), teacher=leaking).invoke({"question": "6 * 7?", "reference": "42"})
    [trace] = traces_in("x")
    made = {item.name: item for item in trace.info.assessments}
    assert {name: item.value for name, item in made.items()} == {
        "status": "incorrect",
        "correct": False,
        "reference": "42",
        "leakage": "answer_in_steps",
        "step_check": "consistent",
    }
    assert made["correct"].source.source_type == "CODE"
    assert made["reference"].expectation is not None
    assert "42" in made["leakage"].rationale


def test_without_a_reference_nothing_is_called_correct(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    with tracking.traced("x"):
        make_graph().invoke({"question": "6 * 7?"})
    assert {item.name for item in traces_in("x")[0].info.assessments} == {"status", "leakage", "step_check"}


def test_a_failing_student_gives_a_failed_trace_with_the_error(
    make_graph: Callable[..., Any], traces_in: Callable[..., Any]
) -> None:
    failing = student([TimeoutError("no reply in 60 s")])
    with tracking.traced("x"), pytest.raises(TimeoutError):
        make_graph(failing, teacher=teacher()).invoke({"question": "q"})
    [trace] = traces_in("x")
    assert trace.info.state.value == "ERROR"
    for name in ("small", "solve", "trace_of_thought"):
        event = span_of(trace, name).events[-1]
        assert (event.name, event.attributes["exception.message"]) == ("exception", "no reply in 60 s")
    assert span_of(trace, "decompose").status.status_code.value == "OK"


def test_a_cancelled_run_gives_a_closed_trace(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    async def cancel() -> None:
        started = asyncio.Event()

        class Slow(Named):
            async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
                started.set()
                await asyncio.sleep(60)

        async def solve(state: TraceState, config: RunnableConfig) -> dict[str, Any]:
            await Slow(script=[], model_name="small").ainvoke("q", config)
            return {}

        graph = StateGraph(TraceState).add_node("solve", solve).add_edge(START, "solve").compile(name="slow")
        task = asyncio.create_task(graph.ainvoke({"question": "q"}))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with tracking.traced("x"):
        asyncio.run(cancel())
    [trace] = traces_in("x")
    assert trace.info.state.value == "ERROR"
    assert {span.name for span in trace.data.spans} == {"slow", "solve", "small"}
    assert all(span.end_time_ns for span in trace.data.spans)


def test_retries_are_events(traces_in: Callable[..., Any]) -> None:
    def solve(state: TraceState, config: RunnableConfig) -> dict[str, Any]:
        dispatch_custom_event("retry", {"attempt": 2, "error": "HTTP 429"}, config=config)
        return {"solution": "x"}

    graph = StateGraph(TraceState).add_node("solve", solve).add_edge(START, "solve").add_edge("solve", END).compile(name="g")
    with tracking.traced("x"):
        graph.invoke({"question": "q", "retry_reason": "no final answer was given."})
    events = {(event.name, tuple(event.attributes.values())) for event in span_of(traces_in("x")[0], "solve").events}
    assert events == {("retry", ("no final answer was given.",)), ("retry", (2, "HTTP 429"))}


def test_the_trace_id_follows_from_the_run_id(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    run_id = uuid4()
    with tracking.traced("x"):
        make_graph().invoke({"question": "q"}, {"run_id": run_id})
    assert traces_in("x")[0].info.trace_id == tracking.trace_id(run_id)


def test_huge_and_hostile_texts_arrive(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    huge = "x" * 200_000 + " \x00 \ud800 \u202e <script>alert(1)</script> {{braces}} Answer: 42"
    with tracking.traced("x"):
        make_graph(student(lambda prompt: huge), teacher=teacher()).invoke({"question": "q\x00\udfff", "reference": "42"})
    [trace] = traces_in("x")
    said = span_of(trace, "small").outputs["choices"][0]["message"]["content"]
    assert len(said) == len(huge)
    assert said.endswith("<script>alert(1)</script> {{braces}} Answer: 42")
    assert trace.info.state.value == "OK"


def test_a_cached_reply_costs_nothing(make_graph: Callable[..., Any], traces_in: Callable[..., Any]) -> None:
    from langchain_core.caches import InMemoryCache

    graph = make_graph(student(), teacher=Named(script=["Multiply."], model_name="gpt-4.1", cache=InMemoryCache()))
    with tracking.traced("x"):
        for _ in range(2):
            graph.invoke({"question": "6 * 7?"})
    again, first = (span_of(trace, "gpt-4.1") for trace in traces_in("x"))
    assert first.llm_cost["total_cost"] > 0
    assert again.get_attribute("cached") is True
    assert again.llm_cost["total_cost"] == 0
