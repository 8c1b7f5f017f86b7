"""A metric for DSPy's `Evaluate` and its optimizers, with feedback for GEPA: `answer_metric`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..verdicts import Verdict
from ..verifiers import Verifier, mathematics


def answer_metric(
    answer: str = "answer", question: str | None = "question", *, feedback: bool = False, verifier: Verifier = mathematics
) -> Callable[..., Any]:
    """Return a metric that compares a field of a prediction with the same field of the example.

    Args:
        answer: name of the field.
        question: name of the example's field with the question; None if there is none.
        feedback: whether to return a `dspy.Prediction` of score and feedback, as GEPA expects, instead of a bool.
        verifier: the verifier to use.

    Example:
        ```python
        dspy.Evaluate(devset=devset, metric=answer_metric())
        ```
    """

    # GEPA passes all five arguments, other optimizers three.
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
