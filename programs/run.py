"""Run a program in a sandbox without files or network.

The sandbox is pydantic-monty, a Python interpreter written in Rust, in worker processes.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .program_values import as_answer, as_python
from .source import MAX_CHARACTERS, entry_of, find_program, runnable

if TYPE_CHECKING:
    from pydantic_monty import Monty

SECONDS = 2.0
"""Time limit of a program, in seconds. Programs for word problems need milliseconds."""

MEMORY = 50_000_000
"""Memory limit of a program, in bytes. Programs for word problems need kilobytes."""

DEPTH = 200
"""Maximum depth of nested calls."""

_QUEUE_S = 120.0
"""Seconds to wait for a free worker when many threads run programs at once."""


@dataclass(frozen=True)
class ProgramRun:
    """The result of running a program.

    Attributes:
        source: the program; "" if the reply has none.
        value: value of `solution()` as Python shows it, up to 500 characters; "" if there is none.
        answer: the value as an answer; None if there is none.
        error: why there is no answer, in words for the student; "" if there is one.
    """

    source: str
    value: str = ""
    answer: str | None = None
    error: str = ""


def run_program(reply: str) -> ProgramRun:
    """Run the program in a student's reply and return the value of its function `solution`.

    May be called from any thread and in any process. A program has 2 seconds, 50 MB and 200 nested calls. An error of the
    program is part of the result; it is never raised.

    Args:
        reply: the student's reply, with the program in a code block or bare.

    Raises:
        RuntimeError: the sandbox itself failed, which says nothing about the program.

    Source: Program-aided language models (Gao et al. 2022, arXiv 2211.10435).
    """
    source = find_program(reply)
    if not source:
        return ProgramRun("", error="the reply holds no program.")
    if len(source) > MAX_CHARACTERS:
        return ProgramRun(source[:MAX_CHARACTERS], error=f"the program has more than {MAX_CHARACTERS:,} characters.")
    entry = entry_of(source)
    if not entry:
        return ProgramRun(source, error="the program defines no function solution().")
    value, error = _evaluate(f"{runnable(source)}\n{entry}()")
    if error:
        return ProgramRun(source, error=error)
    shown = as_python(value)
    try:
        return ProgramRun(source, shown, as_answer(value))
    except ValueError as problem:
        return ProgramRun(source, shown, error=f"{entry}() gave no answer: {problem}.")


def _evaluate(source: str) -> tuple[Any, str]:
    """Run a source in a worker. Return its value and "", or None and the program's own error in one line."""
    from pydantic_monty import CollectString, MontyCrashedError, MontyError, MontyRuntimeError, MontySyntaxError

    limits: Any = {
        "max_feed_duration_secs": SECONDS,
        "max_memory": MEMORY,
        "max_recursion_depth": DEPTH,
        # Sleeping and waiting for the host do not count as running time: without these two a program could block a worker.
        "max_total_sleep_secs": 0.01,
        "max_suspensions": 100,
    }
    try:
        with _pool.get().checkout(limits=limits) as session:
            # Printed text is dropped. It is limited, because it is collected in this process.
            return session.feed_run(source, print_callback=CollectString(100_000)), ""
    except (MontyRuntimeError, MontySyntaxError) as error:
        return None, _in_words(error)
    except MontyCrashedError as error:
        # If the worker was killed for its time, it is the program's fault; any other crash is not.
        if getattr(error, "timed_out", False):
            return None, f"TimeoutError: the program ran for more than {SECONDS:g} seconds."
        raise RuntimeError(f"the program's sandbox crashed: {error}; try again") from error
    except MontyError as error:
        return None, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    except TimeoutError as error:
        raise RuntimeError(f"no sandbox was free for {_QUEUE_S:g} seconds; give this machine less to do") from error


def _in_words(error: Any) -> str:
    """Return the program's error in one line, with the line of its source, so that a retry can correct it."""
    said = " ".join(error.display("type-msg").split())[:300]
    if said.startswith("TimeoutError"):
        return f"TimeoutError: the program ran for more than {SECONDS:g} seconds."
    if said.startswith("MemoryError"):
        return f"MemoryError: the program used more than {MEMORY // 1_000_000} MB."
    lines = [frame.source_line for frame in error.traceback() if frame.source_line]
    where = f", in the line {lines[-1].strip()[:120]!r}" if lines else ""
    return f"{said.rstrip('.')}{where}."


class _Pool:
    """This process's pool of workers, created when first needed.

    The sandbox's threads do not survive a fork, and its pool would wait for them for ever. A child that was forked after the
    first program therefore refuses to run programs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: Monty | None = None
        self._forked = False

    def get(self) -> Monty:
        with self._lock:
            if self._forked:
                raise RuntimeError("programs cannot run in a process forked after its parent ran one; start it with 'spawn'")
            if self._pool is None:
                from pydantic_monty import Monty

                pool = Monty(checkout_timeout=_QUEUE_S, max_checkouts_per_worker=10_000)
                self._pool = pool.__enter__()
                atexit.register(self.close)
            return self._pool

    def forget(self) -> None:
        """Drop the parent's pool, in a child right after the fork."""
        self._lock = threading.Lock()  # another thread of the parent may have held the old one
        if self._pool is not None:
            self._forked = True
            # One reference too many: the destructor waits for threads that the fork did not copy, so it must never run here.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._pool))
            self._pool = None

    def close(self) -> None:
        """End the workers, at the end of the process."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)


_pool = _Pool()
os.register_at_fork(after_in_child=_pool.forget)
