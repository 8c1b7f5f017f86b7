"""A worker process that takes and gives lines of JSON, for any thread to wait on."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any


class WorkerProcess:
    """One process; it ends when this object is closed or forgotten, or when this process ends, however that happens.

    Args:
        script: run with this Python; see `openvino_worker`.
        settings: the first line that it gets.

    Raises:
        RuntimeError: it did not start; says why.
    """

    def __init__(self, script: Path, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,  # Ctrl-C is for this process, which tells the other one
        )
        self._end = weakref.finalize(self, self._process.kill)
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self._process, self._messages), daemon=True).start()
        self.say(settings)
        try:
            self.hear()
        except RuntimeError:
            self.close()
            raise

    def say(self, message: dict[str, Any]) -> None:
        """Send a message; one to a process that has ended is lost, and `hear` tells of it."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Return the next message, `None` when none came in so many seconds.

        Raises:
            RuntimeError: the process failed or ended.
        """
        try:
            message = self._messages.get(timeout=timeout)
        except queue.Empty:
            return None
        if failure := message.get("failed"):
            self._messages.put(message)
            raise RuntimeError(failure)
        return message

    def close(self) -> None:
        """End the process and collect it."""
        self._process.kill()
        self.forget()
        self._process.wait(timeout=30)

    def forget(self) -> None:
        """Let go of the process without ending it: in a forked child it is the parent's."""
        self._end.detach()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def _read(process: subprocess.Popen[bytes], messages: queue.SimpleQueue[dict[str, Any]]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            messages.put(json.loads(line))
    messages.put({"failed": f"the process of the engine ended (code {process.wait()})"})
