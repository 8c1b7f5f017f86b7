"""The LangChain callback handler that turns runs of graphs into MLflow traces: `TraceHandler`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult
from langgraph.errors import GraphBubbleUp, GraphInterrupt
from langgraph.types import Command

from . import shapes
from .autolog import stand_in_for_its_tracer
from .judgements import judge_review, judge_run
from .open_run import Run
from .trees import Tree

if TYPE_CHECKING:
    from ..store.store import Store

logger = logging.getLogger(__name__)

_NODE_TAG = "graph:step:"  # LangGraph's tag of the run of a node


class TraceHandler(BaseCallbackHandler):
    """Opens a span for every graph, node, tool and chat model call, with explicit parents.

    It uses no context variable, so one handler serves any number of concurrent runs in tasks, threads and subgraphs. A run
    inside a span that the application opened nests there. A run inside an agent that `mlflow.langchain.autolog` traces only
    gets our assessments. Any other run becomes a trace whose id is `trace_id(run_id)`.

    Args:
        store: an open tracking store.
        experiment_id: id of the MLflow experiment.
        run_id: id of the MLflow run that the traces belong to.
        tags: tags of every trace.
        prompts: versions of registered prompts by name, linked to every trace.

    Example:
        ```python
        from trace_of_thought import tracking

        store = tracking.connect()
        handler = tracking.TraceHandler(store, store.experiment_id("my application"))
        # graph.invoke({"question": "..."}, {"callbacks": [handler]})
        store.close()
        ```
    """

    run_inline = True  # LangChain calls it in order, in the thread of the run: parents are registered before their children

    def __init__(
        self,
        store: Store,
        experiment_id: str,
        *,
        run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
        prompts: Mapping[str, int] | None = None,
    ) -> None:
        self.store = store
        self.tree = Tree(store, experiment_id, run_id=run_id, tags=tags, prompts=prompts)
        self._lock = threading.Lock()
        stand_in_for_its_tracer(TraceHandler)

    @property
    def last_trace_id(self) -> str | None:
        """The id of the most recently started trace."""
        return self.tree.last_trace_id

    def on_chain_start(
        self,
        serialized: dict[str, Any],
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Register a run; open a span if it is a graph or a node, not for the runnables inside a node."""
        name = kwargs.get("name") or (serialized or {}).get("name") or "chain"
        run = self.tree.add(run_id, parent_run_id, name, inputs, metadata)
        node = any(tag.startswith(_NODE_TAG) for tag in tags or ())
        if run.parent is None:
            self._open_root(run)
        elif node:
            self._open_node(run)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the span of a graph or node with its outputs and assessments."""
        if run := self.tree.take(run_id):
            with self.tree.closing(run):
                self._end_chain(run, outputs)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the span as failed, or as paused: an interrupt is not an error."""
        run = self.tree.take(run_id)
        if run is None:
            return
        with self.tree.closing(run):
            if isinstance(error, GraphBubbleUp):
                self._pause(run, error)
            else:
                run.fail(error, self.store.redactor)

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the span of a chat model call."""
        metadata = metadata or {}
        name = metadata.get("ls_model_name") or kwargs.get("name") or ((serialized or {}).get("id") or ["chat model"])[-1]
        run = self.tree.add(run_id, parent_run_id, shapes.short_name(str(name)) or "chat model", None, metadata)
        asked: Sequence[BaseMessage] = messages[0] if messages else []
        self.tree.open(run, "CHAT_MODEL", shapes.chat_inputs(asked, kwargs.get("invocation_params") or {}))

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the span with the reply: messages, tokens, model."""
        if run := self.tree.take(run_id):
            with self.tree.closing(run):
                run.set(self.store.redactor, outputs=shapes.chat_outputs(response))
                run.describe(shapes.chat_attributes(response, run.metadata))
                run.rename(shapes.short_name(shapes.model_name(response, run.metadata)))

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the span of a model call as failed."""
        self.on_chain_error(error, run_id=run_id)

    def on_tool_start(
        self,
        serialized: dict[str, Any],
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Open the span of a tool, such as one of our graphs in a larger agent."""
        name = (serialized or {}).get("name") or kwargs.get("name") or "tool"
        run = self.tree.add(run_id, parent_run_id, name, inputs, metadata)
        self.tree.open(run, "TOOL", inputs if inputs is not None else input_str)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the span of a tool with its output."""
        if run := self.tree.take(run_id):
            with self.tree.closing(run):
                run.set(self.store.redactor, outputs=shapes.node_outputs(output))

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close the span of a tool as failed, or as paused for review."""
        self.on_chain_error(error, run_id=run_id)

    def on_retry(self, retry_state: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Add a retry as an event to the open span."""
        outcome = getattr(retry_state, "outcome", None)
        error = outcome.exception() if outcome is not None and outcome.failed else None
        self._event(run_id, "retry", {"attempt": getattr(retry_state, "attempt_number", 0), "error": repr(error)})

    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Add a custom event (`dispatch_custom_event`) to the open span."""
        self._event(run_id, name, data if isinstance(data, Mapping) else {"data": data})

    def _event(self, run_id: UUID, name: str, data: Mapping[str, Any]) -> None:
        if run := self.tree.get(run_id):
            run.event(name, data, self.store.redactor)

    def _open_root(self, run: Run) -> None:
        """Open the span of an outermost run; a resumed run is linked to the trace that ended with the pause."""
        resumed = isinstance(run.inputs, Command) and run.inputs.resume is not None
        self.tree.open(run, "WORKFLOW", None if resumed else shapes.graph_inputs(run.inputs))
        if run.thread_id and (resumed or "restored" in run.metadata):
            self.tree.link_to_pause(run)
        if not resumed and shapes.is_ours(run.inputs):
            self._learn_problem(run.root, run.inputs)

    def _open_node(self, run: Run) -> None:
        """Open the span of a node, after the span of the graph around it."""
        # Nodes that run in parallel must not open the graph's span twice.
        with self._lock:
            parent = run.parent
            if parent is not None:
                # A runnable turns out to be a subgraph only when its first node starts; its span is opened then.
                self.tree.open(parent, "WORKFLOW", shapes.graph_inputs(parent.inputs))
        if shapes.is_ours(run.inputs):
            self._learn_problem(run.root, run.inputs)
        self.tree.open(run, "CHAIN", shapes.node_inputs(run.name, run.inputs))
        if isinstance(run.inputs, Mapping) and (reason := run.inputs.get("retry_reason")) and run.name == "solve":
            run.event("retry", {"reason": reason}, self.store.redactor)

    def _learn_problem(self, root: Run, state: Mapping[str, Any]) -> None:
        """Remember the problem of a trace. A resumed run has no problem as input; its first node shows it."""
        if root.problem is not None:
            return
        root.problem = {key: state.get(key) for key in ("question", "problem_id", "reference", "domain")}
        self.tree.tag_problem(root)
        if root.inputs is None or isinstance(root.inputs, Command):
            root.set(self.store.redactor, inputs=shapes.graph_inputs(state))

    def _end_chain(self, run: Run, outputs: Any) -> None:
        """Set the outputs of a graph or node; a review node also gets the reviewer's decision as an assessment."""
        if run.span is None:
            return
        if run.is_graph:
            self._end_graph(run, outputs)
            return
        run.set(self.store.redactor, outputs=shapes.node_outputs(outputs))
        if run.name == "review":
            asked = run.root.pause or {}
            waited = max(0.0, time.time() - asked["at"]) if "at" in asked else None
            self.tree.assess(run, judge_review(run.span, outputs, waited))

    def _end_graph(self, run: Run, outputs: Any) -> None:
        """Set the outputs of a graph, and assess its verdict if the graph is ours."""
        if run.parent is None and run.paused:
            self._end_paused(run)
            return
        run.set(self.store.redactor, outputs=shapes.graph_outputs(outputs))
        run.describe(shapes.graph_attributes(outputs))
        if run.span is not None and self.tree.holds(run):
            run.ends_with = {"trace_id": run.span.trace_id, "span_id": run.span.span_id, "finished": True}
        if run.span is not None and isinstance(outputs, Mapping) and "status" in outputs:
            problem = run.inputs if shapes.is_ours(run.inputs) else run.root.problem or {}
            self.tree.assess(run, judge_run(run.span, outputs, problem.get("reference")))

    def _pause(self, run: Run, error: GraphBubbleUp) -> None:
        """Note that a run waits for review, and show what it waits for."""
        if isinstance(error, GraphInterrupt):
            run.root.paused = True
            if run.parent is None:
                self._end_paused(run)
                return
            requests = [interrupt.value for interrupt in error.args[0]] if error.args else []
            run.set(self.store.redactor, outputs={"waiting_for": requests})

    def _end_paused(self, run: Run) -> None:
        """End the trace of a paused run with status OK, and put it into a session that its continuation can join."""
        run.set(self.store.redactor, outputs={"answer": None, "status": "waiting_for_review"})
        self.tree.remember_pause(run)
