"""Methods without a teacher: the same solve and verify nodes, with nothing before them."""

from __future__ import annotations

from typing import cast

from langchain_core.language_models import BaseChatModel
from langgraph.graph import START
from typing_extensions import Unpack

from ..models.load import as_chat_model
from ..nodes.solve import is_first_attempt, make_solve
from ..nodes.verify import make_verify
from ..prompts import load_prompts
from ..verification import as_verifier
from .graph_options import SolveOptions, check_options
from .methods import method_named
from .parts import add_route, after_verify, new_graph, shots_of
from .typed_graph import TraceGraph


def build_baseline(method: str, student: BaseChatModel | str, **options: Unpack[SolveOptions]) -> TraceGraph:
    """Build the graph of a method without a teacher: START -> solve -> verify -> END.

    Args:
        method: "standard" (the question alone), "chain_of_thought" (Kojima et al. 2022), "plan_and_solve" (Wang et al. 2023),
            "program_of_thought" (Gao et al. 2022), or a method of your own, see `register_method`.
        student: a chat model, or its name as for `load_chat_model`.
        **options: options of the graph, see `SolveOptions`.

    Raises:
        TypeError: an option is unknown or needs a teacher.
        ValueError: an option is out of range, or the method is unknown or has a teacher.
    """
    check_options(options, taught=False, method=method)
    chosen = method_named(method)
    if chosen.taught:
        raise ValueError(f"method {method!r} needs a teacher: use build_trace_of_thought, or build_graph(teacher=...)")
    [way] = chosen.ways.values()
    attempts, verifier = options.get("max_attempts", 1), as_verifier(options.get("verifier"))
    prompts = load_prompts(options.get("prompts", "default"))
    solve = make_solve(
        as_chat_model(student),
        prompts,
        way,
        samples=options.get("samples", 1),
        shots=shots_of(options, prompts),
        verifier=verifier,
        starts=is_first_attempt,
    )
    graph = new_graph(options)
    graph.add_node("solve", solve)
    graph.add_node("verify", make_verify(attempts, verifier, prompts=prompts, way=way))
    graph.add_edge(START, "solve")
    graph.add_edge("solve", "verify")
    add_route(graph, "verify", after_verify)
    compiled = graph.compile(name=method, checkpointer=options.get("checkpointer"))
    # LangGraph counts a step for each node; its default limit of 25 would end a run with many attempts
    return cast(TraceGraph, compiled.with_config(recursion_limit=10 + 2 * attempts))
