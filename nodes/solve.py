"""Solve: the student solves the problem, with the steps or as a baseline, once or k times with a vote."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel

from ..prompts import PromptSet
from ..verification import extract_answer
from .asking.driver import Ask, ModelNode, Plan, Reply
from .question import question_of
from .state import Solution, TraceState
from .steps import number_steps
from .vote import vote

Mode = Literal["joint", "sequential"]
Baseline = Literal["standard", "chain_of_thought", "plan_and_solve"]
Ply = Generator[list[str], list[Reply], list[list[Reply]]]
"""Prompts for all samples at once, until each sample has its replies."""

VOTING_TEMPERATURE = 0.7
"""For samples of a student that is greedy or has no temperature of its own (Wang et al. 2023, self-consistency)."""


def make_solve(
    student: BaseChatModel,
    prompts: PromptSet,
    *,
    mode: Mode = "joint",
    samples: int = 1,
) -> ModelNode:
    """Return the node in which the student follows the steps.

    Args:
        student: any chat model.
        prompts: uses `solve`, for `sequential` also `solve_step`, for a retry `retry`; `standard` if there are no steps.
        mode: `joint` gives all steps in one prompt (the paper); `sequential` asks one step at a time and feeds the
            results forward, the last step together with the answer.
        samples: solutions to vote over.
    """
    check_choice("mode", mode, ("joint", "sequential"))

    def ply(state: TraceState) -> Ply:
        steps = state["steps"]
        if not steps:
            return _once(samples, prompts.fill("standard", question=state["question"]))
        if mode == "joint":
            return _once(samples, prompts.fill("solve", question=state["question"], steps=number_steps(steps)))
        return _step_by_step(samples, prompts, state["question"], steps)

    return _solver(student, prompts, samples, ply)


def make_baseline(student: BaseChatModel, prompts: PromptSet, method: Baseline, *, samples: int = 1) -> ModelNode:
    """Return the node in which the student solves the problem without steps, by the prompt named `method`."""

    def ply(state: TraceState) -> Ply:
        return _once(samples, prompts.fill(method, question=state["question"]))

    return _solver(student, prompts, samples, ply, starts=lambda state: not state.get("retry_reason"))


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name}={value!r} is unknown; use one of {', '.join(map(repr, choices))}")


def _solver(
    student: BaseChatModel,
    prompts: PromptSet,
    samples: int,
    make_ply: Callable[[TraceState], Ply],
    starts: Callable[[TraceState], bool] = lambda state: False,
) -> ModelNode:
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"samples={samples!r} gives no solution; use a whole number from 1")

    def plan(state: TraceState) -> Plan:
        question_of(state)
        attempt = state["attempts"] if state.get("retry_reason") else 0
        options = [_options(student, samples, attempt, sample) for sample in range(samples)]
        ply = make_ply(state)
        asked = next(ply)
        while True:
            replies = yield [
                Ask(_retried(prompt, prompts, state), chosen) for prompt, chosen in zip(asked, options, strict=True)
            ]
            try:
                asked = ply.send(replies)
            except StopIteration as done:
                return _update(state, done.value, attempt)

    return ModelNode(plan, student, "student", starts)


def _once(samples: int, prompt: str) -> Ply:
    replies = yield [prompt] * samples
    return [[reply] for reply in replies]


def _step_by_step(samples: int, prompts: PromptSet, question: str, steps: list[str]) -> Ply:
    done: list[list[Reply]] = [[] for _ in range(samples)]
    for place, step in enumerate(steps[:-1]):
        replies = yield [
            prompts.fill("solve_step", question=question, done=_with_results(steps[:place], past) or "none", step=step)
            for past in done
        ]
        for past, reply in zip(done, replies, strict=True):
            past.append(reply)
    replies = yield [prompts.fill("solve", question=question, steps=_with_results(steps, past)) for past in done]
    return [[*past, reply] for past, reply in zip(done, replies, strict=True)]


def _with_results(steps: list[str], results: list[Reply]) -> str:
    """Number the steps, each followed by its result as far as there is one."""
    shown = [f"{step}\nResult: {reply.text.strip()}" for step, reply in zip(steps, results, strict=False)]
    return number_steps(shown + steps[len(shown) :])


def _retried(prompt: str, prompts: PromptSet, state: TraceState) -> str:
    reason = state.get("retry_reason")
    return prompts.fill("retry", prompt=prompt, reason=reason) if reason else prompt


def _options(student: BaseChatModel, samples: int, attempt: int, sample: int) -> dict[str, Any]:
    """Make samples differ, and differ again in a retry; a single sample is asked for as the student is set up."""
    if samples == 1:
        return {}
    own = getattr(student, "temperature", None)
    base = getattr(student, "seed", None) or 0
    return {"temperature": own or VOTING_TEMPERATURE, "seed": base + attempt * samples + sample}


def _update(state: TraceState, per_sample: list[list[Reply]], attempt: int) -> dict[str, Any]:
    solutions = [_solution(replies, state["question"]) for replies in per_sample]
    winner, agreement = vote([solution["answer"] for solution in solutions])
    return {
        "solutions": solutions,
        "solution": solutions[winner]["text"],
        "agreement": agreement,
        "attempts": attempt + 1,
    }


def _solution(replies: list[Reply], question: str) -> Solution:
    found = extract_answer(replies[-1].text, question=question)
    return Solution(
        text="\n\n".join(reply.text for reply in replies),
        answer=found.answer if found else None,
        finish_reason=replies[-1].finish_reason,
        step_texts=[reply.text for reply in replies] if len(replies) > 1 else [],
    )
