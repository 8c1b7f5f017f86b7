"""MLflow's private names, which any release may change. No other file of this project uses one.

`probe` tries them once, when the first trace begins. If one is missing, `store.tracer` falls back to MLflow's public functions,
with a warning that says what is lost. The other functions here have their own fallbacks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from opentelemetry import trace as otel
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter

if TYPE_CHECKING:
    from mlflow.entities import LiveSpan, Trace
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer
    from mlflow.tracing.client import TracingClient

LANGCHAIN_TRACER = "mlflow.langchain.langchain_tracer"


class PrivateNameMissing(RuntimeError):
    """This release of MLflow lacks a private name, or the name works differently."""


def span_processor(exporter: SpanExporter) -> SpanProcessor:
    """Return MLflow's span processor, which registers spans as `LiveSpan`, with our exporter."""
    from mlflow.tracing.processor.mlflow_v3 import MlflowV3SpanProcessor

    return MlflowV3SpanProcessor(exporter, export_metrics=False)


def live_span(trace_id: str, span_id: str) -> LiveSpan | None:
    """Return the span as MLflow registered it; None if MLflow no longer has the trace."""
    return _traces().get_span_from_id(trace_id, span_id)


@contextmanager
def open_trace(trace_id: str) -> Iterator[Any]:
    """Yield a trace in MLflow's memory, locked while the block runs; None if it is not there."""
    with _traces().get_trace(trace_id) as trace:
        yield trace


def pop_trace(number: int) -> Trace | None:
    """Remove a trace from MLflow's memory by its OpenTelemetry id and return it."""
    done = _traces().pop_trace(number)
    return done.trace if done else None


def otel_span(span: LiveSpan) -> otel.Span:
    """Return the OpenTelemetry span behind a span of MLflow."""
    return cast("otel.Span", span._span)


def rename(span: LiveSpan, name: str) -> None:
    """Rename a span. If MLflow hides the OpenTelemetry span behind it, the span keeps its first name."""
    if (behind := getattr(span, "_span", None)) is not None:
        behind.update_name(name)


def tracing_client(uri: str) -> TracingClient:
    """Return the client that writes whole traces.

    Raises:
        PrivateNameMissing: MLflow has none, or one without these methods.
    """
    return _client_class()(uri)


def langchain_tracer() -> type[MlflowLangchainTracer] | None:
    """Return the class of autolog's tracer; None if this MLflow has none. Autolog is then left alone."""
    try:
        from mlflow.langchain.langchain_tracer import MlflowLangchainTracer
    except ImportError:
        return None
    return MlflowLangchainTracer


def is_langchain_traced() -> bool:
    """Return whether autolog's tracer can be in use, without importing it."""
    return LANGCHAIN_TRACER in sys.modules


def autologged_span(tracer: MlflowLangchainTracer, run: UUID) -> LiveSpan | None:
    """Return the open span of autolog's tracer for a run; None if the tracer does not reveal it."""
    opened = getattr(tracer, "_run_span_mapping", {}).get(str(run))
    return getattr(opened, "span", None)


def pause_autolog() -> Callable[[], None] | None:
    """Switch autologging of LangChain off. Return the function that switches it on again; None if it was off."""
    try:
        from mlflow.utils.autologging_utils import AUTOLOGGING_INTEGRATIONS, autologging_is_disabled
    except ImportError:
        return None  # no public function says whether it is on, so a run may be traced twice
    if autologging_is_disabled("langchain"):
        return None
    settings = AUTOLOGGING_INTEGRATIONS["langchain"]
    settings["disable"] = True
    return lambda: settings.update(disable=False)


@cache
def probe() -> None:
    """Try all private names: open, read and remove a small trace as tracing does, and look for the client that sends it.

    Raises:
        PrivateNameMissing: a name is missing or does not work; the message says which.
    """
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    taken: list[int] = []
    with _explained("the span processor and the trace manager (mlflow.tracing)"):
        provider = TracerProvider(resource=Resource.get_empty(), shutdown_on_exit=False)
        provider.add_span_processor(span_processor(cast("SpanExporter", _Collector(taken))))
        # An empty context: the probe must not become part of the caller's trace.
        span = provider.get_tracer("trace_of_thought.probe").start_span("probe", otel.context_api.Context())
        context = span.get_span_context()
        live = live_span(f"tr-{context.trace_id:032x}", f"{context.span_id:016x}")
        if live is None or not otel_span(live).get_span_context().is_valid:
            raise LookupError("a span that was opened is not registered")
        with open_trace(live.trace_id) as trace:
            trace.info.tags.update(probe="1")
            trace.info.trace_metadata.update(probe="1")
            trace.info.assessments.extend([])
        live.end()
        done = pop_trace(taken[0])
        if done is None or done.info.tags["probe"] != "1":
            raise LookupError("a trace that ended cannot be taken out")
    _client_class()


def _client_class() -> type[TracingClient]:
    with _explained("mlflow.tracing.client.TracingClient"):
        from mlflow.tracing.client import TracingClient

        for method in ("start_trace", "log_spans", "get_trace_info", "log_assessment"):
            getattr(TracingClient, method)
        return TracingClient


def _traces() -> Any:
    from mlflow.tracing.trace_manager import InMemoryTraceManager

    return InMemoryTraceManager.get_instance()


class _Collector:
    """An exporter that remembers the numbers of the traces that ended."""

    def __init__(self, taken: list[int]) -> None:
        self._taken = taken

    def export(self, spans: Any) -> None:
        self._taken += [span.context.trace_id for span in spans]

    def shutdown(self) -> None:
        """Nothing is held here."""


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from mlflow.version import VERSION

        raise PrivateNameMissing(f"MLflow {VERSION} has changed {what}: {type(error).__name__}: {error}") from error
