"""Build the assessments of a trace: verdict, reference, leakage, step check, and reviewers' decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...foundation.statuses import LEAK, is_correct

if TYPE_CHECKING:
    from mlflow.entities import Assessment, LiveSpan

# The sources that MLflow shows for assessments.
VERIFIER = "trace_of_thought.verify"
DECOMPOSER = "trace_of_thought.decompose"


def judge_run(span: LiveSpan, outputs: Mapping[str, Any], reference: str | None) -> list[Assessment]:
    """Return the assessments of a finished run of one of our graphs.

    Args:
        span: the span of the run.
        outputs: what the graph returned.
        reference: the known answer, if any.
    """
    made = judge_verdict(outputs.get("status"), outputs.get("verdict") or {})
    if reference is not None and str(reference).strip():
        made.append(_expectation("reference", str(reference)))
    if "steps" in outputs:
        made.append(_leakage(outputs.get("flags") or []))
    check = outputs.get("check") or {}
    if check.get("status"):
        made.append(_feedback("step_check", check["status"], VERIFIER, _text(check.get("summary"))))
    return _placed(made, span)


def judge_verdict(status: str | None, verdict: Mapping[str, Any]) -> list[Assessment]:
    """Return the assessment `status` and, if the status is scored, `correct`."""
    if not status:
        return []
    facts = {
        key: str(value)
        for key, value in verdict.items()
        if isinstance(value, bool | int | float | str) and len(str(value)) < 500
    }
    why = _text(verdict.get("reason")) or (f"answer {verdict['answer']!r}" if verdict.get("answer") else None)
    made = [_feedback("status", status, VERIFIER, why, facts)]
    if (right := is_correct(status)) is not None:
        made.append(_feedback("correct", right, VERIFIER, why, facts))
    return made


def judge_review(span: LiveSpan, outputs: Any, waited_s: float | None) -> list[Assessment]:
    """Return a reviewer's decision on the steps as a human assessment.

    Args:
        span: the span of the review node.
        outputs: the state update that the node returned.
        waited_s: seconds between the request and the decision, if known.
    """
    records = outputs.get("reviews") if isinstance(outputs, Mapping) else None
    if not records:
        return []
    record = records[-1]
    own = ("decision", "comment", "reviewer", "steps")
    facts = {key: str(value) for key, value in record.items() if key not in own and isinstance(value, bool | int | float | str)}
    shown, kept = record.get("steps") or [], outputs.get("steps") or []
    facts |= {"steps_shown": str(len(shown)), "steps_kept": str(len(kept))}
    if record.get("decision") == "edit":
        facts["steps_changed"] = str(
            len([step for step in kept if step not in shown]) + len([s for s in shown if s not in kept])
        )
    if waited_s is not None:
        facts["seconds_waited"] = f"{waited_s:.1f}"
    feedback = _feedback(
        "review", record.get("decision"), record.get("reviewer") or "unnamed", record.get("comment"), facts, human=True
    )
    return _placed([feedback], span)


def _leakage(flags: list[Mapping[str, Any]]) -> Assessment:
    """Return the assessment `leakage`: "none" or the kind of leak. MLflow would show False in red, but no leak is good."""
    leaks = [flag for flag in flags if flag.get("kind") == LEAK]
    told = "; ".join(str(flag.get("detail")) for flag in leaks[:5])
    return _feedback("leakage", LEAK if leaks else "none", DECOMPOSER, told or None)


def _feedback(
    name: str,
    value: Any,
    source: str,
    rationale: str | None = None,
    facts: dict[str, str] | None = None,
    *,
    human: bool = False,
) -> Assessment:
    from mlflow.entities import AssessmentSource, Feedback

    kind = "HUMAN" if human else "CODE"
    return Feedback(
        name=name, value=value, source=AssessmentSource(kind, source), rationale=rationale or None, metadata=facts or None
    )


def _expectation(name: str, value: str) -> Assessment:
    from mlflow.entities import AssessmentSource, Expectation

    return Expectation(name=name, value=value, source=AssessmentSource("CODE", "trace_of_thought.problem"))


def _placed(assessments: list[Assessment], span: LiveSpan) -> list[Assessment]:
    """Attach assessments to a span, with ids derived from it: sending a trace twice does not duplicate them."""
    for assessment in assessments:
        key = f"{span.trace_id} {span.span_id} {assessment.name}"
        assessment.assessment_id = f"a-{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        assessment.trace_id = span.trace_id
        assessment.span_id = span.span_id
    return assessments


def _text(value: Any) -> str | None:
    return str(value) if value else None
