"""The Trace-of-Thought graph: decompose, review, solve, verify (McDonald and Emami 2024, arXiv 2504.20946)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from ..models.load import as_chat_model
from ..nodes.decompose import make_decompose
from ..nodes.review import Policy, make_review
from ..nodes.solve import Mode, make_solve
from ..nodes.state import TraceInput, TraceOutput, TraceState
from ..nodes.verify import Verifier, make_verify
from ..prompts import PromptSet, load_prompts


def build_trace_of_thought(
    teacher: BaseChatModel | str,
    student: BaseChatModel | str,
    *,
    prompts: str | Path | Mapping[str, str] | PromptSet = "default",
    review: Policy = "never",
    mode: Mode = "joint",
    samples: int = 1,
    max_attempts: int = 1,
    max_revisions: int = 2,
    structured: bool | None = None,
    verifier: Verifier | None = None,
    checkpointer: BaseCheckpointSaver | bool | None = None,
    context_schema: type | None = None,
) -> CompiledStateGraph[Any, Any, Any, Any]:
    r"""Build the state machine START -> decompose -> review -> solve -> verify -> END.

    Works with `invoke`, `ainvoke`, `stream`, `astream`, `abatch`, as a subgraph and as a tool. Input: `TraceInput`; output:
    `TraceOutput`.

    Args:
        teacher: a chat model, what `load_chat_model` takes, or "self" for the student.
        student: a chat model, or what `load_chat_model` takes.
        prompts: see `load_prompts`.
        review: who reviews the steps: "never", "always", "flagged", or a function of the state; all but "never" need a
            checkpointer, here or in a parent graph.
        mode: "joint" (all steps in one prompt, as in the paper) or "sequential" (one step at a time).
        samples: solutions to vote over.
        max_attempts: how often the student may try, on signals that do not use the reference.
        max_revisions: how often a rejection may send the teacher back to work.
        structured: whether the teacher is asked for its steps as JSON with a schema; None asks those whose profile says that
            they give structured output. A server that refuses is asked for text.
        verifier: gives the verdict, in place of `verify_answer`; for domains beyond mathematics.
        checkpointer: where paused runs are kept.
        context_schema: of the context that a run may be given, for servers that show it.

    Raises:
        ValueError: an argument is unknown or out of range. A run raises `ModelError` when a model fails.

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
    prompt_set = load_prompts(prompts)
    taught_by_itself = isinstance(teacher, str) and teacher in ("self", student)
    student = as_chat_model(student)
    teacher = student if taught_by_itself else as_chat_model(teacher)
    graph = StateGraph(TraceState, input_schema=TraceInput, output_schema=TraceOutput, context_schema=context_schema)
    graph.add_node("decompose", make_decompose(teacher, prompt_set, reviewed=review != "never", structured=structured))
    graph.add_node("review", make_review(review, max_revisions=max_revisions))
    graph.add_node("solve", make_solve(student, prompt_set, mode=mode, samples=samples))
    graph.add_node("verify", make_verify(max_attempts, verifier))
    graph.add_edge(START, "decompose")
    graph.add_edge("decompose", "review")
    graph.add_conditional_edges("review", after_review)
    graph.add_edge("solve", "verify")
    graph.add_conditional_edges("verify", after_verify)
    compiled = graph.compile(name="trace_of_thought", checkpointer=checkpointer)
    return compiled.with_config(recursion_limit=10 + 2 * (max_attempts + max_revisions))


def after_review(state: TraceState) -> Literal["decompose", "solve"]:
    """Send rejected steps back to the teacher."""
    return "decompose" if state.get("rejected") else "solve"


def after_verify(state: TraceState) -> Literal["solve", "__end__"]:
    """Let the student try again where verify gives a reason for it."""
    return "solve" if state["retry_reason"] else "__end__"
