"""Rebuild the prompts that a student got. They are not stored: prompt set, steps and replies determine them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..asking.messages import Reply
from .sampling import Sampling, Shots
from .ways import Way

if TYPE_CHECKING:
    from ...prompts import PromptSet
    from ..state import Solution, TraceState


def prompts_asked(way: Way, prompts: PromptSet, state: TraceState, solution: Solution) -> list[str]:
    """Return the prompts of one sample in order, without few-shot examples and the reason of a retry.

    Args:
        way: how the student solved.
        prompts: the prompt set that it was asked with.
        state: the question, and the steps or the hint that the student got.
        solution: what it replied, with `step_texts` where it was asked step by step.

    Raises:
        KeyError: the prompt set lacks a prompt of this way.
    """
    # a single sample gets no options of its own, so that no model is needed to write its prompts
    sampling = Sampling(None, prompts, state, 1, Shots(), logprobs=False)
    asking = way.ask(sampling, state)
    replies = iter(solution["step_texts"] or [solution["text"]])
    asks, asked = next(asking), []
    while True:
        asked.append(asks[0].prompt)
        try:
            asks = asking.send([Reply(next(replies, ""))])
        except StopIteration:
            return asked
