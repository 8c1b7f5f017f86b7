"""Rewards for reinforcement learning: `reward_func` for TRL's GRPO, `compute_score` for verl.

Both work in any thread and any process. Neither imports the library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...foundation.arguments import need_list, need_same_length, need_text, shown
from ...foundation.statuses import is_correct
from ..verdicts import Verdict
from ..verifiers import Verifier, mathematics

Message = Mapping[str, Any]


def reward_func(
    completions: Sequence[str | Sequence[Message]],
    answer: Sequence[Any],
    *,
    question: Sequence[str | None] | None = None,
    verifier: Verifier = mathematics,
    **kwargs: Any,
) -> list[float | None]:
    """Return a reward for each completion: 1.0 if right, 0.0 if wrong or without an answer, None if it cannot be judged.

    TRL ignores a completion whose reward is None, so a time-out or a bad reference does not count as wrong.

    Args:
        completions: texts, or conversations as TRL passes them; the last assistant message counts.
        answer: the data set's column `answer`, one reference per completion.
        question: the data set's column `question`. Default: the last user message of `prompts`.
        verifier: the verifier to use; for another domain, `functools.partial(reward_func, verifier=choice)`.
        **kwargs: the other columns that TRL passes.

    Raises:
        TypeError: a column is a single text or no list, or a completion is neither a text nor messages.
        ValueError: the columns have different lengths.
    """
    need_list("completions", completions)
    prompts = kwargs.get("prompts")
    asked_for = {name: column for name, column in (("question", question), ("prompts", prompts)) if column}
    need_same_length("completions", len(completions), answer=answer, **asked_for)
    asked = question or [_last(prompt, "user") for prompt in prompts or [None] * len(completions)]
    verdicts = [
        verifier.verify(_last(completion, "assistant") or "", _text(wanted), question=each)
        for completion, wanted, each in zip(completions, answer, asked, strict=True)
    ]
    return [_reward(verdict) for verdict in verdicts]


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    *,
    verifier: Verifier = mathematics,
    **kwargs: Any,
) -> dict[str, Any]:
    """Return the score of a solution for verl (`custom_reward_function.path` and `.name`).

    Args:
        data_source: name of the data set; not used.
        solution_str: the policy's response.
        ground_truth: the reference.
        extra_info: further fields; `question` is used if it is there.
        verifier: the verifier to use.
        **kwargs: other arguments that verl passes.

    Returns:
        `score` (1.0 or 0.0), `acc` (the same as a bool), `pred` (the final answer) and `status`. verl accepts no None, so a
        time-out has the score 0.0; its status tells it from a wrong answer.

    Raises:
        TypeError: the solution is no text, or the further fields are no dict.
    """
    need_text("solution_str", solution_str)
    if not isinstance(extra_info, Mapping | None):
        raise TypeError(f"extra_info={shown(extra_info)} is of type {type(extra_info).__name__}; give a dict or None")
    question = (extra_info or {}).get("question")
    verdict = verifier.verify(solution_str, _text(ground_truth), question=question if isinstance(question, str) else None)
    right = verdict.status == "correct"
    return {"score": float(right), "acc": right, "pred": verdict.answer or "", "status": verdict.status}


def _reward(verdict: Verdict) -> float | None:
    right = is_correct(verdict.status)
    return None if right is None else float(right)


def _text(reference: Any) -> str | None:
    """Return the reference; the first one of a list, as some data sets have."""
    if isinstance(reference, list | tuple):
        reference = reference[0] if reference else None
    return None if reference is None else str(reference)


def _last(said: str | Sequence[Message] | None, role: str) -> str | None:
    """Return a text as it is, or the last message of a role in a conversation."""
    if said is None or isinstance(said, str):
        return said
    messages = [message for message in said if isinstance(message, Mapping)] if isinstance(said, Sequence) else []
    if not isinstance(said, Sequence) or len(messages) < len(said):
        raise TypeError(
            f"{shown(said)} is neither a text nor a list of messages; give a str or [{{'role': ..., 'content': ...}}]"
        )
    contents = [message.get("content") for message in messages if message.get("role", role) == role]
    if not contents:
        return None
    content = contents[-1]
    if isinstance(content, str) or content is None:
        return content
    # Content in parts, as multimodal messages have it.
    return "".join(part.get("text", "") for part in content if isinstance(part, Mapping))
