"""Trace every graph that runs inside a block: `traced`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import cache
from threading import Lock
from typing import Any, Literal, cast

from langchain_core.tracers.context import register_configure_hook

from ...foundation.process_signals import exit_on_sigterm
from ..store.store import connect
from .autolog import Autolog, tracer_here
from .handler import TraceHandler

_DEFAULT_EXPERIMENT = "trace_of_thought"


class _Active:
    """Finds the handler of the block around the caller.

    LangChain asks for it through `register_configure_hook`, which expects a context variable and calls only its `get`. Tasks
    and their threads inherit the variable. A plain thread does not, so it gets the latest block's handler.
    """

    def __init__(self) -> None:
        self._here: ContextVar[TraceHandler | Literal["outside"] | None] = ContextVar("trace_of_thought_handler", default=None)
        self._blocks: list[tuple[TraceHandler, asyncio.AbstractEventLoop | None]] = []
        self._autolog = Autolog()
        self._entering = Lock()

    def get(self) -> TraceHandler | None:
        """Return the handler of the block that the caller runs in; None outside every block."""
        here = self._here.get()
        if here == "outside":
            return None
        return here or (self._elsewhere() if self._blocks else None)

    def _elsewhere(self) -> TraceHandler | None:
        """Return the latest block's handler for a thread that inherited none.

        A task of the block's own event loop that inherited none was started outside the block: another request of a server, for
        example. It must not land in this block's experiment.
        """
        loop = _loop_here()
        for handler, own in reversed(self._blocks):
            if own is None or own is not loop:
                return handler
        self._here.set("outside")  # inherited by the threads that this task starts for its nodes
        return None

    @contextmanager
    def using(self, handler: TraceHandler) -> Iterator[None]:
        """Make a handler the active one inside a block, unless autolog already traces the caller."""
        token = self._here.set(handler)
        try:
            with nullcontext() if tracer_here() else self._everywhere(handler):
                yield
        finally:
            self._here.reset(token)

    @contextmanager
    def _everywhere(self, handler: TraceHandler) -> Iterator[None]:
        """Offer the handler to threads that inherit no context, and pause autolog while any block is open."""
        block = handler, _loop_here()
        with self._entering:
            self._blocks.append(block)
            self._autolog.pause()
        try:
            yield
        finally:
            with self._entering:
                self._blocks.remove(block)
                if not self._blocks:
                    self._autolog.resume()


def _loop_here() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


# `inheritable`: runs inside a traced run get the handler, too.
_active = _Active()
register_configure_hook(cast("ContextVar[Any]", _active), inheritable=True)


def process_handler(experiment: str, tracking_uri: str | None = None) -> TraceHandler:
    """Return a handler that lives as long as the process, for servers, where no block encloses all requests.

    Traces are sent in the background and when the process ends.

    Args:
        experiment: name of the MLflow experiment.
        tracking_uri: see `connect`.

    Raises:
        TrackingUnavailable: the store cannot be used.

    Example:
        ```python
        from trace_of_thought import build_baseline, tracking
        from trace_of_thought.models import ScriptedChatModel


        def make_graph():  # a factory, as servers want it
            graph = build_baseline("standard", ScriptedChatModel(script=["Answer: 4"]))
            return graph.with_config(callbacks=[tracking.process_handler("my server")])
        ```
    """
    return handler_of_process(experiment, tracking_uri)


# All requests of a server share one handler and one store. The arguments have no defaults here: with them, a call without
# `tracking_uri` and one with None would have a store each.
@cache
def handler_of_process(experiment: str, tracking_uri: str | None) -> TraceHandler:
    """Return the handler of `process_handler`, made at the first call with these arguments."""
    store = connect(tracking_uri, fail_fast=False)
    store.write_in_background()
    return TraceHandler(store, store.experiment_id(experiment))


@contextmanager
def verdicts(experiment: str, tracking_uri: str | None = None) -> Iterator[TraceHandler]:
    """Add our verdicts to the traces that `mlflow.langchain.autolog` makes of an application.

    Use it as a decorator of the node or tool function that calls the graph, or, in async code, as a block around the call.
    Where autolog traces nothing, the graph gets a trace of its own. The store stays open for the life of the process.

    Args:
        experiment: name of the MLflow experiment.
        tracking_uri: see `connect`.

    Yields:
        The handler.

    Raises:
        TrackingUnavailable: the store cannot be used.

    Example:
        ```python
        from trace_of_thought import build_baseline, tracking
        from trace_of_thought.models import ScriptedChatModel

        graph = build_baseline("standard", ScriptedChatModel(script=["Answer: 4"]))


        @tracking.verdicts("my application")
        def solve(state: dict[str, str]) -> dict[str, str | None]:
            return {"result": graph.invoke({"question": state["task"]})["answer"]}
        ```
    """
    handler = process_handler(experiment, tracking_uri)
    with _active.using(handler):
        yield handler


@contextmanager
def traced(
    experiment: str | None = None,
    tracking_uri: str | None = None,
    *,
    run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    fallback: Literal["local"] | None = None,
) -> Iterator[TraceHandler]:
    """Trace every graph that runs inside the block, in tasks and threads that are started inside it.

    When the block ends, also by an exception, Ctrl-C or SIGTERM, the traces are sent; those that cannot be sent stay on disk
    for `tot sync`. Inside a span that the application opened with MLflow, our spans nest in its trace. The block pauses
    `mlflow.langchain.autolog` and traces everything of LangChain itself. A block inside an agent that autolog traces only
    adds the assessments to that trace.

    Args:
        experiment: name of the MLflow experiment. None means `MLFLOW_EXPERIMENT_NAME`, or "trace_of_thought".
        tracking_uri: see `connect`.
        run_id: id of the MLflow run that the traces belong to.
        tags: tags of every trace.
        fallback: see `connect`.

    Yields:
        The handler, for code that passes callbacks explicitly.

    Raises:
        TrackingUnavailable: the store cannot be used.

    Example:
        ```python
        from trace_of_thought import build_baseline, tracking
        from trace_of_thought.models import ScriptedChatModel

        graph = build_baseline("standard", ScriptedChatModel(script=["Answer: 4"]))
        with tracking.traced(experiment="sums"):
            graph.invoke({"question": "What is 2 + 2?", "reference": "4"})
        ```
    """
    import os

    store = connect(tracking_uri, fallback=fallback, fail_fast=False)
    try:
        name = experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or _DEFAULT_EXPERIMENT
        handler = TraceHandler(store, store.experiment_id(name), run_id=run_id, tags=tags)
        with exit_on_sigterm(), _active.using(handler):
            yield handler
    finally:
        store.close()
