"""The baselines: the same solve and verify nodes without a teacher."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from langchain_core.language_models import BaseChatModel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph

from ..models.load import as_chat_model
from ..nodes.solve import Baseline, check_choice, make_baseline
from ..nodes.state import TraceInput, TraceOutput, TraceState
from ..nodes.verify import Verifier, make_verify
from ..prompts import PromptSet, load_prompts
from .trace_of_thought import after_verify
from .typed_graph import TraceGraph

BASELINES: tuple[str, ...] = get_args(Baseline)


def build_baseline(
    method: Baseline,
    student: BaseChatModel | str,
    *,
    prompts: str | Path | Mapping[str, str] | PromptSet = "default",
    samples: int = 1,
    max_attempts: int = 1,
    verifier: Verifier | None = None,
    checkpointer: BaseCheckpointSaver[Any] | bool | None = None,
    context_schema: type | None = None,
) -> TraceGraph:
    """Build START -> solve -> verify -> END for a method without a teacher.

    Args:
        method: "standard" (the question alone), "chain_of_thought" (Kojima et al. 2022) or "plan_and_solve"
            (Wang et al. 2023).
        student: a chat model, or what `load_chat_model` takes.
        prompts: see `load_prompts`.
        samples: solutions to vote over.
        max_attempts: how often the student may try, on signals that do not use the reference.
        verifier: gives the verdict, in place of `verify_answer`; for domains beyond mathematics.
        checkpointer: where the state is kept, if anywhere.
        context_schema: of the context that a run may be given, for servers that show it.

    Raises:
        ValueError: an argument is unknown or out of range.
    """
    check_choice("method", method, BASELINES)
    solve = make_baseline(as_chat_model(student), load_prompts(prompts), method, samples=samples)
    graph = StateGraph(TraceState, input_schema=TraceInput, output_schema=TraceOutput, context_schema=context_schema)
    graph.add_node("solve", solve)
    graph.add_node("verify", make_verify(max_attempts, verifier))
    graph.add_edge(START, "solve")
    graph.add_edge("solve", "verify")
    graph.add_conditional_edges("verify", after_verify)
    compiled = graph.compile(name=method, checkpointer=checkpointer)
    return cast(TraceGraph, compiled.with_config(recursion_limit=10 + 2 * max_attempts))
