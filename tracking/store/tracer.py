"""Open MLflow spans with explicit parents, in traces whose ids are derived from the graphs' run ids. Start at `SpanTracer`.

Each store has its own tracer beside MLflow's global one. An application's settings there (destination, tracking URI, a queue
that drops traces) do not affect our traces, and ours do not affect its traces.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from opentelemetry import trace as otel
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator

from . import private

if TYPE_CHECKING:
    from mlflow.entities import Assessment, LiveSpan, Trace


def trace_id(run_id: UUID) -> str:
    """Return the trace id of a graph run, given the `run_id` from its config."""
    return f"tr-{run_id.hex}"


class SpanTracer:
    """Opens spans, and delivers each trace when its root span ends.

    Args:
        deliver: gets every finished trace, in the thread that ends the root span.

    Raises:
        PrivateNameMissing: this release of MLflow has changed what this class needs; `public_tracer` is the fallback.
    """

    def __init__(self, deliver: Callable[[Trace], None]) -> None:
        private.probe()
        self._ids = _Ids()
        provider = TracerProvider(resource=Resource.get_empty(), id_generator=self._ids, shutdown_on_exit=False)
        provider.add_span_processor(private.span_processor(_Exporter(deliver)))
        self._tracer = provider.get_tracer("trace_of_thought")

    def root(self, name: str, span_type: str, run_id: UUID, experiment_id: str, started_ns: int) -> LiveSpan:
        """Open the root span of a new trace."""
        from mlflow.tracing.constant import SpanAttributeKey

        attributes = {SpanAttributeKey.EXPERIMENT_ID: json.dumps(experiment_id)}
        with self._ids.for_trace(run_id.int):
            # An empty context: otherwise the caller's current span would become the parent.
            span = self._tracer.start_span(name, otel.context_api.Context(), attributes=attributes, start_time=started_ns)
        return _live(span, trace_id(run_id), span_type)

    def child(self, name: str, span_type: str, parent: LiveSpan, started_ns: int) -> LiveSpan:
        """Open a span under another span of the same trace."""
        context = otel.set_span_in_context(private.otel_span(parent), otel.context_api.Context())
        span = self._tracer.start_span(name, context, start_time=started_ns)
        return _live(span, parent.trace_id, span_type)

    def describe(self, trace: str, tags: Mapping[str, str], metadata: Mapping[str, str]) -> None:
        """Add tags and metadata to an open trace."""
        with private.open_trace(trace) as found:
            if found is not None:
                found.info.tags.update(tags)
                found.info.trace_metadata.update(metadata)

    def assess(self, trace: str, assessments: Iterable[Assessment]) -> None:
        """Attach assessments to an open trace. Once it has ended, each would cost a request."""
        with private.open_trace(trace) as found:
            if found is not None:
                found.info.assessments.extend(assessments)

    def close(self) -> None:
        """Do nothing: every finished trace has been delivered."""


def _live(span: otel.Span, trace: str, span_type: str) -> LiveSpan:
    """Return the span as MLflow registered it."""
    live = private.live_span(trace, f"{span.get_span_context().span_id:016x}")
    if live is None:
        raise LookupError(f"MLflow has forgotten trace {trace}: raise MLFLOW_TRACE_BUFFER_MAX_SIZE")
    live.set_span_type(span_type)
    return live


class _Ids(IdGenerator):
    """Generates trace ids as requested, and random span ids that do not repeat after `random.seed` in an application."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()
        # Threads open traces at the same time; each asks for its own id.
        self._asked = threading.local()

    def for_trace(self, trace: int) -> _Asked:
        """Return a context in which this thread's next trace gets the given id."""
        return _Asked(self._asked, trace)

    def generate_trace_id(self) -> int:
        return getattr(self._asked, "trace", None) or self._random.getrandbits(128)

    def generate_span_id(self) -> int:
        return self._random.getrandbits(64) or 1  # 0 means "no span" in OpenTelemetry


class _Asked:
    """Sets the requested trace id of the current thread while the block runs."""

    def __init__(self, local: threading.local, trace: int) -> None:
        self._local, self._trace = local, trace

    def __enter__(self) -> None:
        self._local.trace = self._trace

    def __exit__(self, *failure: Any) -> None:
        self._local.trace = None


class _Exporter(SpanExporter):
    """Removes a trace from MLflow's memory and delivers it when its root span has ended."""

    def __init__(self, deliver: Callable[[Trace], None]) -> None:
        self._deliver = deliver

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        for span in spans:
            if span.parent is None and (done := private.pop_trace(span.context.trace_id)):
                self._deliver(done)
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Do nothing: no span is buffered here."""
