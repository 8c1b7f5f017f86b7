"""A metric for DSPy: `dspy.Evaluate(devset=..., metric=answer_metric())`, and for its optimizers, GEPA with feedback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..verdicts import Verdict
from ..verifiers import Verifier, mathematics


def answer_metric(
    answer: str = "answer", question: str | None = "question", *, feedback: bool = False, verifier: Verifier = mathematics
) -> Callable[..., Any]:
    """Return a metric that compares a prediction's field with the example's field of the same name.

    Args:
        answer: the field.
        question: the example's field with the question, None for none.
        feedback: return a `dspy.Prediction` of score and feedback, as GEPA wants it.
        verifier: judges.
    """

    def metric(gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None) -> Any:
        asked = getattr(gold, question, None) if question else None
        verdict = verifier.verify(str(getattr(pred, answer)), str(getattr(gold, answer)), question=asked)
        right = verdict.status == "correct"
        if not feedback:
            return right
        import dspy

        return dspy.Prediction(score=float(right), feedback=_told(verdict))

    return metric


def _told(verdict: Verdict) -> str:
    if verdict.status == "correct":
        return f"The answer {verdict.answer} is right."
    if verdict.status == "no_answer":
        return f"The response claims no answer; {verdict.reference} was expected. End with a line of the form Answer: ..."
    if verdict.status == "incorrect":
        return f"The answer {verdict.answer} is wrong; {verdict.reference} was expected."
    return f"The answer {verdict.answer} could not be judged ({verdict.status})."
