"""Put finished traces into the outbox: `Keeper`. Traces that cannot be written, as on a full disk, wait in memory."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .outbox import Outbox

if TYPE_CHECKING:
    from mlflow.entities import Trace

logger = logging.getLogger(__name__)

SOURCE_RUN = "mlflow.sourceRun"
"""MLflow's metadata of a trace that names its run (`TraceMetadataKey.SOURCE_RUN`)."""

_MOST = 2000
"""Maximum number of traces that wait in memory."""


class Keeper:
    """Stores traces on disk, and never raises: tracing must not fail the run that is traced.

    Args:
        outbox: where they are stored.
        address: of the tracking store that they are for.
        notify: called when there is something to send.
    """

    def __init__(self, outbox: Outbox, address: str, notify: Callable[[], None]) -> None:
        self._outbox, self._address, self._notify = outbox, address, notify
        self._holding: set[str] = set()
        self._unwritten: dict[str, tuple[Trace, str]] = {}
        self._unreleased: set[str] = set()
        self._lock = threading.Lock()

    def hold(self, runs: Iterable[str]) -> None:
        """From now on, keep the traces of these MLflow runs until `release` names them."""
        self._holding.update(runs)

    def holds(self, run: str | None) -> bool:
        """Return whether the traces of an MLflow run are kept until `release` names them."""
        return run in self._holding

    def keep(self, trace: Trace) -> None:
        """Store a trace, and let it be sent unless its run is held."""
        run = trace.info.trace_metadata.get(SOURCE_RUN, "")
        run = run if run in self._holding else ""
        try:
            self._write(trace, run)
        except Exception as error:
            self._remember(trace, run, error)

    def release(self, trace_id: str) -> None:
        """Let a held trace be sent."""
        with self._lock:
            # The trace never reached the disk: it is sent from memory by `flush`.
            if trace_id in self._unwritten:
                self._unwritten[trace_id] = (self._unwritten[trace_id][0], "")
                return
        try:
            self._outbox.release([trace_id])
            self._notify()
        except Exception:
            self._unreleased.add(trace_id)

    def flush(self, send: Callable[[list[Trace]], None]) -> None:
        """Write the traces that wait in memory, or send them directly if they still cannot be written.

        Args:
            send: puts traces into the tracking store.
        """
        # Swapped under the lock: `release` below takes the lock again.
        with self._lock:
            waiting, self._unwritten = self._unwritten, {}
            unreleased, self._unreleased = self._unreleased, set()
        # A trace that is still held (its run is set) has no stored result and is dropped.
        lost = sum(not (self._written(trace, run) or _sent(trace, send)) for trace, run in waiting.values() if not run)
        if lost:
            logger.error(
                "%d traces are lost: %s cannot be written, and %s refuses them", lost, self._outbox.path, self._address
            )
        for trace_id in unreleased:
            self.release(trace_id)

    def _write(self, trace: Trace, run: str) -> None:
        if run:
            self._outbox.hold(trace.info.trace_id, trace.to_json(), self._address, run)
        else:
            self._outbox.add(trace.info.trace_id, trace.to_json(), self._address)
            self._notify()

    def _written(self, trace: Trace, run: str) -> bool:
        try:
            self._write(trace, run)
        except Exception:
            return False
        return True

    def _remember(self, trace: Trace, run: str, error: Exception) -> None:
        with self._lock:
            full, first = len(self._unwritten) >= _MOST, not self._unwritten
            if not full:
                self._unwritten[trace.info.trace_id] = (trace, run)
        if full:
            logger.error("trace %s is lost: %s cannot be written (%s)", trace.info.trace_id, self._outbox.path, error)
        elif first:
            logger.warning(
                "%s cannot be written (%s): traces wait in memory; free disk space or allow writing", self._outbox.path, error
            )


def _sent(trace: Trace, send: Callable[[list[Trace]], None]) -> bool:
    try:
        send([trace])
    except Exception:
        return False
    return True
