"""Send the traces in the outbox to the tracking store, in the background and when the program ends. Start at `Sender`."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ...foundation.visible import first_line
from .errors import TrackingUnavailable
from .outbox import Kept, Outbox
from .private import PrivateNameMissing, tracing_client
from .reachability import cause

if TYPE_CHECKING:
    from mlflow.entities import Trace
    from mlflow.tracing.client import TracingClient

logger = logging.getLogger(__name__)

BATCH = 64
"""Maximum number of traces in one request."""

_TOO_LARGE = "failed with error code 413"
"""What MLflow says of a proxy that limits the size of requests; its own status of such an error is 500."""

_LINGER_S = 1.0
"""Seconds to collect traces after the first notice, so that many traces go out in full batches."""

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
"""Shortest and longest wait between attempts while the store is unreachable, in seconds; it doubles each time."""


class Sender:
    """Moves traces from the outbox into one tracking store.

    Sending the same trace twice is harmless: the store replaces it.

    Args:
        outbox: the traces to send.
        uri: address of the tracking store, as MLflow gets it.
        address: the same without user and password, as the outbox stores it.
        check: raises `TrackingUnavailable` quickly if the store is unreachable.
    """

    def __init__(self, outbox: Outbox, uri: str, address: str, check: Callable[[], None]) -> None:
        self.outbox = outbox
        self.uri = uri
        self.address = address
        self.problem = ""
        """Why the last attempt to send everything failed."""
        self._told_of_refusal = False
        self._check = check
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: tuple[int, threading.Thread] | None = None
        self._starting = threading.Lock()

    def notify(self) -> None:
        """Wake the background thread. It starts with the first notice of a process, so a forked child gets its own."""
        if self._thread is None or self._thread[0] != os.getpid():
            with self._starting:  # checked again inside the lock: two threads may notify at the same moment
                if self._thread is None or self._thread[0] != os.getpid():
                    # Daemon: `Store.close` sends the rest at exit.
                    thread = threading.Thread(target=self._run, name="trace-of-thought-sender", daemon=True)
                    self._thread = (os.getpid(), thread)
                    thread.start()
        self._wake.set()

    def send_some(self, *, owner: int | None, wait_s: float = -1) -> int:
        """Send one batch and return how many traces left the outbox (sent or refused); 0 if none was waiting.

        Args:
            owner: process id whose traces to send; None for all processes.
            wait_s: seconds to wait for another thread that is sending; -1 for no limit.

        Raises:
            TrackingUnavailable: the store is unreachable or hangs; the traces stay in the outbox.
        """
        if not self._sending.acquire(timeout=wait_s):
            raise TrackingUnavailable(f"{self.address} takes longer than {wait_s:.0f} s")
        try:
            batch = self.outbox.next(self.address, owner=owner, limit=BATCH)
            if batch:
                # Before sending: MLflow's own client would retry an unreachable server for minutes.
                self._check()
                self._send(batch)
            return len(batch)
        finally:
            self._sending.release()

    def drain(self, patience_s: float, *, owner: int | None) -> int:
        """Send until the outbox is empty or nothing was sent for `patience_s` seconds; return how many traces are left."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                if not self.send_some(owner=owner, wait_s=patience_s):
                    return 0
                deadline = time.monotonic() + patience_s
            except TrackingUnavailable as error:
                self.problem = str(error)
                left = deadline - time.monotonic()
                if left <= 0:
                    return self.outbox.count(self.address, owner=owner)
                time.sleep(min(0.5, left))

    def stop(self) -> None:
        """Stop the background thread; its current batch is either confirmed or stays in the outbox."""
        self._stop.set()
        self._wake.set()

    def _run(self) -> None:
        """Send whatever arrives, until `stop`; back off while the store is unreachable."""
        wait = _FIRST_WAIT_S
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            self._stop.wait(_LINGER_S)
            try:
                while not self._stop.is_set() and self.send_some(owner=os.getpid()):
                    wait = _FIRST_WAIT_S
            except TrackingUnavailable as error:
                # One warning per outage, not one per attempt.
                logger.log(
                    logging.WARNING if wait == _FIRST_WAIT_S else logging.DEBUG,
                    "%s; traces are kept in %s",
                    error,
                    self.outbox.path,
                )
                self._wake.set()  # try again after the wait, even if no new trace arrives
                self._stop.wait(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)
            except Exception:
                logger.exception("sending traces failed; they are kept in %s", self.outbox.path)
                self._stop.wait(_LONGEST_WAIT_S)

    def _send(self, batch: list[Kept]) -> None:
        """Send a batch; if the store refuses it, send the traces one by one, so that a bad one does not hold up the rest."""
        from mlflow.entities import Trace

        readable = self._readable(batch, Trace.from_json)
        try:
            self.put([trace for _, trace in readable])
            # Removed only after the request succeeded: a crash in between sends the batch twice, which is harmless.
            self.outbox.remove(kept.trace_id for kept, _ in readable)
            return
        except Exception as error:
            if not _is_refusal(error):
                raise self._unavailable(error) from error
        for kept, trace in readable:
            self._send_one(kept, trace)

    def _send_one(self, kept: Kept, trace: Trace) -> None:
        """Send one trace and mark it as refused if the store rejects it."""
        try:
            self.put([trace])
        except Exception as error:
            if not _is_refusal(error):
                raise self._unavailable(error) from error
            # One warning, since a store that refuses one trace often refuses all; `Store.close` says how many.
            level = logging.DEBUG if self._told_of_refusal else logging.WARNING
            self._told_of_refusal = True
            logger.log(level, "%s refuses trace %s: %s", self.address, kept.trace_id, first_line(error))
            self.outbox.refuse(kept.trace_id, first_line(error))
            return
        self.outbox.remove([kept.trace_id])

    def _unavailable(self, error: Exception) -> TrackingUnavailable:
        if isinstance(error, PrivateNameMissing):
            return TrackingUnavailable(f"{error}; install the release of MLflow that this project names to send what waits")
        return TrackingUnavailable(f"{self.address} accepts no traces ({cause(error)})")

    def _readable(self, batch: list[Kept], parse: Callable[[str], Trace]) -> list[tuple[Kept, Trace]]:
        """Return the traces of a batch that can be parsed; the others are marked as refused."""
        pairs = []
        for kept in batch:
            try:
                pairs.append((kept, parse(kept.body)))
            except Exception as error:
                self.outbox.refuse(kept.trace_id, f"unreadable: {first_line(error)}")
        return pairs

    def put(self, traces: list[Trace]) -> None:
        """Write the traces' metadata, then all their spans at once, which is twice as fast as trace by trace."""
        client = tracing_client(self.uri)
        spans: dict[str, list] = {}
        for trace in traces:
            # A proxy or another kind of server can answer 200 and store nothing.
            if not client.start_trace(trace.info).trace_id:
                raise ConnectionError("its reply is not one of MLflow")
            spans.setdefault(str(trace.info.experiment_id), []).extend(trace.data.spans)
        for experiment_id, group in spans.items():
            client.log_spans(experiment_id, group)
        for trace in traces:
            _link_prompts(client, trace)


def _link_prompts(client: TracingClient, trace: Trace) -> None:
    """Link prompt versions to a trace, so that the prompts' pages show it; its tag only shows the prompts on the trace."""
    from mlflow.entities.model_registry import PromptVersion
    from mlflow.tracing.constant import TraceTagKey

    linked = json.loads(trace.info.tags.get(TraceTagKey.LINKED_PROMPTS) or "[]")
    versions = [PromptVersion(item["name"], int(item["version"]), "") for item in linked]  # type: ignore[abstract]
    if versions:
        client.store.link_prompts_to_trace(trace.info.trace_id, versions)


def _is_refusal(error: Exception) -> bool:
    """Return whether the store rejects a trace for good, rather than being unreachable, busy or no MLflow at all."""
    from mlflow.exceptions import MlflowException

    if not isinstance(error, MlflowException):
        # A web page instead of JSON is a `ValueError`, too, but says nothing about the trace.
        return isinstance(error, ValueError | TypeError) and not isinstance(error, json.JSONDecodeError)
    if _TOO_LARGE in str(error):  # a batch; of the single traces, only those that are too large themselves are refused
        return True
    status = error.get_http_status_code()
    # Wrong credentials, time-outs, conflicts and rate limits are temporary: keep the trace and try again.
    return 400 <= status < 500 and status not in (401, 403, 408, 409, 425, 429)
