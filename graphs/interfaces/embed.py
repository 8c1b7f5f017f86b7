"""A graph as a function (`solve`, `asolve`), and as a node of a parent graph whose state has other keys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_type_hints

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from langgraph.graph.state import CompiledStateGraph
from typing_extensions import Unpack

from ...nodes.asking.checkpointer import refuse_checkpointer
from ...nodes.state import Escalation, Flag, Program, Solution, Status, TraceInput, TraceOutput, Usage
from ..graph_options import GraphOptions
from ..trace_of_thought import build_trace_of_thought


@dataclass(frozen=True)
class TraceResult:
    """The result of `solve`: the fields of `TraceOutput` that say how a question was solved."""

    answer: str | None
    status: Status
    steps: list[str]
    solution: str
    program: Program | None = None
    flags: list[Flag] = field(default_factory=list)
    solutions: list[Solution] = field(default_factory=list)
    agreement: float = 1.0
    attempts: int = 1
    rung: str = ""
    escalations: list[Escalation] = field(default_factory=list)
    verdict: dict[str, Any] = field(default_factory=dict)
    check: dict[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=dict)


def solve(
    question: str,
    *,
    teacher: BaseChatModel | str,
    student: BaseChatModel | str,
    reference: str | None = None,
    problem_id: str = "",
    domain: str = "",
    config: RunnableConfig | None = None,
    **options: Unpack[GraphOptions],
) -> TraceResult:
    r"""Solve one question: the teacher writes steps, the student follows them, the answer is verified.

    A model given by name is loaded for this call only. For several calls, load it once with `load_chat_model`.

    Args:
        question: the problem in words.
        teacher: a chat model, its name as for `load_chat_model`, or "self" for the student.
        student: a chat model, or its name.
        reference: the known answer. Without it, the status says whether the solution's arithmetic holds.
        problem_id: name of the problem in traces.
        domain: subject area in traces.
        config: a LangChain config, for callbacks and tags.
        **options: options of the graph, see `GraphOptions`. Review is refused, because one call cannot pause.

    Raises:
        TypeError: an option is unknown.
        ValueError: the question is empty or too long, an option is out of range, or review is requested.
        ModelError: a model failed; the message names the model, the problem and the fix.

    Example:
        ```python
        from trace_of_thought import solve
        from trace_of_thought.models import ScriptedChatModel

        teacher = ScriptedChatModel(script=["1. Multiply 6 by 7."])
        student = ScriptedChatModel(script=["6 * 7 = 42\nAnswer: 42"])
        assert solve("What is 6 * 7?", teacher=teacher, student=student, reference="42").status == "correct"
        ```
    """
    _refuse_review(options)
    graph = build_trace_of_thought(teacher, student, **options)
    return _result(graph.invoke(_problem(question, problem_id, reference, domain), config))


async def asolve(
    question: str,
    *,
    teacher: BaseChatModel | str,
    student: BaseChatModel | str,
    reference: str | None = None,
    problem_id: str = "",
    domain: str = "",
    config: RunnableConfig | None = None,
    **options: Unpack[GraphOptions],
) -> TraceResult:
    """Solve one question without blocking the event loop; see `solve`. Cancelling it stops the model calls."""
    _refuse_review(options)
    # a model given by name is loaded, which must not block the loop
    graph = await asyncio.to_thread(build_trace_of_thought, teacher, student, **options)
    return _result(await graph.ainvoke(_problem(question, problem_id, reference, domain), config))


def as_node(
    graph: CompiledStateGraph[Any, Any, Any, Any], *, question: str = "question", answer: str = "answer", **keys: str
) -> Runnable[Any, dict[str, Any]]:
    """Return a node that runs one of our graphs in a parent graph whose state has other keys.

    A review pauses the parent and is resumed there, without calling the teacher again: compile the parent with a checkpointer
    and the graph without one. A parent with the same keys needs no wrapper: `add_node("solve", graph)`.

    Args:
        graph: a graph from one of the builders.
        question: key of the parent's state that holds the problem.
        answer: key of the parent's state that gets the answer.
        **keys: further keys of `TraceInput` and `TraceOutput`, each with the parent's name for it, such as
            `reference="known"`, `steps="plan"`, `status="verdict"`. Inputs that the parent's state lacks are left out.

    Raises:
        ValueError: a key is unknown, or the graph has a checkpointer. In a run: the parent's state has no question.

    Example:
        ```python
        from typing import TypedDict

        from langgraph.graph import END, START, StateGraph
        from trace_of_thought import as_node, build_baseline
        from trace_of_thought.models import ScriptedChatModel

        graph = build_baseline("standard", ScriptedChatModel(script=["Answer: 42"]))
        parent = StateGraph(TypedDict("Parent", {"task": str, "result": str}))
        parent.add_node("solve", as_node(graph, question="task", answer="result"))
        parent.add_edge(START, "solve")
        assert parent.compile().invoke({"task": "What is 6 * 7?"})["result"] == "42"
        ```
    """
    refuse_checkpointer(graph)
    inputs, outputs = get_type_hints(TraceInput), get_type_hints(TraceOutput)
    names = {"question": question, "answer": answer, **keys}
    if unknown := [key for key in names if key not in {**inputs, **outputs}]:
        raise ValueError(f"{unknown[0]!r} is not a key of the graph; its keys are {', '.join({**inputs, **outputs})}")
    takes = {key: name for key, name in names.items() if key in inputs}
    gives = {key: name for key, name in names.items() if key not in inputs}

    def put_in(state: Mapping[str, Any]) -> dict[str, Any]:
        if question not in state:
            known = ", ".join(map(repr, state)) or "nothing"
            raise ValueError(f"the parent's state has no {question!r} to solve; it has {known}")
        return {key: state[name] for key, name in takes.items() if name in state}

    def take_out(output: Mapping[str, Any]) -> dict[str, Any]:
        return {name: output.get(key) for key, name in gives.items()}

    def call(state: Any, config: RunnableConfig) -> dict[str, Any]:
        return take_out(graph.invoke(put_in(state), config))

    async def acall(state: Any, config: RunnableConfig) -> dict[str, Any]:
        return take_out(await graph.ainvoke(put_in(state), config))

    return RunnableLambda(call, acall, name=graph.name)


def _refuse_review(options: GraphOptions) -> None:
    review = options.get("review", "never")
    if review != "never":
        raise ValueError(
            f"review={review!r} would pause, and one call cannot be resumed: use build_trace_of_thought(..., review=..., "
            "checkpointer=...) and resume the run with Command(resume=...)"
        )


def _problem(question: str, problem_id: str, reference: str | None, domain: str) -> TraceInput:
    given = {"problem_id": problem_id, "reference": reference, "domain": domain}
    return TraceInput(question=question, **{key: value for key, value in given.items() if value not in (None, "")})  # type: ignore[typeddict-item]


def _result(output: Mapping[str, Any]) -> TraceResult:
    return TraceResult(**{part.name: output[part.name] for part in fields(TraceResult) if part.name in output})
