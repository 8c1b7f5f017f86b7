"""The teacher's own solution: its beginning as a hint that the student continues, or the whole as the answer."""

from __future__ import annotations

from collections.abc import Generator

from langchain_core.language_models import BaseChatModel

from ..prompts import PromptSet
from ..verification import Verifier, as_verifier
from .asking.driver import ModelNode
from .asking.messages import Ask, Plan, Reply
from .flags import find_leaks
from .question import question_of
from .solving.ways import HINT_SHARE
from .state import Solution, TraceState


def make_hint(teacher: BaseChatModel, prompts: PromptSet, share: float | None = HINT_SHARE, *, first: bool = True) -> ModelNode:
    """Return the node that asks the teacher for its solution and cuts the hint from it.

    Args:
        teacher: any chat model; a recorded one needs solutions.
        prompts: uses `solution`.
        share: of the words, above 0 and below 1; None for the first step alone (2311.07945).
        first: whether the node begins a run.

    Raises:
        ValueError: share is out of range.
    """
    if share is not None and not 0 < share < 1:
        raise ValueError(f"hint_share={share} is no share of a solution; use a number between 0 and 1, or None for one step")

    def plan(state: TraceState) -> Plan:
        solution, reason = yield from _solution(state, prompts)
        hint = cut_hint(solution, share)
        return {
            "teacher_solution": solution,
            "teacher_finish_reason": reason,
            "hint": hint,
            "flags": [*([] if first else state.get("flags") or []), *find_leaks([hint], state)],
            **({"steps": []} if first else {}),
        }

    return ModelNode(plan, teacher, "teacher", starts=lambda state: first)


def make_teacher_answer(
    teacher: BaseChatModel, prompts: PromptSet, *, first: bool = False, verifier: Verifier | None = None
) -> ModelNode:
    """Return the node in which the teacher's own solution becomes the solution; asked once, also where a hint came from it."""

    judge = as_verifier(verifier)

    def plan(state: TraceState) -> Plan:
        text, reason = yield from _solution(state, prompts)
        found = judge.extract(text, question=state["question"])
        solution = Solution(text=text, answer=found.answer if found else None, finish_reason=reason, step_texts=[])
        return {
            "teacher_solution": text,
            "solutions": [solution],
            "solution": text,
            "program": None,
            "agreement": 1.0 if solution["answer"] is not None else 0.0,
            "attempts": state.get("attempts", 0) + 1,
        }

    return ModelNode(plan, teacher, "teacher", starts=lambda state: first)


def cut_hint(solution: str, share: float | None) -> str:
    """Return the beginning of a solution: a share of its words, or its first step, the first line that is no title."""
    if share is None:
        lines = solution.strip().splitlines()
        for place, line in enumerate(lines):
            if any(character.isdigit() for character in line) or len(line.split()) > 6:
                return "\n".join(lines[: place + 1]).rstrip()
        return solution.strip()
    words = solution.strip().split(" ")
    return " ".join(words[: max(1, round(len(words) * share))]).rstrip()


def _solution(state: TraceState, prompts: PromptSet) -> Generator[list[Ask], list[Reply], tuple[str, str | None]]:
    """Ask for the teacher's solution unless it is there already."""
    if known := state.get("teacher_solution"):
        return known, state.get("teacher_finish_reason")
    [reply] = yield [Ask(prompts.fill("solution", question=question_of(state)), {"wants": "solution"})]
    return reply.text, reply.finish_reason
