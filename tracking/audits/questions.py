"""Convert the questions of an audit to MLflow's label schemas, and its assessments to answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from ...foundation.visible import first_line
from ..store.errors import TrackingUnavailable
from ..store.paging import items_of_all_pages

if TYPE_CHECKING:
    from mlflow.entities import Assessment

    from ..store.store import Store

RIGHT = "Is the verdict right?"
WHY = "If not, why?"
ANSWERS = ("yes", "no", "can't tell")
REASONS = (
    "it read another answer than the solution gives",
    "the answers are equal, and it did not see that",
    "the answers differ, and it called them equal",
    "the reference is wrong",
    "the problem can be read in several ways",
    "another reason",
)
_HINTS = {
    RIGHT: "Does the final answer of the solution equal the reference? View full trace shows the solution (node solve), "
    "and under Assessments the reference and the verdict (correct). Judge the answer, not the reasoning.",
    WHY: "Leave this open if the verdict is right.",
}

Answer = Literal["yes", "no", "unclear", "waiting"]
"""The judgement of a verdict: right, wrong, unclear (reviewers can't tell or disagree), or nobody answered."""


@contextmanager
def review_queues(store: Store) -> Iterator[Any]:
    """Yield MLflow's module for review queues, pointed at a store while the block runs.

    Raises:
        TrackingUnavailable: the installed MLflow or the server has no review queues, or the server refuses the request.
    """
    try:
        import mlflow
        from mlflow.genai import review_queues as queues
    except ImportError as error:
        raise TrackingUnavailable("review queues need MLflow 3.14 or newer: pip install -U mlflow") from error
    # The module's functions take no address, so MLflow's global one is set and restored.
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.uri)
    try:
        yield queues
    except mlflow.MlflowException as error:
        said = store.redactor.text(first_line(error))
        hint = "; its server needs MLflow 3.14 or newer" if error.get_http_status_code() in (404, 501) else ""
        raise TrackingUnavailable(f"{store.shown_uri} did not take the review queue: {said}{hint}") from error
    finally:
        mlflow.set_tracking_uri(before)


def question(experiment_id: str, name: str, options: Sequence[str]) -> str:
    """Return the id of a question of an experiment; create the question if needed."""
    from mlflow.genai import label_schemas

    for schema in items_of_all_pages(lambda token: label_schemas.list_label_schemas(experiment_id, page_token=token)):
        if schema.name == name:
            return str(schema.schema_id)
    made = label_schemas.create_label_schema(
        name,
        type="feedback",
        input=label_schemas.InputCategorical(list(options)),
        instruction=_HINTS[name],
        enable_comment=True,
        experiment_id=experiment_id,
    )
    return str(made.schema_id)


def read_answer(assessments: Sequence[Assessment]) -> Answer:
    """Return the reviewers' judgement of a verdict; if they disagree, that of the majority, or "unclear"."""
    said = [_value(item) for item in _latest(assessments, RIGHT)]
    yes, no = said.count("yes"), said.count("no")
    if not said:
        return "waiting"
    return "unclear" if yes == no else "yes" if yes > no else "no"


def read_reasons(assessments: Sequence[Assessment]) -> list[str]:
    """Return the answers to "If not, why?" on one trace."""
    return [_value(item) for item in _latest(assessments, WHY) if _value(item)]


def _latest(assessments: Sequence[Assessment], name: str) -> list[Assessment]:
    """Return each person's newest answer to a question."""
    overridden = {getattr(item, "overrides", None) for item in assessments}
    given = [item for item in assessments if item.name == name and item.source.source_type == "HUMAN"]
    newest = {}
    # MLflow may give several answers of one person; the latest counts.
    for item in sorted(given, key=lambda item: item.last_update_time_ms or item.create_time_ms or 0):
        if item.assessment_id not in overridden and getattr(item, "value", None) is not None:
            newest[item.source.source_id] = item
    return list(newest.values())


def _value(item: Assessment) -> str:
    value = getattr(item, "value", "")
    return str(value[0] if isinstance(value, list) and value else value).strip().lower()
