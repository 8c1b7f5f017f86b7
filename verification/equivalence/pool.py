"""A pool of worker processes that can be killed. It is created when first needed; threads, async code and forks can use it."""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

START_SECONDS = 120.0
"""Seconds in which a worker must start. Importing sympy takes one second, on a busy machine many."""
_SCRIPT = Path(__file__).with_name("worker.py")


class Worker:
    """One worker process."""

    def __init__(self) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(
            # -P: modules in the script's folder are not found; their names could hide those of libraries
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},  # one thread: the pool runs several workers
            start_new_session=True,  # Ctrl-C in the terminal should reach only the parent
        )
        if self._line(START_SECONDS) != "ready":
            self.kill()
            raise RuntimeError(f"the verification worker did not start; run '{sys.executable} -P {_SCRIPT}' to see why")

    def ask(self, claim: str, reference: str, timeout: float) -> str:
        """Return the worker's outcome, "timeout" if none arrived in time, or "died" if the worker could not be asked."""
        request = json.dumps({"claim": claim, "reference": reference, "timeout": timeout})
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(request.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return "died"
        return self._line(timeout) or "timeout"

    def kill(self) -> None:
        """Kill the process and wait until it has ended."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue
        self._process.wait()

    def _line(self, timeout: float) -> str:
        assert self._process.stdout is not None
        # poll, not select, which fails for descriptors above 1023.
        descriptor, received, end = self._process.stdout.fileno(), b"", time.monotonic() + timeout
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not received.endswith(b"\n"):
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                return ""
            chunk = os.read(descriptor, 4096)
            if not chunk:
                return ""
            received += chunk
        return received.decode().strip()


class WorkerPool:
    """Holds at most `size` workers; callers wait for a free one."""

    def __init__(self, size: int | None = None) -> None:
        # No more than four, because each may use 1 GiB.
        self._slots = threading.BoundedSemaphore(size or max(1, min(4, os.cpu_count() or 1)))
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def ask(self, claim: str, reference: str, timeout: float) -> str:
        """Return "equal", "unequal", "unread", "bad_reference" or "timeout"; a killed worker is replaced when needed."""
        with self._slots:
            # A worker that died before it got the request says nothing about this claim: ask a second one.
            for _ in range(2):
                worker = self._take()
                outcome = "timeout"  # also if an interrupt ends the call: the late reply would be read as the next one's
                try:
                    outcome = worker.ask(claim, reference, timeout)
                finally:
                    if outcome in ("timeout", "died"):
                        worker.kill()
                    else:
                        self._give_back(worker)
                if outcome != "died":
                    return outcome
            return "timeout"

    def close(self) -> None:
        """Kill the idle workers. The pool can still be used."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

    def _take(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        # Started outside the lock, since a start takes a second.
        return Worker()

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._idle.append(worker)


class _Shared:
    """Holds this process's pool. A forked child gets a new one, because it must not use its parent's workers."""

    def __init__(self) -> None:
        self.pool = WorkerPool()

    def renew(self) -> None:
        self.pool = WorkerPool()


_shared = _Shared()
atexit.register(lambda: _shared.pool.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.renew)


def compare(claim: str, reference: str, timeout: float) -> str:
    """Compare two LaTeX expressions in a worker process; "timeout", with a warning, on systems without POSIX limits."""
    if find_spec("resource") is None or not hasattr(select, "poll"):
        warnings.warn(
            "only plain numbers are compared here: the verification workers need the limits of Linux or macOS"
            " (on Windows use WSL); what would need them gets the status 'timeout'",
            RuntimeWarning,
            stacklevel=2,
        )
        return "timeout"
    return _shared.pool.ask(claim, reference, timeout)


def close_workers() -> None:
    """Kill the idle worker processes now; the next comparison starts new ones. At exit this happens automatically."""
    _shared.pool.close()
