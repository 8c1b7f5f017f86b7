"""What a graph may be built with; every builder, `solve`, `asolve` and the tool take these by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from ..nodes.review import Policy
    from ..nodes.verify import Verifier
    from ..prompts import PromptSet
    from ..prompts.examples import Choice
    from .ladder import Rung


class SolveOptions(TypedDict, total=False):
    """Options of every method."""

    prompts: str | Path | Mapping[str, str] | PromptSet
    """A prompt set, see `load_prompts`; "default" unless given."""
    samples: int
    """k of self-consistency, a majority vote over k samples; 1 unless given."""
    shots: int
    """Few-shot examples of the prompt set that are shown before the question; 0 unless given."""
    shots_by: Choice
    """How they are chosen: "first" (in order, the default), "random" (by `shots_seed`) or "similar" (to the question)."""
    shots_seed: int
    """Seed of a random choice; 0 unless given."""
    max_attempts: int
    """Attempts of the student; a retry happens on signals that do not use the reference. 1 unless given."""
    verifier: Verifier | None
    """Gives the verdict in place of `verify_answer`, for domains beyond mathematics."""
    checkpointer: BaseCheckpointSaver | bool | None
    """Where paused runs are kept."""
    context_schema: type | None
    """Of the context that a run may be given, for servers that show it."""


class GraphOptions(SolveOptions, total=False):
    """Options of trace_of_thought."""

    mode: str
    """How the student uses the teacher: "joint" (the default), "sequential", "program" or "hint"."""
    escalate: str | Sequence[Rung] | None
    """A ladder in place of a mode: the student starts alone, and the teacher is asked only where a signal says so."""
    hint_share: float | None
    """Share of the teacher's solution that mode "hint" shows; 0.3 unless given, None for the first step alone."""
    review: Policy
    """Which plans a human reviews before solving: "never" (the default), "flagged", "always", or a function of the state."""
    max_revisions: int
    """How often a rejection may send the teacher back to work; 2 unless given."""
    structured: bool | None
    """Whether the teacher is asked for its steps as JSON; None (the default) asks those that support it."""


_SOLVE = frozenset(SolveOptions.__annotations__)
_ALL = frozenset(GraphOptions.__annotations__) | _SOLVE


def check_options(options: Mapping[str, Any], *, taught: bool, method: str = "trace_of_thought") -> None:
    """Refuse options that do not apply: dropped, they would only seem to work.

    Raises:
        TypeError: an option is unknown, or needs a teacher.
    """
    for name in options:
        if name not in _ALL:
            raise TypeError(f"option {name!r} is unknown; use {', '.join(sorted(_ALL))}")
        if not taught and name not in _SOLVE:
            raise TypeError(f"option {name!r} needs a teacher, and method {method!r} has none; leave it out")
