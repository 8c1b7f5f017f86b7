"""How a student solves: what it is asked, and how its replies are read. One entry a way; methods and modes are made of them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..asking.messages import Ask, Reply
from ..state import Solution, TraceState
from ..steps import number_steps
from .reading import read_program, read_text

if TYPE_CHECKING:
    from ...verification import Verifier
    from .sampling import Sampling

ModeName = Literal["joint", "sequential", "program", "hint"]
"""Ways with a teacher, for type checkers; a test holds it against `WAYS`."""

HINT_SHARE = 0.3
"""Share of the words of a teacher's solution that a hint shows (2601.22132 uses 10 to 30 %)."""

Ply = Generator[list[Ask], list[Reply], list[list[Reply]]]
"""Asks for all samples at once, until each sample has its replies."""


@dataclass(frozen=True)
class Way:
    """A way of solving.

    Attributes:
        name: of the method or mode.
        about: what it does, in a phrase.
        prompts: the prompts that the student gets, the first of them first.
        ask: asks the student.
        read: makes a solution of the replies of one sample, by their question and the extractor of the verifier.
        lesson: what the teacher is asked for first, if there is a teacher.
        control: the method that shows what the lesson adds.
    """

    name: str
    about: str
    prompts: tuple[str, ...]
    ask: Callable[[Sampling, TraceState], Ply]
    read: Callable[[list[Reply], str, Verifier], Solution] = read_text
    lesson: Literal["steps", "solution"] | None = None
    control: str = ""


def ask_once(prompt: str) -> Callable[[Sampling, TraceState], Ply]:
    """Return a way of asking: one prompt that mentions the question alone."""

    def ask(sampling: Sampling, state: TraceState) -> Ply:
        replies = yield sampling.ask(prompt, question=state["question"])
        return [[reply] for reply in replies]

    return ask


def _with_steps(prompt: str, without: str) -> Callable[[Sampling, TraceState], Ply]:
    """Return a way of asking: the question with the steps, or without where the teacher gave none."""

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
    question, steps = state["question"], state.get("steps") or []
    if not steps:
        return (yield from ask_once("standard")(sampling, state))
    done: list[list[Reply]] = [[] for _ in range(sampling.samples)]
    for place, step in enumerate(steps[:-1]):
        shown = [_with_results(steps[:place], past) or "none" for past in done]
        replies = yield sampling.ask_each("solve_step", [{"question": question, "done": text, "step": step} for text in shown])
        for past, reply in zip(done, replies, strict=True):
            past.append(reply)
    replies = yield sampling.ask_each("solve", [{"question": question, "steps": _with_results(steps, past)} for past in done])
    return [[*past, reply] for past, reply in zip(done, replies, strict=True)]


def _with_results(steps: list[str], results: list[Reply]) -> str:
    """Number the steps, each followed by its result as far as there is one."""
    shown = [f"{step}\nResult: {reply.text.strip()}" for step, reply in zip(steps, results, strict=False)]
    return number_steps(shown + steps[len(shown) :])


def _continue(sampling: Sampling, state: TraceState) -> Ply:
    replies = yield sampling.ask("standard", beginning=state.get("hint", ""), question=state["question"])
    return [[reply] for reply in replies]


WAYS: dict[str, Way] = {
    way.name: way
    for way in (
        Way("standard", "the question alone", ("standard",), ask_once("standard")),
        Way("chain_of_thought", "asked to think step by step", ("chain_of_thought",), ask_once("chain_of_thought")),
        Way("plan_and_solve", "asked to make a plan of its own first", ("plan_and_solve",), ask_once("plan_and_solve")),
        Way(
            "program_of_thought",
            "writes a program, which is run",
            ("program_of_thought",),
            ask_once("program_of_thought"),
            read_program,
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
