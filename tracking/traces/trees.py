"""The open runs of a handler and their spans: `Tree`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..store.private import autologged_span
from .autolog import tracer_here
from .open_run import Run, mark_failed
from .review_links import review_address

if TYPE_CHECKING:
    from mlflow.entities import Assessment

    from ..store.store import Store

logger = logging.getLogger(__name__)

_TAGGED = ("problem_id", "cell", "method", "seed", "sample", "restored")  # metadata of a run that become tags of its trace


class Tree:
    """Keeps the open runs by id, and opens and closes their spans."""

    def __init__(
        self,
        store: Store,
        experiment_id: str,
        *,
        run_id: str | None,
        tags: Mapping[str, str] | None,
        prompts: Mapping[str, int] | None,
    ) -> None:
        self.store = store
        self.experiment_id = experiment_id
        self.run_id = run_id
        self.tags = dict(tags or {})
        self.prompts = dict(prompts or {})
        self.last_trace_id: str | None = None
        self._runs: dict[UUID, Run] = {}
        self._pauses: dict[str, dict[str, Any]] = {}
        # An RLock: opening a child's span may open its parent's first.
        self._opening = threading.RLock()

    def add(self, run_id: UUID, parent_id: UUID | None, name: str, inputs: Any, metadata: Mapping[str, Any] | None) -> Run:
        """Register a run. A run whose parent is unknown here is the root of a trace."""
        parent = self._runs.get(parent_id) if parent_id else None
        run = Run(run_id, parent, name, inputs, metadata or {})
        if parent is not None:
            parent.children.add(run)
            run.nested, run.autolog = parent.nested, parent.autolog
        # No parent of ours, but one of autolog's: it opens the spans.
        elif parent_id and (tracer := tracer_here()):
            run.nested, run.autolog = True, tracer
        self._runs[run_id] = run
        return run

    def get(self, run_id: UUID) -> Run | None:
        """Return an open run, or None."""
        return self._runs.get(run_id)

    def take(self, run_id: UUID) -> Run | None:
        """Return a run that ends, and remove it from the open runs."""
        run = self._runs.pop(run_id, None)
        if run is not None and run.autolog and run.span_type and run.span is None:
            run.span = autologged_span(run.autolog, run_id)
        return run

    def open(self, run: Run, span_type: str, inputs: Any) -> None:
        """Open the span of a run, under the nearest span above it or under the application's current span."""
        import mlflow

        with self._opening:
            if run.span_type:
                return
            run.span_type = span_type
            if run.autolog:
                run.span = autologged_span(run.autolog, run.id)
                return
            above = run.parent.open_span if run.parent else mlflow.get_current_active_span()
            if run.parent is None:
                run.nested = above is not None
            # Three cases: a new trace, a span in the application's trace, a span in one of our traces.
            if above is None:
                run.span = self.store.tracer.root(run.name, span_type, run.id, self.experiment_id, run.started_ns)
                self._describe_trace(run)
            elif run.nested:
                run.span = mlflow.start_span_no_context(run.name, span_type, above, start_time_ns=run.started_ns)
            else:
                run.span = self.store.tracer.child(run.name, span_type, above, run.started_ns)
            self.last_trace_id = run.span.trace_id
        if inputs is not None:
            run.set(self.store.redactor, inputs=inputs)

    @contextmanager
    def closing(self, run: Run) -> Iterator[None]:
        """End the span of a run, and every span left open inside it, whatever happens in the block."""
        try:
            yield
        except Exception:
            logger.exception("a trace is incomplete")  # tracing must not fail the run
        finally:
            for child in list(run.children):
                self._abandon(child)
            run.end()
            self._note_pause(run)
            if run.parent is not None:
                run.parent.children.discard(run)

    def assess(self, run: Run, assessments: Iterable[Assessment]) -> None:
        """Attach assessments to the open trace. Once it has ended, each would cost a request."""
        if run.span is not None:
            self.store.tracer.assess(run.span.trace_id, [self._redacted(assessment) for assessment in assessments])

    def tag_problem(self, root: Run) -> None:
        """Tag a trace with the id of its problem."""
        if root.problem and root.problem.get("problem_id") and not root.nested:
            self._update_trace(root, tags={"problem_id": str(root.problem["problem_id"])})

    def remember_pause(self, root: Run) -> None:
        """Put the trace of a paused run into the session of its thread, so that its continuation can join it."""
        if root.span is None or root.thread_id is None or root.nested:
            return
        trace = root.span.trace_id
        page = self.store.page(f"/experiments/{self.experiment_id}/traces?selectedEvaluationId={trace}")
        facts = {"trace_id": trace, "span_id": root.span.span_id, "at": time.time(), "page": page}
        self._update_trace(root, tags={"review": review_address(root.thread_id)})
        self._pauses[root.thread_id] = root.ends_with = facts
        self._join_session(root)

    def holds(self, run: Run) -> bool:
        """Return whether this is the outermost run of a thread, and its trace waits for a row that may never be written."""
        return run.parent is None and run.thread_id is not None and not run.nested and self.store.keeper.holds(self.run_id)

    def _note_pause(self, run: Run) -> None:
        """Let later processes find the last trace of a thread. A kill between the two leaves the trace, which is discarded."""
        if run.ends_with and run.thread_id:
            try:
                self.store.pause(run.thread_id, run.ends_with)
            except Exception:
                logger.exception("the trace of thread %s will not be linked to the one after its pause", run.thread_id)

    def link_to_pause(self, root: Run) -> None:
        """Link the trace of a resumed run to the trace that ended with the pause."""
        from mlflow.entities import Link

        thread = str(root.thread_id)
        # In memory if this process paused the run, else on disk.
        root.pause = self._pauses.pop(thread, None) or self.store.paused(thread)
        if root.span is None or root.nested:
            return
        self._join_session(root)
        if root.pause:
            self.store.keeper.release(root.pause["trace_id"])  # its row may never have been written
            link = Link(root.pause["trace_id"], root.pause["span_id"], {"relation": "resumes"})  # type: ignore[abstract]
            root.span.add_link(link)

    def _abandon(self, run: Run) -> None:
        """Close the spans of a run that never reported its end, such as a cancelled task."""
        for child in list(run.children):
            self._abandon(child)
        self._runs.pop(run.id, None)
        if run.own_span is not None:
            mark_failed(run.own_span, "never ended")
            run.end()

    def _describe_trace(self, run: Run) -> None:
        """Set tags, linked prompts and the MLflow run of a new trace."""
        from mlflow.tracing.constant import TraceMetadataKey, TraceTagKey

        tags = {key: str(run.metadata[key]) for key in _TAGGED if isinstance(run.metadata.get(key), str | int | float)}
        if self.prompts:
            import json

            linked = [{"name": name, "version": str(version)} for name, version in self.prompts.items()]
            tags[TraceTagKey.LINKED_PROMPTS] = json.dumps(linked)
        metadata = {TraceMetadataKey.SOURCE_RUN: self.run_id} if self.run_id else {}
        self._update_trace(run, tags=self.tags | tags, metadata=metadata)

    def _join_session(self, root: Run) -> None:
        from mlflow.tracing.constant import TraceMetadataKey

        self._update_trace(root, metadata={TraceMetadataKey.TRACE_SESSION: str(root.thread_id)[:250]})  # MLflow's limit

    def _update_trace(
        self, run: Run, *, tags: Mapping[str, str] | None = None, metadata: Mapping[str, str] | None = None
    ) -> None:
        assert run.span is not None
        kept = {key: self.store.redactor.text(value)[:4096] for key, value in (tags or {}).items()}  # MLflow's limit
        self.store.tracer.describe(run.span.trace_id, kept, metadata or {})

    def _redacted(self, assessment: Assessment) -> Assessment:
        """Return an assessment with secrets removed from its texts."""
        redact = self.store.redactor
        if assessment.rationale:
            assessment.rationale = redact.text(assessment.rationale)
        if assessment.metadata:
            assessment.metadata = {key: redact.text(value) for key, value in assessment.metadata.items()}
        return assessment
