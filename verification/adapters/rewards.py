"""Rewards for reinforcement learning: `reward_func` for TRL's GRPO, `compute_score` for verl.

Both work from any thread and any process. Neither imports the library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
    """Return a reward for each completion: 1.0 right, 0.0 wrong or no answer, None where it cannot be told.

    TRL leaves a completion without a reward out: neither a time-out nor a bad reference teaches a model that it was wrong.

    Args:
        completions: texts, or conversations as TRL gives them; the last assistant message counts.
        answer: the column `answer` of the data set, one reference per completion.
        question: the column `question`, if there is one; else the last user message of `prompts` is used.
        verifier: judges; `functools.partial(reward_func, verifier=choice)` for another domain.
        **kwargs: the other columns that TRL passes.
    """
    asked = question or [_last(prompt, "user") for prompt in kwargs.get("prompts") or [None] * len(completions)]
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
        solution_str: what the policy wrote.
        ground_truth: the reference.
        extra_info: its `question` is used, if there is one.
        verifier: judges.
        **kwargs: what verl passes besides.

    Returns:
        `score` (1.0 or 0.0), `acc` (the same as a bool), `pred` (the claim) and `status`: verl takes no None, so a time-out has
        the score 0.0 and its status tells it apart.
    """
    question = (extra_info or {}).get("question")
    verdict = verifier.verify(solution_str, _text(ground_truth), question=question if isinstance(question, str) else None)
    right = verdict.status == "correct"
    return {"score": float(right), "acc": right, "pred": verdict.answer or "", "status": verdict.status}


def _reward(verdict: Verdict) -> float | None:
    right = is_correct(verdict.status)
    return None if right is None else float(right)


def _text(reference: Any) -> str | None:
    """Return the reference; of a list, as some data sets have it, the first."""
    if isinstance(reference, list | tuple):
        reference = reference[0] if reference else None
    return None if reference is None else str(reference)


def _last(said: str | Sequence[Message] | None, role: str) -> str | None:
    """Return a text, or of a conversation the last message of a role."""
    if said is None or isinstance(said, str):
        return said
    contents = [message.get("content") for message in said if message.get("role", role) == role]
    if not contents:
        return None
    content = contents[-1]
    if isinstance(content, str) or content is None:
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, Mapping))
