"""The tracking store: where runs and traces go, checked before anything is sent there. Start at `connect`."""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from ...foundation.commands import program
from ...foundation.folders import home
from ...foundation.redaction import Redactor
from ...foundation.visible import first_line
from ...foundation.wording import counted
from .environment import apply_settings
from .errors import NoAnswer, TrackingUnavailable
from .keeper import Keeper
from .named_experiments import find_or_create
from .outbox import Outbox
from .private import PrivateNameMissing
from .public_tracer import LOST, PublicTracer
from .reachability import Probe, advice, cause, check_answers, check_file
from .sender import Sender
from .store_address import LOCAL, absolute, default_uri, is_server, without_user
from .tracer import SpanTracer
from .writer import Writer

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Trace

logger = logging.getLogger(__name__)

_ADVICE = "start it, correct MLFLOW_TRACKING_URI or --tracking-uri, or use --tracking-fallback local"


def connect(tracking_uri: str | None = None, *, fallback: Literal["local"] | None = None, fail_fast: bool = True) -> Store:
    """Open a tracking store and start sending traces that dead processes left in the outbox for it.

    Args:
        tracking_uri: server or database. None means MLflow's own default: `mlflow.set_tracking_uri`, `MLFLOW_TRACKING_URI`,
            or `mlflow.db` in the current folder.
        fallback: "local" uses `mlflow.db` in the current folder, with a warning, if the server is unreachable.
        fail_fast: make requests to a dead server fail after seconds. Use False in applications that use MLflow themselves:
            MLflow's HTTP settings then stay as they are.

    Raises:
        TrackingUnavailable: the store cannot be used. Raised within 15 seconds.
    """
    apply_settings(fail_fast=fail_fast)
    try:
        return _open(tracking_uri, fell_back=False)
    except TrackingUnavailable as error:
        if fallback != "local":
            raise
        logger.warning("%s; using the local store %s instead", error, LOCAL)
        return _open(LOCAL, fell_back=True)


def _open(tracking_uri: str | None, *, fell_back: bool) -> Store:
    """Open a store, check that it works, and take over traces of dead processes."""
    store = Store(tracking_uri or default_uri(), fell_back=fell_back)
    try:
        check_answers(store.uri, store.shown_uri)
        store.check_usable()
    except NoAnswer as error:
        raise NoAnswer(f"{error}; {_ADVICE}") from None
    assert store.tracer  # creates the tracer: a change in MLflow shows now, not at the first trace
    if store.outbox.adopt(store.address):
        store.sender.notify()
    return store


class Store:
    """An open tracking store. Made by `connect`.

    Attributes:
        uri: address as MLflow gets it: a database with its full path, or a server.
        address: the same without user and password; only this form is written to disk.
        local: whether this process itself writes to a database.
        fell_back: whether this store replaces an unreachable server.
        keeper: puts finished traces into the outbox.
    """

    def __init__(self, uri: str, *, fell_back: bool = False) -> None:
        self.uri = absolute(uri)
        self.address = without_user(self.uri)
        self.shown_uri = Redactor({}).text(uri)
        self.local = "://" in uri and not (is_server(uri) or uri.startswith("databricks"))
        self.fell_back = fell_back
        self.redactor = Redactor()
        self.outbox = Outbox(home() / "outbox.sqlite")
        self.sender = Sender(self.outbox, self.uri, self.address, self.check)
        self.keeper = Keeper(self.outbox, self.address, self.sender.notify)
        self._probe = Probe(lambda: self.client.search_experiments(max_results=1))
        self._closed = False
        self._writer: Writer | None = None
        # For applications that forget to close the store: their last traces are sent when the process ends.
        atexit.register(_close_at_exit, weakref.ref(self))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @cached_property
    def client(self) -> MlflowClient:
        """MLflow's client for this store."""
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    @cached_property
    def tracer(self) -> SpanTracer | PublicTracer:
        """The tracer that opens spans for this store; with a warning, the public fallback if MLflow has changed."""
        try:
            return SpanTracer(self.deliver)
        except PrivateNameMissing as error:
            logger.warning("%s; %s", error, LOST)
            return PublicTracer(self.uri)

    def page(self, path: str) -> str | None:
        """Return the URL of a page of the server's UI, such as "/experiments/1"; None for a database."""
        return f"{self.address.rstrip('/')}/#{path}" if is_server(self.address) else None

    def check(self) -> None:
        """Check that a server answers and that its database does, within 15 seconds. A database of our own always passes.

        Raises:
            TrackingUnavailable: it does not answer.
        """
        check_answers(self.uri, self.shown_uri)
        if is_server(self.uri):
            self.check_usable()

    def check_usable(self) -> None:
        """Make one real request, so that wrong credentials, an outdated database or another kind of server are noticed at once.

        Raises:
            TrackingUnavailable: the request failed.
        """
        check_file(self.uri, self.shown_uri)
        try:
            if is_server(self.uri):
                self._probe.check(self.shown_uri)
            else:  # a new database is filled with tables first, which takes longer
                self.client.search_experiments(max_results=1)
        except TrackingUnavailable:
            raise
        except Exception as error:
            first = cause(error) if is_server(self.uri) else first_line(error)
            reason = self.redactor.text(first)
            said = "; ".join(filter(None, [reason, advice(reason)]))
            raise TrackingUnavailable(f"the tracking store {self.shown_uri} cannot be used: {said}") from error

    def experiment_id(self, name: str) -> str:
        """Return the id of an experiment by name; create it if needed.

        Raises:
            TrackingUnavailable: the experiment was deleted, or the store is unreachable.
        """
        return find_or_create(self.client, name, self.shown_uri)

    def write_in_background(self) -> None:
        """From now on, write traces to disk in a thread. For servers, whose event loop must not wait for a disk."""
        self._writer = self._writer or Writer()

    def deliver(self, trace: Trace) -> None:
        """Write a finished trace to the outbox and let it be sent; never raises."""
        if self._writer is not None:
            self._writer.submit(self.keeper.keep, trace)
        else:
            self.keeper.keep(trace)

    def pause(self, thread_id: str, facts: dict[str, Any]) -> None:
        """Remember the last trace of a thread, of its pause or its end; later processes can read it."""
        if self._writer is not None:
            self._writer.submit(self.outbox.pause, thread_id, facts)
        else:
            self.outbox.pause(thread_id, facts)

    def paused(self, thread_id: str) -> dict[str, Any] | None:
        """Return what `pause` remembered, also in an earlier process, or None."""
        try:
            return self.outbox.paused(thread_id)
        except Exception:  # some servers forbid file access in the event loop; the trace is complete without the link
            logger.info("the trace of thread %s is not linked to the one before its pause", thread_id)
            return None

    def close(self, patience_s: float = 10.0) -> int:
        """Send what is waiting, as long as that makes progress, and close the store.

        Args:
            patience_s: seconds to keep trying without progress.

        Returns:
            The number of traces of this process left in the outbox; `tot sync` sends them later.
        """
        if self._closed:
            return 0
        self._closed = True
        # In this order: the writer and the tracer still put traces into the outbox, which is drained below.
        if self._writer is not None:
            self._writer.close()
        if "tracer" in self.__dict__:  # asking for the property would create a tracer
            self.tracer.close()
        self.keeper.flush(self.sender.put)
        self.sender.stop()
        owner = os.getpid()
        left = self.sender.drain(patience_s, owner=owner) if self.outbox.path.exists() else 0
        refused = self.outbox.count(self.address, owner=owner, refused=True)
        if left:
            logger.warning(
                "%s waiting in %s; when %s is back, send with: %s sync (%s)",
                counted(left, "trace"),
                self.outbox.path,
                self.shown_uri,
                program(),
                self.redactor.text(self.sender.problem),
            )
        if refused:
            reasons = "; ".join(self.outbox.refusals(self.address)[:3])
            logger.warning(
                "%s refused %s, kept in %s; %s sync sends again: %s",
                self.shown_uri,
                counted(refused, "trace"),
                self.outbox.path,
                program(),
                reasons,
            )
        self.outbox.close()
        return left + refused


# A weak reference: the exit hook must not keep every store of the process alive.
def _close_at_exit(reference: weakref.ref[Any]) -> None:
    if store := reference():
        store.close()
