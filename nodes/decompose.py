"""Decompose: the teacher writes the steps, and flags tell a reviewer what to look at."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel

from ..prompts import PromptSet
from .asking.checkpointer import require_checkpointer
from .asking.driver import ModelNode
from .asking.messages import Ask, Plan
from .asking.structured_steps import steps_model
from .flags import find_flags
from .question import question_of
from .state import Flag, TraceState
from .steps import MAX_CHARACTERS, number_steps, parse_steps


def make_decompose(
    teacher: BaseChatModel, prompts: PromptSet, *, reviewed: bool = False, structured: bool | None = None, first: bool = True
) -> ModelNode:
    """Return the node that asks the teacher for steps.

    After a rejection the teacher is asked again, with its earlier steps and the reviewer's comment. Prose without a list
    counts as one step. A refusal counts as none, and the student then gets the question alone.

    Args:
        teacher: any chat model.
        prompts: prompt set; `decompose` and `redecompose` are used.
        reviewed: whether the run may pause for a reviewer. A run without a checkpointer then fails before the teacher is paid.
        structured: whether to ask for JSON, see `steps_model`.
        first: whether the node begins a run, so that usage is counted from zero.

    Raises:
        RuntimeError: in a run: it may pause for review and has no checkpointer.
        ValueError: in a run: the question is missing, empty or too long.
        ModelError: in a run: the teacher failed.
    """

    def plan(state: TraceState) -> Plan:
        if reviewed:
            require_checkpointer()
        [reply] = yield [Ask(_prompt(state, prompts))]
        # flags are about what the teacher listed, so they come before the fallback to one step
        listed = parse_steps(reply.text)
        flags = find_flags(reply, listed, state)
        steps = listed or _as_one_step(reply.text, flags)
        again = is_rejected(state)
        return {
            "decomposition": reply.text,
            "steps": steps,
            "teacher_steps": steps,
            "teacher_finish_reason": reply.finish_reason,
            "flags": flags,
            "rejected": False,
            "reviews": state["reviews"] if again else [],
            "revisions": state["revisions"] + 1 if again else 0,
        }

    # the tokens of rejected steps were paid for as well: a revision goes on counting
    return ModelNode(plan, steps_model(teacher, structured), "teacher", starts=lambda state: first and not is_rejected(state))


def is_rejected(state: TraceState) -> bool:
    """Return whether a reviewer rejected the current steps."""
    return bool(state.get("rejected"))


def _as_one_step(text: str, flags: list[Flag]) -> list[str]:
    """Take prose without a list as a single step, unless it is a refusal."""
    refused = any(flag["kind"] == "refusal" for flag in flags)
    text = text[:MAX_CHARACTERS].strip()
    return [text] if text and not refused else []


def _prompt(state: TraceState, prompts: PromptSet) -> str:
    """Return the prompt for the first steps, or for new ones after a rejection."""
    question = question_of(state)
    if not is_rejected(state):
        return prompts.fill("decompose", question=question)
    review = state["reviews"][-1]
    comment = review["comment"] or "none given"
    return prompts.fill("redecompose", question=question, steps=number_steps(review["steps"]), comment=comment)
