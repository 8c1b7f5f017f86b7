"""What a log says of a problem, whatever library wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class ScoredProblem:
    """One problem of a log.

    Attributes:
        id: as the library numbers it.
        question: its text, as far as the log has it.
        reference: the known answer; the first of several.
        scores: one an epoch or repetition, usually 0 or 1; an attempt that failed has none.
        texts: what the model wrote, one an epoch, where it was read.
        metadata: columns of the problem, to cluster and break down by.
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
        score: what the scores are: the scorer or the metric.
        problems: by id, in the order of the log.
    """

    kind: str
    task: str
    model: str
    score: str
    problems: dict[str, ScoredProblem]
