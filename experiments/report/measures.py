"""Types of the results that tables, sentences and exports share: of a condition, of a comparison and of reviews."""

from __future__ import annotations

from typing import TypedDict


class ConditionSummary(TypedDict):
    """The results of one condition.

    Accuracies and rates run from 0 to 1. Teacher tokens are those that the condition used: a reply that several conditions
    share counts in each.
    """

    condition: str
    label: str
    method: str
    problems: str
    mode: str
    prompts: str
    samples: int
    student: str
    teacher: str
    seeds: int
    rows: int
    n: int
    """Number of problems with a score in at least one seed."""
    accuracy: float | None
    low: float | None
    """Lower end of Wilson's 95 % interval."""
    high: float | None
    strict_accuracy: float | None
    """Share of answers that are right in the requested format; None if none was requested, as for programs."""
    statuses: dict[str, int]
    """Number of rows by status."""
    errors: int
    truncated: int
    """Number of rows with a reply that was cut at the token limit."""
    refused: int
    """Number of rows whose plan the teacher refused or left empty."""
    no_working: int
    """Number of rows with an answer but no working."""
    retried: int
    leak_rate: float | None
    accuracy_without_leaks: float | None
    n_without_leaks: int | None
    mean_steps: float | None
    teacher_tokens: int
    student_tokens: int
    unknown_tokens: int
    """Calls whose model reported no tokens."""
    cost_usd: float | None
    """None if a price or a token count is unknown."""
    tokens_per_correct: float | None
    """None without a correct answer, or if the tokens of a call are unknown."""
    cost_per_correct: float | None
    seconds_per_correct: float | None
    seconds_per_problem: float | None
    """None if it was not measured, as in imported traces."""


class ComparisonSummary(TypedDict):
    """One condition compared with its base, as plain values; see `paired.Comparison` for most of them.

    `a` is the label of the base, `b` that of the other condition. `group` is the part of a breakdown, "" for all problems.
    `a_pass` and `b_pass` are pass@k for k = `pass_k` trials, None if problems have a single trial.
    """

    a: str
    b: str
    a_condition: str
    b_condition: str
    student: str
    problems: str
    group: str
    n: int
    difference: float
    difference_low: float | None
    difference_high: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    gained: float
    lost: float
    p: float
    p_holm: float | None
    test: str
    interval: str
    error: float | None
    clusters: int | None
    needed: int | None
    margin: float | None
    p_not_worse: float | None
    p_equivalent: float | None
    pass_k: int
    a_pass: float | None
    b_pass: float | None


class ReviewSummary(TypedDict):
    """The decisions of reviewers for one teacher, student and problem set, and the results of the problems.

    Pairs are (problems solved, problems scored). The last two pairs cover the problems whose steps a review changed: solved
    with the changed steps, and with the teacher's original steps. They are (0, 0) without --counterfactual.
    """

    teacher: str
    student: str
    problems: str
    reviewed: int
    """Number of problems with at least one decision."""
    waiting: int
    approved: int
    """These three count decisions, not problems: rejected steps are reviewed again."""
    edited: int
    rejected: int
    words: float | None
    """Mean edit distance of the edits, in words; None without edits."""
    seconds: float | None
    """Mean time of a decision; None if the reviewing program did not measure it."""
    reviewed_right: tuple[int, int]
    unreviewed_right: tuple[int, int]
    changed_right: tuple[int, int]
    original_right: tuple[int, int]
