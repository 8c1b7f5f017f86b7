"""The Trace-of-Thought graph: decompose, review, solve, verify (McDonald and Emami 2024, arXiv 2504.20946)."""

from __future__ import annotations

from typing import cast

from langchain_core.language_models import BaseChatModel
from langgraph.graph import START
from typing_extensions import Unpack

from ..models.load import as_chat_model
from ..nodes.asking.continuing import continue_options
from ..nodes.decompose import make_decompose
from ..nodes.hint import make_hint
from ..nodes.review import make_review
from ..nodes.solve import make_solve
from ..nodes.solving.ways import HINT_SHARE, WAYS
from ..nodes.verify import make_verify
from ..prompts import load_prompts
from ..verification import as_verifier
from .graph_options import GraphOptions, check_options
from .methods import MODES, TAUGHT
from .parts import add_route, after_review, after_verify, check_no_steps, new_graph, shots_of
from .typed_graph import TraceGraph


def build_trace_of_thought(
    teacher: BaseChatModel | str, student: BaseChatModel | str, **options: Unpack[GraphOptions]
) -> TraceGraph:
    r"""Build the Trace-of-Thought graph: START -> decompose -> review -> solve -> verify -> END.

    The graph works with `invoke`, `ainvoke`, `stream`, `astream` and `abatch`, as a subgraph and as a tool. Its input is a
    `TraceInput`, its output a `TraceOutput`.

    Args:
        teacher: a chat model, its name as for `load_chat_model`, or "self" for the student.
        student: a chat model, or its name.
        **options: options of the graph, see `GraphOptions`; for example `mode="program"`, `samples=5`, `shots=3`,
            `review="flagged"`, `escalate="program_of_thought > program > teacher"`.

    Raises:
        TypeError: an option is unknown.
        ValueError: an option is out of range.
        ModelError: when the graph runs: a model failed; the message names the model, the problem and the fix.

    Example:
        ```python
        from trace_of_thought import build_trace_of_thought
        from trace_of_thought.models import ScriptedChatModel

        teacher = ScriptedChatModel(script=["1. Multiply 6 by 7.\n2. State the product."])
        student = ScriptedChatModel(script=["6 * 7 = 42\nAnswer: 42"])
        graph = build_trace_of_thought(teacher, student)
        result = graph.invoke({"question": "What is 6 * 7?", "reference": "42"})
        assert result["status"] == "correct"
        ```
    """
    check_options(options, taught=True)
    taught_by_itself = isinstance(teacher, str) and teacher in ("self", student)
    student = as_chat_model(student)
    teacher = student if taught_by_itself else as_chat_model(teacher)
    if ladder := options.get("escalate"):
        from .escalation import build_escalation  # needed by ladders alone

        if "mode" in options:
            raise ValueError(f"mode={options['mode']!r} does not apply to a ladder: its rungs are the modes; leave mode out")

        return build_escalation(teacher, student, ladder, options)
    mode = options.get("mode", "joint")
    if mode not in MODES:
        raise ValueError(f"mode={mode!r} is unknown; use one of {', '.join(map(repr, MODES))}, or a ladder as escalate=")
    return _build(teacher, student, mode, options)


def _build(teacher: BaseChatModel, student: BaseChatModel, mode: str, options: GraphOptions) -> TraceGraph:
    """Wire the nodes of one mode: the teacher's lesson (steps with review, or a hint), then solve and verify."""
    prompts, way = load_prompts(options.get("prompts", "default")), WAYS[mode]
    review, revisions, attempts = (
        options.get("review", "never"),
        options.get("max_revisions", 2),
        options.get("max_attempts", 1),
    )
    verifier = as_verifier(options.get("verifier"))
    graph = new_graph(options)
    graph.add_node(
        "solve",
        make_solve(
            student, prompts, way, samples=options.get("samples", 1), shots=shots_of(options, prompts), verifier=verifier
        ),
    )
    graph.add_node("verify", make_verify(attempts, verifier, prompts=prompts, way=way))
    if way.lesson == "solution":
        check_no_steps(options, f"mode {mode!r}")
        continue_options(student)
        graph.add_node("hint", make_hint(teacher, prompts, options.get("hint_share", HINT_SHARE)))
        graph.add_edge(START, "hint")
        graph.add_edge("hint", "solve")
    else:
        structured = options.get("structured")
        graph.add_node("decompose", make_decompose(teacher, prompts, reviewed=review != "never", structured=structured))
        graph.add_node("review", make_review(review, max_revisions=revisions))
        graph.add_edge(START, "decompose")
        graph.add_edge("decompose", "review")
        add_route(graph, "review", after_review)
    graph.add_edge("solve", "verify")
    add_route(graph, "verify", after_verify)
    compiled = graph.compile(name=TAUGHT, checkpointer=options.get("checkpointer"))
    # LangGraph counts a step for each node; its default limit of 25 would end a run with many attempts
    return cast(TraceGraph, compiled.with_config(recursion_limit=10 + 2 * (attempts + revisions)))
