"""Correct verdicts that were logged earlier: `override_verdicts`. The old ones stay visible, marked as overridden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..store.private import tracing_client
from ..traces.judgements import judge_verdict

if TYPE_CHECKING:
    from mlflow.entities import Assessment
    from mlflow.tracing.client import TracingClient

    from ..store.store import Store

Correction = tuple[str, str, Mapping[str, Any]]
"""A trace id, its new status, and the new verdict as a dict."""


def override_verdicts(store: Store, corrections: Iterable[Correction]) -> int:
    """Override the assessments `status` and `correct` of traces where they differ from a new verdict.

    Args:
        store: an open tracking store.
        corrections: see `Correction`.

    Returns:
        The number of traces whose verdict changed.

    Raises:
        TrackingUnavailable: the store is unreachable.
    """
    store.check()
    # Traces that still wait in the outbox must be in the store before they can be corrected.
    store.sender.drain(10.0, owner=None)
    client = tracing_client(store.uri)
    return sum(_correct(client, trace_id, status, verdict) for trace_id, status, verdict in corrections)


def _correct(client: TracingClient, trace_id: str, status: str, verdict: Mapping[str, Any]) -> bool:
    """Override the verdict of one trace; return whether its status changed."""
    current = _current(client.get_trace_info(trace_id).assessments)
    if "status" in current and current["status"].value == status:
        return False
    new = {assessment.name: assessment for assessment in judge_verdict(status, verdict)}
    if "correct" in current and "correct" not in new:
        new["correct"] = _withdrawn(status)
    for name, assessment in new.items():
        if old := current.get(name):
            assessment.overrides = old.assessment_id
            assessment.span_id = old.span_id
        client.log_assessment(trace_id, assessment)
    return True


def _current(assessments: Iterable[Assessment]) -> dict[str, Any]:
    """Return the current verdicts by name: those made by code and not overridden by another assessment."""
    made = [item for item in assessments if item.name in ("status", "correct") and item.source.source_type == "CODE"]
    overridden = {getattr(item, "overrides", None) for item in made}
    return {item.name: item for item in made if item.assessment_id not in overridden}


def _withdrawn(status: str) -> Assessment:
    """Return a `correct` without a value, for a new status such as bad_reference that says nothing about the student."""
    from mlflow.entities import AssessmentError, AssessmentSource, Feedback

    from ..traces.judgements import VERIFIER

    error = AssessmentError(error_code=status.upper(), error_message=f"the status is {status}")
    return Feedback(name="correct", error=error, source=AssessmentSource("CODE", VERIFIER))
