"""Signals that a solution may be wrong, found without the reference. Ladders and retries act on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..verification import answers_equal, check_solution
from .asking.messages import TRUNCATED
from .state import TraceState

Signal = Callable[[TraceState], str]
"""Takes the state after solve; returns why the solution is in doubt, in words, or "" if it is not."""


def no_answer(state: TraceState) -> str:
    """Doubt a solution in which no sample gave an answer."""
    return "" if any(solution["answer"] is not None for solution in state["solutions"]) else "no final answer was given"


def program_failed(state: TraceState) -> str:
    """Doubt a program that gave no value; quotes its error."""
    program = state.get("program")
    return f"the program failed: {program['error'].rstrip('.')}" if program and program["error"] else ""


def no_majority(state: TraceState) -> str:
    """Doubt a vote whose winner has half of the samples or fewer."""
    count = len(state["solutions"])
    return f"no answer has a majority of the {count} solutions" if state.get("agreement", 1.0) <= 0.5 else ""


def wrong_arithmetic(state: TraceState) -> str:
    """Doubt a solution that states a wrong equation or contradicts itself."""
    if state.get("program"):
        return ""  # the interpreter computed it, and the source is full of "x = ..." that states nothing
    check = check_solution(state["solution"], steps=state.get("steps"))
    return check.summary.rstrip(".") if check.status == "inconsistent" else ""


def truncated(state: TraceState) -> str:
    """Doubt a solution that ran into the token limit."""
    reasons = {solution["finish_reason"] for solution in state["solutions"]}
    return "the token limit was reached" if reasons <= set(TRUNCATED) else ""


def always(state: TraceState) -> str:
    """Doubt every solution."""
    return "every problem is asked"


def differs(state: TraceState) -> str:
    """Doubt an answer that none of the rungs before gave.

    Different ways of solving rarely make the same mistake (arXiv 2310.03094).
    """
    before, now = [rung.get("answer") for rung in state.get("escalations") or []], answer_of(state)
    if not before or (now is not None and any(answer is not None and answers_equal(answer, now) for answer in before)):
        return ""
    given = ", ".join(answer or "nothing" for answer in before)
    return f"it answers {now or 'nothing'}, the rungs before {given}"


def answer_of(state: TraceState) -> str | None:
    """Return the answer of the solution that won the vote."""
    # equal programs may differ in their outcome: one of them ran into the time limit
    won = (state["solution"], state.get("program"))
    return next((s["answer"] for s in state["solutions"] if (s["text"], s.get("program")) == won), None)


def agreement_below(share: float) -> Signal:
    """Return the signal that doubts a vote whose winner has less than `share` (0 to 1) of the samples."""

    def signal(state: TraceState) -> str:
        agreement = state.get("agreement", 1.0)
        return f"only {agreement:.0%} of {len(state['solutions'])} samples agree" if agreement < share else ""

    return signal


def probability_below(value: float) -> Signal:
    """Return the signal that doubts a missing answer, and one with improbable tokens: geometric mean below `value` (0 to 1).

    The signal raises ValueError for a student that gives no log-probabilities: a doubt about every problem would look like a
    result.
    """

    def signal(state: TraceState) -> str:
        answered = [solution for solution in state["solutions"] if solution["answer"] is not None]
        if not answered:
            return no_answer(state)
        known = [solution["probability"] for solution in answered if "probability" in solution]
        if not known:
            raise ValueError("the student gives no log-probabilities; use a local one (hf:) or another signal")
        return f"the answer's probability is {max(known):.2f}" if max(known) < value else ""

    return signal


SIGNALS: dict[str, Signal] = {
    "no_answer": no_answer,
    "program_failed": program_failed,
    "no_majority": no_majority,
    "wrong_arithmetic": wrong_arithmetic,
    "truncated": truncated,
    "always": always,
    "differs": differs,
}
"""Signals by their names in a ladder. `agreement<X` and `probability<X` come with a threshold."""

_THRESHOLDS = {"agreement": agreement_below, "probability": probability_below}
_COMPARISON = re.compile(r"(agreement|probability)\s*<\s*(0?\.\d+|1(?:\.0*)?)$")


@dataclass(frozen=True)
class Condition:
    """When a rung of a ladder is reached: any of its signals.

    Attributes:
        text: the condition as written, such as "no_answer or agreement<0.6".
        signals: its signals, in order.
        logprobs: whether one of them needs the student's log-probabilities.
    """

    text: str
    signals: tuple[Signal, ...]
    logprobs: bool = False

    @property
    def certain(self) -> bool:
        """Whether it holds for every problem."""
        return always in self.signals

    def reason(self, state: TraceState) -> str:
        """Return the reason of the first signal that applies, or "" if none does."""
        return next((why for signal in self.signals if (why := signal(state))), "")


DOUBT = "program_failed or no_answer or no_majority or wrong_arithmetic"
"""The condition of a retry, and of a rung that names none."""


def read_condition(text: str | Signal) -> Condition:
    """Read a condition.

    Args:
        text: names of signals joined by "or" (or "|"), or a function of the state that returns a reason, "" or a bool.

    Raises:
        ValueError: a signal is unknown; the message lists the known ones.
    """
    if callable(text):
        function = text
        return Condition(getattr(function, "__name__", "function"), (lambda state: _as_reason(function(state)),))
    signals = tuple(_signal(part.strip()) for part in re.split(r"\s+or\s+|\|", text))
    return Condition(text, signals, "probability" in text)


def _signal(name: str) -> Signal:
    if name in SIGNALS:
        return SIGNALS[name]
    if found := _COMPARISON.match(name):
        return _THRESHOLDS[found[1]](float(found[2]))
    raise ValueError(f"signal {name!r} is unknown; use {', '.join(SIGNALS)}, agreement<X or probability<X with X from 0 to 1")


def _as_reason(value: object) -> str:
    """Return what a user's function returned as a reason; True stands for one without words."""
    return value if isinstance(value, str) else "a condition of the application" if value else ""
