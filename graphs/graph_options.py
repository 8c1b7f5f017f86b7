"""The options of graphs. Every builder, `solve` and `asolve` take them as keyword arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

from .methods import is_ladder

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from ..nodes.review import Policy
    from ..nodes.solving.ways import ModeName
    from ..prompts import PromptSet
    from ..prompts.examples import Choice
    from ..verification import Verdict, Verifier
    from .ladder import Rung


class SolveOptions(TypedDict, total=False):
    """Options of every method."""

    prompts: str | Path | Mapping[str, str] | PromptSet
    """Prompt set, see `load_prompts`. Default: "default"."""
    samples: int
    """Solutions per problem; the majority answer wins (self-consistency). Default: 1."""
    shots: int
    """Number of few-shot examples shown before the question. Default: 0."""
    shots_by: Choice
    """How examples are chosen: "first" (in order, default), "random" (by `shots_seed`) or "similar" (to the question)."""
    shots_seed: int
    """Seed of a random choice of examples. Default: 0."""
    max_attempts: int
    """Maximum attempts per problem; a retry happens when no answer is found or the arithmetic is wrong. Default: 1."""
    verifier: Verifier | Callable[..., Verdict | bool | str] | None
    """Finds, compares and judges answers of domains beyond mathematics: shipped, or a function, see `as_verifier`."""
    checkpointer: BaseCheckpointSaver | bool | None
    """LangGraph checkpointer for paused runs."""
    context_schema: type | None
    """Schema of the run context, for servers that show it."""


class GraphOptions(SolveOptions, total=False):
    """Options of trace_of_thought."""

    mode: ModeName
    """How the student uses the teacher: "joint" (default), "sequential", "program" or "hint"."""
    escalate: str | Sequence[Rung] | None
    """A ladder instead of a mode: the student starts alone, and the teacher is called only on doubt."""
    hint_share: float | None
    """Mode "hint": share of the teacher's solution that the student continues. Default: 0.3; None means the first step."""
    review: Policy
    """Which plans a human reviews before solving: "never" (default), "flagged", "always", or a function of the state."""
    max_revisions: int
    """How often the teacher writes new steps after a rejection. Default: 2."""
    structured: bool | None
    """Whether to ask the teacher for its steps as JSON. Default: None, which asks models that support it."""


_SOLVE = frozenset(SolveOptions.__annotations__)
_ALL = frozenset(GraphOptions.__annotations__) | _SOLVE


def check_options(options: Mapping[str, Any], *, taught: bool, method: str = "trace_of_thought") -> None:
    """Raise on options that do not apply. Ignoring them would make them seem to work.

    Raises:
        TypeError: an option is unknown, or the method has no teacher that it could apply to.
    """
    for name in options:
        if name not in _ALL:
            raise TypeError(f"option {name!r} is unknown; use {', '.join(sorted(_ALL))}")
        if not taught and name not in _SOLVE:
            raise TypeError(f"option {name!r} needs a teacher, and method {method!r} has none; leave it out")


def mode_options(mode: str) -> GraphOptions:
    """Return the options for a mode as it is written on a command line: one of the modes, or a ladder."""
    return GraphOptions(escalate=mode) if is_ladder(mode) else GraphOptions(mode=mode)  # type: ignore[typeddict-item]
