"""An open LangChain run and its span: `Run`."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ...foundation.redaction import Redactor
from ..store.private import rename

if TYPE_CHECKING:
    from mlflow.entities import LiveSpan
    from mlflow.langchain.langchain_tracer import MlflowLangchainTracer

_LONGEST_TRACEBACK = 8_000  # characters
_LANGGRAPH_NOTE = "During task with name"  # beginning of a note that LangGraph adds to errors


@dataclass(eq=False)
class Run:
    """A LangChain run. Graphs, nodes, tools and model calls have a span; anything else belongs to the nearest span above.

    With `autolog`, the spans are MLflow's own and only get our assessments.
    """

    id: UUID
    parent: Run | None
    name: str
    inputs: Any
    metadata: Mapping[str, Any]
    # Wall-clock time for the start, monotonic time for the duration.
    started_ns: int = field(default_factory=time.time_ns)
    started_at: int = field(default_factory=time.monotonic_ns)
    span: LiveSpan | None = None
    span_type: str | None = None
    nested: bool = False
    """Whether the trace was opened by the application."""
    autolog: MlflowLangchainTracer | None = None
    """Autolog's tracer, if it opens the spans instead of us."""
    children: set[Run] = field(default_factory=set)
    problem: dict[str, Any] | None = None
    paused: bool = False
    pause: dict[str, Any] | None = None
    """Facts about the pause that this run continues."""
    ends_with: dict[str, Any] | None = None
    """Facts about the pause that this run ends with, or about the end of a thread that had paused."""

    @property
    def root(self) -> Run:
        """The outermost run, which has the trace."""
        return self if self.parent is None else self.parent.root

    @property
    def is_graph(self) -> bool:
        """Whether this is the run of a graph, ours or another."""
        return self.span_type == "WORKFLOW"

    @property
    def thread_id(self) -> str | None:
        """The id of the LangGraph thread, if there is one."""
        thread = self.metadata.get("thread_id")
        return None if thread is None else str(thread)

    @property
    def own_span(self) -> LiveSpan | None:
        """The span, unless autolog opened it."""
        return None if self.autolog else self.span

    @property
    def open_span(self) -> LiveSpan | None:
        """The span of this run or of the nearest one above."""
        return self.span or (self.parent.open_span if self.parent else None)

    def end(self) -> None:
        """End the span. Its duration is correct even if the clock was set in the meantime."""
        if self.own_span is not None:
            self.own_span.end(end_time_ns=self.started_ns + time.monotonic_ns() - self.started_at)

    def set(self, redactor: Redactor, **values: Any) -> None:
        """Set `inputs` or `outputs` of the span."""
        if self.own_span is None:
            return
        if "inputs" in values:
            self.own_span.set_inputs(redactor.value(values["inputs"]))
        if "outputs" in values:
            self.own_span.set_outputs(redactor.value(values["outputs"]))

    def describe(self, attributes: Mapping[str, Any]) -> None:
        """Set attributes of the span."""
        if self.own_span is not None:
            self.own_span.set_attributes(dict(attributes))

    def rename(self, name: str | None) -> None:
        """Rename the span if a name is given."""
        if self.own_span is not None and name:
            rename(self.own_span, name)

    def event(self, name: str, data: Mapping[str, Any], redactor: Redactor) -> None:
        """Add an event to the span of this run or of the nearest one above."""
        from mlflow.entities import SpanEvent

        if (span := self.open_span) and not self.autolog:
            plain = {
                str(key): value if isinstance(value, bool | int | float) else redactor.text(str(value))
                for key, value in data.items()
            }
            span.add_event(SpanEvent(name, attributes=plain))  # type: ignore[abstract,arg-type]

    def fail(self, error: BaseException, redactor: Redactor) -> None:
        """Mark the span as failed, with the error as an event."""
        if self.own_span is None:
            return
        cancelled = isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit | GeneratorExit)
        # LangGraph adds a note with its task id to every error, which would make equal errors look different.
        notes = [note for note in getattr(error, "__notes__", ()) if not note.startswith(_LANGGRAPH_NOTE)]
        message = "; ".join(filter(None, ["cancelled" if cancelled else "", str(error), *notes]))
        message = redactor.text(message)[:_LONGEST_TRACEBACK]
        # The end of a traceback names the error.
        trace = redactor.text("".join(traceback.format_exception(error)))[-_LONGEST_TRACEBACK:]
        details = {"exception.type": type(error).__name__, "exception.message": message, "exception.stacktrace": trace}
        self.event("exception", details, redactor)
        mark_failed(self.own_span, f"{type(error).__name__}: {message}"[:1000])


def mark_failed(span: LiveSpan, message: str) -> None:
    """Set the status of a span to ERROR."""
    from mlflow.entities import SpanStatus, SpanStatusCode

    span.set_status(SpanStatus(SpanStatusCode.ERROR, message))  # type: ignore[arg-type]
