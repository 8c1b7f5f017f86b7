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
        teacher: any chat model; a recorded one needs recorded solutions.
        prompts: prompt set; `solution` is used.
        share: share of the solution's words that the hint shows, above 0 and below 1. None shows the first step alone
            (arXiv 2311.07945).
        first: whether the node begins a run, so that usage is counted from zero.

    Raises:
        ValueError: share is out of range.
    """
    if share is not None and not 0 < share < 1:
        raise ValueError(f"hint_share={share} is not a share of a solution; use a number between 0 and 1, or None for one step")

    def plan(state: TraceState) -> Plan:
        solution, reason = yield from _solution(state, prompts)
        hint = cut_hint(solution, share)
        return {
            "teacher_solution": solution,
            "teacher_finish_reason": reason,
            "hint": hint,
            # a node that begins a run clears what an earlier question left in the thread; a ladder keeps its flags and steps
            "flags": [*([] if first else state.get("flags") or []), *find_leaks([hint], state)],
            **({"steps": []} if first else {}),
        }

    return ModelNode(plan, teacher, "teacher", starts=lambda state: first)


def make_teacher_answer(
    teacher: BaseChatModel, prompts: PromptSet, *, first: bool = False, verifier: Verifier | None = None
) -> ModelNode:
    """Return the node that makes the teacher's own solution the solution of the run.

    The teacher is asked for it once: if a hint was cut from it earlier in the run, that solution is used again.

    Args:
        teacher: any chat model; a recorded one needs recorded solutions.
        prompts: prompt set; `solution` is used.
        first: whether the node begins a run, so that usage is counted from zero.
        verifier: extracts the answer; mathematics by default, see `as_verifier`.
    """

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
    """Return the beginning of a solution: a share of its words, or everything up to its first step.

    Args:
        solution: the teacher's solution.
        share: share of the words, from 0 to 1; at least one word is shown. None means the first step.
    """
    if share is None:
        # a short line without a digit is a heading ("Let's solve this.", "Step by step:"), not a step
        lines = solution.strip().splitlines()
        for place, line in enumerate(lines):
            if any(character.isdigit() for character in line) or len(line.split()) > 6:
                return "\n".join(lines[: place + 1]).rstrip()
        return solution.strip()
    # split at single blanks, so that line breaks and indents inside the hint stay as the teacher wrote them
    words = solution.strip().split(" ")
    return " ".join(words[: max(1, round(len(words) * share))]).rstrip()


def _solution(state: TraceState, prompts: PromptSet) -> Generator[list[Ask], list[Reply], tuple[str, str | None]]:
    """Return the teacher's solution and its finish reason; ask for it unless the state has it."""
    if known := state.get("teacher_solution"):
        return known, state.get("teacher_finish_reason")
    [reply] = yield [Ask(prompts.fill("solution", question=question_of(state)), {"wants": "solution"})]
    return reply.text, reply.finish_reason
