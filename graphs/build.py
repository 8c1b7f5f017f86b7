"""Build the graph of any method by name."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel
from typing_extensions import Unpack

from .baselines import build_baseline
from .graph_options import GraphOptions
from .methods import TAUGHT, method_named
from .trace_of_thought import build_trace_of_thought
from .typed_graph import TraceGraph


def build_graph(
    method: str = TAUGHT,
    *,
    student: BaseChatModel | str,
    teacher: BaseChatModel | str | None = None,
    **options: Unpack[GraphOptions],
) -> TraceGraph:
    """Build the graph of a method by its name.

    Args:
        method: name of a method, see `graphs.methods.method_names`.
        student: a chat model, or its name as for `load_chat_model`.
        teacher: a chat model, its name, or "self" for the student. Methods with a teacher require it, others refuse it.
        **options: options of the graph, see `GraphOptions`.

    Raises:
        TypeError: an option is unknown or does not apply to the method.
        ValueError: the method is unknown, needs a teacher, or would not use the given one.
    """
    taught = method_named(method).taught
    if taught and teacher is None:
        raise ValueError(f"method {method!r} needs a teacher; give one, or teacher='self' for the student itself")
    if not taught and teacher is not None:
        raise ValueError(f"method {method!r} has no teacher; leave teacher out, or use {TAUGHT!r}")
    if teacher is None:
        return build_baseline(method, student, **options)  # type: ignore[misc]
    return build_trace_of_thought(teacher, student, **options)
