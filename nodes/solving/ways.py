"""The ways of solving: how the student is asked and how its replies are read. Methods and modes refer to them by name."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..asking.messages import Ask, Reply
from ..state import Solution, TraceState
from ..steps import number_steps
from .read_solution import read_program, read_text

if TYPE_CHECKING:
    from ...verification import Verifier
    from .sampling import Sampling

ModeName = Literal["joint", "sequential", "program", "hint"]
"""Names of the ways with a teacher, for type checkers. A test compares it with `WAYS`."""

HINT_SHARE = 0.3
"""Default share of the words of a teacher's solution that a hint shows (arXiv 2601.22132 uses 10 to 30 %)."""

Ply = Generator[list[Ask], list[Reply], list[list[Reply]]]
"""Yields the prompts of all samples together, as often as needed, and returns the replies of each sample."""


@dataclass(frozen=True)
class Way:
    """A way of solving.

    Attributes:
        name: name of the way. A way without a teacher is a method of this name, one with a teacher a mode of trace_of_thought.
        about: what it does, as a phrase.
        prompts: names of the prompts that it may use; the usual one first, fallbacks last.
        ask: generator that asks the student, see `Ply`.
        read: takes the replies of one sample, the question and the verifier; returns the solution.
        lesson: what the teacher is asked for before; None for a way without a teacher.
        control: the method that differs only in having no teacher, which shows what the lesson adds.
        source: publication that it comes from.
    """

    name: str
    about: str
    prompts: tuple[str, ...]
    ask: Callable[[Sampling, TraceState], Ply]
    read: Callable[[list[Reply], str, Verifier], Solution] = read_text
    lesson: Literal["steps", "solution"] | None = None
    control: str = ""
    source: str = ""


def ask_once(prompt: str) -> Callable[[Sampling, TraceState], Ply]:
    """Return the generator of a way with a single prompt whose only placeholder is the question."""

    def ask(sampling: Sampling, state: TraceState) -> Ply:
        replies = yield sampling.ask(prompt, question=state["question"])
        return [[reply] for reply in replies]

    return ask


def _with_steps(prompt: str, without: str) -> Callable[[Sampling, TraceState], Ply]:
    """Return the generator of a way with one prompt that has the steps, or another prompt if the teacher gave none."""

    def ask(sampling: Sampling, state: TraceState) -> Ply:
        steps = state.get("steps")
        asks = (
            sampling.ask(prompt, question=state["question"], steps=number_steps(steps))
            if steps
            else sampling.ask(without, question=state["question"])
        )
        replies = yield asks
        return [[reply] for reply in replies]

    return ask


def _step_by_step(sampling: Sampling, state: TraceState) -> Ply:
    """Ask for the result of each step but the last, then for the solution with all results at hand.

    The samples advance together, so that each round is one batch; each sees only its own results.
    """
    question, steps = state["question"], state.get("steps") or []
    if not steps:
        return (yield from ask_once("standard")(sampling, state))
    done: list[list[Reply]] = [[] for _ in range(sampling.samples)]
    for place, step in enumerate(steps[:-1]):
        shown = [_with_results(steps[:place], past) or "none" for past in done]
        replies = yield sampling.ask_each("solve_step", [{"question": question, "done": text, "step": step} for text in shown])
        for past, reply in zip(done, replies, strict=True):
            past.append(reply)
    # the last step goes with the prompt of joint mode, so that both modes ask for the final answer in the same words
    replies = yield sampling.ask_each("solve", [{"question": question, "steps": _with_results(steps, past)} for past in done])
    return [[*past, reply] for past, reply in zip(done, replies, strict=True)]


def _with_results(steps: list[str], results: list[Reply]) -> str:
    """Return the numbered steps, each followed by its result if there is one yet."""
    shown = [f"{step}\nResult: {reply.text.strip()}" for step, reply in zip(steps, results, strict=False)]
    return number_steps(shown + steps[len(shown) :])


def _continue(sampling: Sampling, state: TraceState) -> Ply:
    """Ask with the control's prompt, and let the student continue the hint as if it were its own beginning."""
    replies = yield sampling.ask("standard", beginning=state.get("hint", ""), question=state["question"])
    return [[reply] for reply in replies]


WAYS: dict[str, Way] = {
    way.name: way
    for way in (
        Way("standard", "the question alone", ("standard",), ask_once("standard")),
        Way(
            "chain_of_thought",
            "the student is asked to think step by step",
            ("chain_of_thought",),
            ask_once("chain_of_thought"),
            source="Kojima et al. 2022",
        ),
        Way(
            "plan_and_solve",
            "the student makes a plan of its own and follows it",
            ("plan_and_solve",),
            ask_once("plan_and_solve"),
            source="Wang et al. 2023",
        ),
        Way(
            "program_of_thought",
            "the student writes a program, which is run",
            ("program_of_thought",),
            ask_once("program_of_thought"),
            read_program,
            source="Gao et al. 2022; Chen et al. 2022",
        ),
        Way(
            "joint",
            "all steps in one prompt, as in the paper",
            ("solve", "standard"),
            _with_steps("solve", "standard"),
            lesson="steps",
            control="standard",
        ),
        Way(
            "sequential",
            "one step at a time, each result fed forward",
            ("solve", "solve_step", "standard"),
            _step_by_step,
            lesson="steps",
            control="standard",
        ),
        Way(
            "program",
            "writes a program along the steps, which is run",
            ("program", "program_of_thought"),
            _with_steps("program", "program_of_thought"),
            read_program,
            lesson="steps",
            control="program_of_thought",
        ),
        Way(
            "hint",
            "continues the beginning of the teacher's solution",
            ("standard",),
            _continue,
            lesson="solution",
            control="standard",
        ),
    )
}
"""The ways by name, in the order in which tables show them. An entry here, its prompt file in each bundled set and a test add a
built-in method or mode."""
