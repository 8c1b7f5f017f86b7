"""Metric curves of running cells: `Curves`. A thread sends the points in batches, so that no problem waits for MLflow."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..store.errors import TrackingUnavailable
from .run_content import metric_points

if TYPE_CHECKING:
    from mlflow.entities import Metric

    from ..store.store import Store

logger = logging.getLogger(__name__)

_EVERY_S = 2.0  # seconds between two requests
_MOST_POINTS = 1000
"""MLflow's limit for one request. Older points of the batch are dropped; publishing the results sends them again."""


class Curves:
    """Collects metric points and sends them every two seconds.

    Args:
        store: an open tracking store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[str, list[tuple[int, int, dict[str, float]]]] = defaultdict(list)
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def add(self, run: str, step: int, metrics: Mapping[str, float], at_ms: int) -> None:
        """Add a point. It is sent within two seconds."""
        with self._lock:
            self._waiting[run].append((step, at_ms, dict(metrics)))
            if self._timer is None:
                self._timer = threading.Timer(_EVERY_S, self.flush)
                self._timer.daemon = True  # a forgotten timer must not keep the process alive
                self._timer.start()

    def flush(self) -> None:
        """Send the collected points. If the server is unreachable, they are dropped; they come again with the results."""
        with self._lock:
            self._timer = None
            waiting, self._waiting = self._waiting, defaultdict(list)
        try:
            if waiting:
                self._store.check()
            for run, points in waiting.items():
                batch: list[Metric] = [metric for step, at, values in points for metric in metric_points(values, step, at)]
                self._store.client.log_batch(run, metrics=batch[-_MOST_POINTS:])
        except TrackingUnavailable as error:
            logger.debug("%s; the curves come with the results", error)
        except Exception as error:
            logger.debug("curves were not sent: %s", error)
