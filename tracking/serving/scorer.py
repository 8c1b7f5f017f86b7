"""A scorer for `mlflow.genai.evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...foundation.claims import claim_of, is_program
from ...foundation.statuses import is_correct

REFERENCE_KEYS = ("expected_response", "reference", "answer", "expected_answer", "target")
QUESTION_KEYS = ("question", "problem", "query", "input")
"""Usual names of references and questions in data sets for MLflow and others, the clearest first."""


def answer_scorer(verify: Callable[..., Any], name: str = "verified") -> Any:
    """Return a scorer that gives True or False, with the sentence of the final answer as the rationale.

    A time-out or a bad reference is an error of the assessment, not a wrong answer.

    Args:
        verify: a function such as `verification.verify_answer`. A parameter, because `tracking` does not import `verification`.
        name: name of the assessment.

    Example:
        ```python
        mlflow.genai.evaluate(data=rows, predict_fn=predict, scorers=[answer_scorer(verify_answer)])
        ```
    """
    from mlflow.entities import Feedback
    from mlflow.genai.scorers import scorer

    @scorer(name=name)
    def score(inputs: dict[str, Any], outputs: Any, expectations: dict[str, Any]) -> Any:
        wanted = next((expectations[key] for key in REFERENCE_KEYS if key in (expectations or {})), None)
        if wanted is None:
            raise ValueError(f"expectations have none of {', '.join(REFERENCE_KEYS)}: there is nothing to compare with")
        asked = next((inputs[key] for key in QUESTION_KEYS if isinstance((inputs or {}).get(key), str)), None)
        verdict = verify(_text(outputs), str(wanted), question=asked)
        if (right := is_correct(verdict.status)) is None:
            # MLflow records an exception as an error of the assessment.
            raise RuntimeError(f"the answer {verdict.answer!r} could not be judged: {verdict.status}")
        told = f'{verdict.answer} in "{verdict.sentence}"' if verdict.answer is not None else "no answer"
        return Feedback(name=name, value=right, rationale=told, metadata={"status": verdict.status})

    return score


def _text(outputs: Any) -> str:
    """Return the response in a predict function's output: the text itself, or what the solution in a graph's output claims."""
    if isinstance(outputs, dict):
        if is_program(outputs):
            return claim_of("", True, outputs.get("answer"))
        for key in ("solution", "response", "output", "answer"):
            if isinstance(outputs.get(key), str):
                return str(outputs[key])
    return str(outputs)
