"""One builder for every method."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel
from typing_extensions import Unpack

from .baselines import build_baseline
from .methods import TAUGHT, method_named
from .options import GraphOptions
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
        method: see `graphs.methods.method_names`.
        student: a chat model, or what `load_chat_model` takes.
        teacher: the same, or "self" for the student; needed by methods with a teacher, and ignored by no other.
        **options: see `GraphOptions`.

    Raises:
        TypeError: an option is unknown, or does not apply to the method.
        ValueError: the method is unknown, lacks its teacher, or is given one that it would not ask.
    """
    taught = method_named(method).taught
    if taught and teacher is None:
        raise ValueError(f"method {method!r} needs a teacher; give one, or teacher='self' for the student itself")
    if not taught and teacher is not None:
        raise ValueError(f"method {method!r} asks no teacher; leave teacher out, or use {TAUGHT!r}")
    if teacher is None:
        return build_baseline(method, student, **options)  # type: ignore[misc]
    return build_trace_of_thought(teacher, student, **options)
