"""What tables, sentences and exports are made of: the numbers of a condition, of a comparison and of reviews, typed."""

from __future__ import annotations

from typing import TypedDict


class ConditionSummary(TypedDict):
    """The numbers of one condition.

    Accuracies and rates run from 0 to 1. Teacher tokens count what the condition used: a decomposition that several conditions
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
    """Problems with a verdict."""
    accuracy: float | None
    low: float | None
    """Lower end of Wilson's 95 % interval."""
    high: float | None
    strict_accuracy: float | None
    """Share of answers that are right in the format that was asked for."""
    statuses: dict[str, int]
    """Rows by status."""
    errors: int
    truncated: int
    """Rows with a reply that ran into the token limit."""
    refused: int
    """Rows whose plan the teacher refused or left empty."""
    no_working: int
    """Rows with an answer that stands alone."""
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
    cost_per_correct: float | None
    seconds_per_correct: float | None
    seconds_per_problem: float | None
    """None where nobody took the time, as in imported traces."""


class ComparisonSummary(TypedDict):
    """One condition against its base, as tables and sentences need it; see `paired.Comparison`.

    `a` and `b` are labels, `a` is the base. `group` is the value of the column that breaks the comparison down. `a_pass` and
    `b_pass` are pass@k of k = `pass_k` trials, None where a problem has one.
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
    """What reviewers did with the plans of one teacher for one student and problem set, and what became of the problems.

    Pairs are (problems solved, problems scored). The last two pairs cover the problems whose steps a review changed:
    solved with the changed steps, and with the teacher's own; (0, 0) without --counterfactual.
    """

    teacher: str
    student: str
    problems: str
    reviewed: int
    """Problems with at least one decision."""
    waiting: int
    approved: int
    """Decisions, not problems: rejected steps are reviewed again."""
    edited: int
    rejected: int
    words: float | None
    """Mean edit distance of the edits, in words."""
    seconds: float | None
    """Mean time of a decision, None if the reviewing program did not take it."""
    reviewed_right: tuple[int, int]
    unreviewed_right: tuple[int, int]
    changed_right: tuple[int, int]
    original_right: tuple[int, int]
