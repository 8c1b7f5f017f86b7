"""Ladders: rungs that are tried one after the other, each only if a signal says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..nodes.signals import DOUBT, Condition, Signal, read_condition
from ..nodes.solving.ways import WAYS

TEACHER = "teacher"
"""The rung at which the teacher's own solution becomes the answer."""

Rung = str | tuple[str, str | Signal]
"""A rung as users write it: "NAME", "NAME if SIGNAL or SIGNAL", or a name with a condition or a function of the state."""


@dataclass(frozen=True)
class Step:
    """A parsed rung.

    Attributes:
        name: name, as traces show it.
        way: name of the way of solving, or "teacher".
        reviewed: whether a human reviews the steps first.
        condition: when the rung is tried. The first rung always is.
    """

    name: str
    way: str
    reviewed: bool
    condition: Condition

    @property
    def lesson(self) -> Literal["steps", "solution"] | None:
        """What the teacher is asked for at this rung; None if the student solves alone or the teacher answers itself."""
        return None if self.way == TEACHER else WAYS[self.way].lesson


@dataclass(frozen=True)
class Ladder:
    """A ladder: its rungs in order."""

    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """The ladder in its normal form, without default conditions. It identifies the ladder in configurations."""
        conditions = ["", *(f" if {step.condition.text}" if step.condition.text != DOUBT else "" for step in self.steps[1:])]
        return " > ".join(step.name + condition for step, condition in zip(self.steps, conditions, strict=True))

    @property
    def logprobs(self) -> bool:
        """Whether a condition needs the student's log-probabilities."""
        return any(step.condition.logprobs for step in self.steps)

    @property
    def reviewed(self) -> bool:
        """Whether a rung always pauses for a reviewer."""
        return any(step.reviewed for step in self.steps)

    def place(self, rung: str) -> int:
        """Return the index of a rung by its name."""
        return next(place for place, step in enumerate(self.steps) if step.name == rung)


def read_ladder(given: str | Sequence[Rung]) -> Ladder:
    """Read a ladder.

    Args:
        given: text such as "program_of_thought > program if program_failed > teacher", or a list of rungs. A rung is a method
            without a teacher, a mode of trace_of_thought ("reviewed program" has a human review the steps first), or "teacher".
            A rung without a condition is tried on any doubt: no answer, a failed program, wrong arithmetic, no majority.

    Raises:
        ValueError: a rung or a signal is unknown, a rung occurs twice, or there are fewer than two rungs.
    """
    rungs = given.split(" > ") if isinstance(given, str) else list(given)
    if len(rungs) < 2:
        raise ValueError(f"a ladder needs two or more rungs, as in 'program_of_thought > program > teacher'; got {given!r}")
    steps = tuple(_step(rung) for rung in rungs)
    names = [step.name for step in steps]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"the ladder has the rung {twice!r} twice; name each once")
    if steps[0].way == TEACHER:
        raise ValueError("a ladder that begins with the teacher never asks the student; begin with a method without a teacher")
    return Ladder(steps)


def _step(rung: Rung) -> Step:
    name, condition = rung if isinstance(rung, tuple) else _split(rung)
    way = name.removeprefix("reviewed ")
    if way not in WAYS and way != TEACHER:
        known = ", ".join([*WAYS, TEACHER])
        raise ValueError(f"rung {name!r} is unknown; use one of {known}")
    reviewed = name != way
    if reviewed and WAYS[way].lesson != "steps":
        raise ValueError(f"rung {name!r} has no steps to review; review one of joint, sequential, program")
    return Step(name, way, reviewed, read_condition(condition))


def _split(rung: str) -> tuple[str, str | Callable[..., Any]]:
    name, _, condition = rung.partition(" if ")
    return name.strip(), condition.strip() or DOUBT
