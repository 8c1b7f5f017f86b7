"""The fallback for `tracer.SpanTracer`, for releases of MLflow that lack its private names.

It uses only MLflow's public functions. Traces go to MLflow's queue instead of the outbox, and MLflow chooses their ids.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from mlflow.entities import Assessment, LiveSpan

logger = logging.getLogger(__name__)

LOST = (
    "traces are written through MLflow's public functions: they can be lost in bursts and with the process, and the rows of "
    "an experiment have no link to them. Install the release of MLflow that this project names to have both again"
)


class PublicTracer:
    """Opens spans with `mlflow.start_span_no_context`. Tags and assessments are written when the store closes.

    Args:
        uri: the tracking store. It becomes MLflow's global store in this process.
    """

    def __init__(self, uri: str) -> None:
        import mlflow

        mlflow.set_tracking_uri(uri)
        self._tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._assessments: defaultdict[str, list[Assessment]] = defaultdict(list)

    def root(self, name: str, span_type: str, run_id: UUID, experiment_id: str, started_ns: int) -> LiveSpan:
        """Open the root span of a new trace; `run_id` becomes a tag."""
        import mlflow

        tags = {"langchain_run_id": str(run_id)}
        return mlflow.start_span_no_context(name, span_type, tags=tags, experiment_id=experiment_id, start_time_ns=started_ns)

    def child(self, name: str, span_type: str, parent: LiveSpan, started_ns: int) -> LiveSpan:
        """Open a span under another one."""
        import mlflow

        return mlflow.start_span_no_context(name, span_type, parent, start_time_ns=started_ns)

    def describe(self, trace: str, tags: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        """Keep tags and metadata of a trace until `close`, as tags: MLflow has no public function that changes metadata."""
        self._tags[trace] |= {**tags, **{key.removeprefix("mlflow."): value for key, value in metadata.items()}}

    def assess(self, trace: str, assessments: Iterable[Assessment]) -> None:
        """Keep assessments of a trace until `close`."""
        self._assessments[trace] += assessments

    def close(self) -> None:
        """Let MLflow send its queue, then write tags and assessments. A warning names each trace that cannot get them."""
        import mlflow

        mlflow.flush_trace_async_logging()
        client = mlflow.MlflowClient()
        for trace in {*self._tags, *self._assessments}:
            try:
                for key, value in self._tags.pop(trace, {}).items():
                    client.set_trace_tag(trace, key, value)
                for assessment in self._assessments.pop(trace, []):
                    mlflow.log_assessment(trace, assessment)
            except mlflow.MlflowException as error:
                logger.warning("the tags and assessments of trace %s are lost: %s", trace, error)
