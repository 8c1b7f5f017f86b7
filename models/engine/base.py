"""What every engine is: an inbox that any thread may put calls into, and one thread that serves them while there are any."""

from __future__ import annotations

import atexit
import itertools
import os
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import replace

from .requests import Completion, Generation, Likelihood, refuse_too_long

IDLE_SECONDS = 10.0
"""How long the thread of an engine without calls stays, so that the next call need not start one."""

GATHER_SECONDS = 0.003
"""An idle engine begins when no further call has come for this long, so that calls made together start together."""

GATHER_LIMIT = 0.03
"""An idle engine begins after this many seconds in any case."""

_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()


class EngineError(RuntimeError):
    """The engine failed under a call, or was closed under it; the message says which and what to do."""


class Engine(ABC):
    """Serves generations with a library that batches them; subclasses say how calls reach it and tokens come back.

    The thread starts with a call, ends after `IDLE_SECONDS` without one, and starts again with the next call, also in a
    forked child. When the library fails, the calls that it had are tried once more, one at a time, so that only the call
    that broke it fails.

    Args:
        max_batch_size: calls decoded together at most.
        capacity: positions of the key-value cache, in tokens.
    """

    name: str
    _thread: threading.Thread | None
    _waiting: list[Generation]
    _suspects: list[Generation]
    _running: dict[int, Generation]

    def __init__(self, max_batch_size: int, capacity: int) -> None:
        self.max_batch_size, self.capacity = max_batch_size, capacity
        self._start_afresh()
        _ENGINES.add(self)

    def submit(self, generation: Generation) -> None:
        """Queue a call; its `result` resolves later.

        Raises:
            EngineError: the engine is closed.
        """
        with self._news:
            if self._closed:
                raise EngineError("this student was closed; load it again to go on")
            self._inbox.append(generation)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"student-{self.name}", daemon=True)
                self._thread.start()
            self._news.notify()

    def close(self, timeout: float = 30.0) -> None:
        """End the thread, waiting for it at most `timeout` seconds; calls under way fail with `EngineError`."""
        with self._news:
            self._closed = True
            thread = self._thread
            self._news.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    @property
    def busy(self) -> bool:
        """Whether calls wait or run."""
        return bool(self._waiting or self._suspects or self._running)

    def turn(self, newcomers: list[Generation]) -> None:
        """Take new calls in, forget cancelled ones, and bring the others forward."""
        self._waiting.extend(newcomers)
        refuse_too_long(newcomers, self.capacity)
        self._waiting = [generation for generation in self._waiting if not generation.over]
        self._suspects = [generation for generation in self._suspects if not generation.over]
        cancelled = [name for name, generation in self._running.items() if generation.over]
        for name in cancelled:
            del self._running[name]
        started = {next(self._names): generation for generation in self._next_calls()}
        self._running |= started
        self.advance(started, cancelled)

    @abstractmethod
    def advance(self, started: dict[int, Generation], cancelled: list[int]) -> None:
        """Tell the library of calls that begin or are over, and hand out the tokens that it has written."""

    @abstractmethod
    def choose(self, waiting: list[Generation]) -> list[Generation]:
        """Return those of the waiting calls that may start now, at most as many as there is room for."""

    @abstractmethod
    def recover(self) -> None:
        """Give up the library's engine after an error, so that the next call starts another."""

    def fail_running(self, error: BaseException) -> None:
        """Recover; calls that fail for the first time become suspects, which are tried alone."""
        lost, self._running = list(self._running.values()), {}
        self.recover()
        for generation in lost:
            if generation.tried_again:
                failure = EngineError(f"the student failed on this call, also alone: {error}")
                failure.__cause__ = error
                generation.fail(failure)
            elif not generation.over:
                generation.tried_again = True
                self._suspects.append(generation)

    def fail_all(self, error: BaseException) -> None:
        """Fail every call that the engine has taken in."""
        for generation in [*self._running.values(), *self._waiting, *self._suspects]:
            generation.fail(error)
        self._running, self._waiting, self._suspects = {}, [], []

    @abstractmethod
    def release(self) -> None:
        """Give back what an idle engine need not hold."""

    @abstractmethod
    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return how likely each token of a text was; called by the threads that call, beside the engine's own."""

    def scored(self, generation: Generation) -> Completion:
        """Return how a call ended, with what was asked for of its tokens' probabilities."""
        completion, wanted = generation.result.result(), generation.options.logprobs
        if wanted is None:
            return completion
        if not wanted and len(generation.logprobs) == len(completion.tokens):
            likelihoods = [Likelihood(logprob, []) for logprob in generation.logprobs]
        else:
            likelihoods = self.score(generation.prompt, completion.tokens, wanted) if completion.tokens else []
        return replace(completion, likelihoods=likelihoods)

    def _start_afresh(self) -> None:
        """Set up the inbox and no thread: at first, and in a forked child, where the parent's thread is not."""
        self._news = threading.Condition()
        self._inbox: deque[Generation] = deque()
        self._thread = None
        self._closed = False
        self._names = itertools.count()
        self._waiting, self._suspects, self._running = [], [], {}

    def _next_calls(self) -> list[Generation]:
        if self._suspects:
            return [] if self._running else [self._suspects.pop(0)]
        chosen = self.choose(self._waiting) if self._waiting else []
        self._waiting = [generation for generation in self._waiting if generation not in chosen]
        return chosen

    def _run(self) -> None:
        newcomers: list[Generation] | None = []
        try:
            while (newcomers := self._collect()) is not None:
                self._guarded_turn(newcomers)
        except BaseException as error:
            self._abandon(newcomers or [], EngineError(f"the thread of the student ended: {error!r}"))
        finally:
            self.release()

    def _guarded_turn(self, newcomers: list[Generation]) -> None:
        try:
            self.turn(newcomers)
        except Exception as error:
            self.fail_running(error)

    def _collect(self) -> list[Generation] | None:
        """Return the calls that came; waits for one when idle; `None` ends the thread."""
        with self._news:
            if not self._inbox and not self.busy and not self._closed:
                self._news.wait_for(lambda: self._inbox or self._closed, IDLE_SECONDS)
            if self._closed:
                self._drop_everything(EngineError("this student was closed while the call was under way"))
                return None
            if not self._inbox and not self.busy:
                self._thread = None
                return None
            if not self.busy:
                self._gather()
            newcomers = list(self._inbox)
            self._inbox.clear()
        return newcomers

    def _gather(self) -> None:
        """Let calls made at the same moment arrive, holding the lock between waits only."""
        end = time.monotonic() + GATHER_LIMIT
        while self._news.wait(GATHER_SECONDS) and time.monotonic() < end:
            pass

    def _abandon(self, newcomers: list[Generation], error: EngineError) -> None:
        with self._news:
            for generation in newcomers:
                generation.fail(error)
            self._drop_everything(error)

    def _drop_everything(self, error: EngineError) -> None:
        self._thread = None
        for generation in self._inbox:
            generation.fail(error)
        self._inbox.clear()
        self.fail_all(error)


@atexit.register
def _close_all() -> None:
    for engine in list(_ENGINES):
        engine.close()


def _forget_the_parent() -> None:
    for engine in list(_ENGINES):
        engine._start_afresh()


os.register_at_fork(after_in_child=_forget_the_parent)
