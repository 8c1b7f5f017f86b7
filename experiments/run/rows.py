"""Build the row of a problem from the output of its graph, or from an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from ...foundation.statuses import LEAK, SCORED, RowStatus, is_correct
from ...nodes.asking.failures import ModelError, explain_to_owner, first
from ...problems import Problem, Scorer
from ..design.config import Price
from ..design.prices import cost
from ..journal.records import Detail, Row, UsageColumns

_DETAIL = (
    "steps", "hint", "solution", "solutions", "program", "flags", "reviews", "verdict", "check", "rung", "escalations"
)  # fmt: skip
_PAID_AGAIN: tuple[Literal["student_calls", "student_input_tokens", "student_output_tokens", "unknown_tokens"], ...] = (
    "student_calls", "student_input_tokens", "student_output_tokens", "unknown_tokens",
)  # fmt: skip
"""Columns that are summed over the runs of a problem. The teacher's are not: its reply is stored and billed once."""


def solved_row(
    problem: Problem,
    output: Mapping[str, Any],
    prices: Mapping[str, Price | None],
    scorer: Scorer | None,
) -> Row:
    """Return the row of a solved problem.

    Args:
        problem: the problem.
        output: output of the graph, a `TraceOutput`.
        prices: prices of the models by role.
        scorer: the problem set's own scorer, if it has one.
    """
    status, score = judge(problem, output, scorer)
    flags = output.get("flags") or []
    steps = output.get("steps")
    return {
        **usage_columns(output.get("usage") or {}, prices),
        "status": status,
        # a model may repeat itself for thousands of tokens; `detail` has the full text
        "answer": None if output.get("answer") is None else str(output["answer"])[:500],
        "score": score,
        "strict": strict(output.get("verdict") or {}, status),
        "attempts": output.get("attempts", 1),
        "n_steps": None if steps is None else len(steps),
        # None and not 0: without steps nothing could leak
        "leaked": None if steps is None else int(any(flag["kind"] == LEAK for flag in flags)),
        "agreement": output.get("agreement"),
        "finish_reason": ",".join(sorted({s["finish_reason"] or "" for s in output.get("solutions") or []})) or None,
        "detail": cast(Detail, {key: output[key] for key in _DETAIL if output.get(key)}),
    }


def waiting_row(output: Mapping[str, Any], prices: Mapping[str, Price | None]) -> Row:
    """Return the row of a problem whose steps wait for a review."""
    detail = cast(Detail, {key: output[key] for key in ("steps", "flags", "reviews") if output.get(key)})
    return {**usage_columns(output.get("usage") or {}, prices), "status": "waiting", "score": None, "detail": detail}


def judge(problem: Problem, output: Mapping[str, Any], scorer: Scorer | None) -> tuple[RowStatus, float | None]:
    """Return status and score (0 to 1; None if not scored). The problem set's own scorer has precedence over the verdict."""
    status: RowStatus = output["status"]
    if scorer is not None and output.get("answer") is not None:
        # scorers may return floats just below 1 for a full score
        score = scorer(problem, output)
        return ("correct" if score >= 0.999 else "incorrect"), score
    right = is_correct(status)
    return status, None if right is None else float(right)


def strict(verdict: Mapping[str, Any], status: RowStatus) -> int | None:
    """Return 1 if the answer was right in the requested format, 0 if not, None if it was not judged or none was requested."""
    known = verdict.get("strict")
    return None if status not in SCORED or known is None else int(known)


def usage_columns(usage: Mapping[str, Any], prices: Mapping[str, Price | None]) -> UsageColumns:
    """Return the columns of calls, tokens and cost by role."""
    columns: dict[str, Any] = {"unknown_tokens": 0}
    for role in ("teacher", "student"):
        used = usage.get(role) or {"calls": 0, "input_tokens": 0, "output_tokens": 0, "unknown": 0}
        columns |= {f"{role}_{name}": used[name] for name in ("calls", "input_tokens", "output_tokens")}
        columns["unknown_tokens"] += used["unknown"]
        known = cost(prices.get(role), used["input_tokens"], used["output_tokens"], used["unknown"])
        # a role that was never asked costs 0, even if its price is unknown
        columns[f"{role}_cost_usd"] = known if used["calls"] else 0.0
    return cast(UsageColumns, columns)


def failed_row(error: BaseException, prices: Mapping[str, Price | None]) -> Row:
    """Return the row of a failed problem: an error, not a wrong answer, with the usage up to the failure."""
    paid = usage_columns(getattr(error, "usage", None) or {}, prices)
    return {**paid, "status": "error", "error": describe(error), "score": None}


def add_failed_tries(row: Row, earlier: Row) -> None:
    """Add to a row the student's calls, tokens and cost of an earlier, failed run of the same problem."""
    for name in _PAID_AGAIN:
        row[name] = (row.get(name) or 0) + (earlier.get(name) or 0)
    now, before = row.get("student_cost_usd"), earlier["student_cost_usd"]
    row["student_cost_usd"] = None if now is None or before is None else now + before


def describe(error: BaseException) -> str:
    """Describe an error in one line: type, message, advice, and which model and problem it concerns."""
    error = first(error)
    # the type of the model's own error tells more than our wrapper
    kind = error.__cause__ if isinstance(error, ModelError) and error.__cause__ else error
    return f"{type(kind).__name__}: {explain_to_owner(error)}"
