"""The contents of a log, the same for every library: `Log` and `ScoredProblem`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class ScoredProblem:
    """One problem of a log.

    Attributes:
        id: the library's id of the problem.
        question: text of the problem; may be shortened or empty if only summaries were read.
        reference: the known answer, the first if there are several; None if there is none.
        scores: one per epoch or repetition, usually 0 or 1. Failed attempts have none.
        texts: the model's outputs, one per score, if they were read.
        metadata: further columns of the problem, to cluster and break down by.
    """

    id: str
    question: str
    reference: str | None
    scores: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class Log:
    """One run of one model on one task.

    Attributes:
        kind: "inspect_ai" or "lm_eval".
        task: name of the task.
        model: name of the model.
        score: name of the scorer or metric that the scores come from.
        problems: problems by id, in the order of the log.
    """

    kind: str
    task: str
    model: str
    score: str
    problems: dict[str, ScoredProblem]
