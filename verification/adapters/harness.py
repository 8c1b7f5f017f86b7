"""A filter and a metric for the lm-evaluation-harness.

`register()` adds the filter `verified_answer` and the metric `verified`. A task's YAML can also do without them, by
`process_results: !function utils.process_results`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...foundation.arguments import need_same_length
from ..answers import extract_answer, verify_answer

FILTER, METRIC = "verified_answer", "verified"
# Usual names of fields, the most telling first.
QUESTION_FIELDS = ("question", "problem", "query", "prompt")
REFERENCE_FIELDS = ("answer", "target", "solution", "reference", "gold")
NO_ANSWER = "[no answer]"


def process_results(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Return `{"verified": 1.0 or 0.0}` for a document with a question and a reference in fields with usual names.

    Raises:
        KeyError: the document has no reference.
    """
    reference = next((doc[name] for name in REFERENCE_FIELDS if name in doc), None)
    if reference is None:
        raise KeyError(f"no reference among {', '.join(doc)}; name the field {' or '.join(REFERENCE_FIELDS)}")
    return {METRIC: float(verify_answer(results[0], str(reference), question=_question(doc)).status == "correct")}


def verified(references: Sequence[Any], predictions: Sequence[Any], **kwargs: Any) -> float:
    """Return the share of right predictions, from 0 to 1: the metric `verified` of `generate_until` tasks."""
    need_same_length("predictions", len(predictions), references=references)
    pairs = list(zip(predictions, references, strict=True))
    right = [verify_answer(_first(given), str(wanted)).status == "correct" for given, wanted in pairs]
    return sum(right) / len(right) if right else 0.0


def register() -> None:
    """Register the filter and the metric with the harness. Call it once.

    Raises:
        ModuleNotFoundError: lm_eval is not installed.
    """
    from lm_eval.api.filter import Filter
    from lm_eval.api.registry import register_filter, register_metric

    class AnswerFilter(Filter):  # type: ignore[misc, unused-ignore]
        """Replace each response by its final answer."""

        def apply(self, resps: Iterable[Any], docs: Iterable[Any]) -> list[list[str]]:
            """Return the final answers in the same order."""
            return [[_claim(text, doc) for text in texts] for texts, doc in zip(resps, docs, strict=True)]

    register_filter(FILTER)(AnswerFilter)
    register_metric(metric=METRIC, higher_is_better=True, output_type="generate_until", aggregation="mean")(verified)


def _claim(text: str, doc: Any) -> str:
    found = extract_answer(text, question=_question(doc) if isinstance(doc, Mapping) else None)
    return found.answer if found else NO_ANSWER


def _question(doc: Mapping[str, Any]) -> str | None:
    return next((str(doc[name]) for name in QUESTION_FIELDS if isinstance(doc.get(name), str)), None)


def _first(given: Any) -> str:
    return str(given[0] if isinstance(given, list | tuple) and given else given)
