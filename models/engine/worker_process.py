"""A worker process that exchanges lines of JSON. The door is `WorkerProcess`."""

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
    """A worker process. It ends when this object is closed or garbage collected, or when this process ends in any way.

    Args:
        script: Python script of the worker, see `openvino_worker`.
        settings: first message to the worker.

    Raises:
        RuntimeError: the worker did not start; the message says why.
    """

    def __init__(self, script: Path, settings: dict[str, Any]) -> None:
        self._process = subprocess.Popen(
            # -P keeps the script's folder off sys.path, where requests.py would shadow the package requests
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # the worker must find the packages that this process finds, however its sys.path was set
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,  # Ctrl-C reaches this process only, which ends the worker if needed
        )
        self._end = weakref.finalize(self, self._process.kill)
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        # a function and no method: the thread must not keep this object from being collected
        threading.Thread(target=_read, args=(self._process, self._messages), daemon=True).start()
        self.say(settings)
        try:
            self.hear()  # "ready", or why it failed
        except RuntimeError:
            self.close()
            raise

    def say(self, message: dict[str, Any]) -> None:
        """Send a message. If the process has ended, the message is lost and the next `hear` raises."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Return the next message, `None` if none came within `timeout` seconds.

        Raises:
            RuntimeError: the process failed or ended.
        """
        try:
            message = self._messages.get(timeout=timeout)
        except queue.Empty:
            return None
        if failure := message.get("failed"):
            self._messages.put(message)  # so that every later call raises too
            raise RuntimeError(failure)
        return message

    def close(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self.forget()
        self._process.wait(timeout=30)

    def forget(self) -> None:
        """Release the process without killing it, as a forked child does with its parent's worker."""
        self._end.detach()
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()


def _read(process: subprocess.Popen[bytes], messages: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Queue the messages of a process, then the news that it ended."""
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            messages.put(json.loads(line))
    messages.put({"failed": f"the process of the engine ended (code {process.wait()})"})
