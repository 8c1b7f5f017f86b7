"""What every engine is: an inbox that any thread may put calls into, and one thread that serves them while there are any."""

from __future__ import annotations

import atexit
import itertools
import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import replace
from typing import ClassVar

from .requests import Completion, Generation, Likelihood

IDLE_SECONDS = 10.0
"""How long the thread of an engine without calls stays, so that the next call need not start one."""

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

    name: ClassVar[str]
    stays_loaded: ClassVar[bool]
    """Whether the library keeps its memory while there are no calls, because it takes seconds to start."""

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
            ValueError: the call is longer than the key-value cache.
        """
        if generation.longest > self.capacity:
            raise ValueError(
                f"prompt and max_tokens come to {generation.longest} tokens, the cache holds {self.capacity}; "
                "raise max_batch_tokens"
            )
        with self._news:
            if self._closed:
                raise EngineError("this student was closed; load it again")
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
        self.stop()

    @property
    def busy(self) -> bool:
        """Whether calls wait or run."""
        return bool(self._waiting or self._suspects or self._running)

    def turn(self, newcomers: list[Generation]) -> None:
        """Take new calls in, forget cancelled ones, and bring the others forward."""
        self._waiting.extend(newcomers)
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
    def choose(self, waiting: list[Generation], room: int) -> list[Generation]:
        """Return those of the waiting calls that may start now, at most `room`."""

    @abstractmethod
    def stop(self) -> None:
        """Give up the library's engine, if there is one; the next call starts another."""

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
        self._suspects = [generation for generation in self._suspects if not generation.over]
        if self._suspects:
            return [] if self._running else [self._suspects.pop(0)]
        room = self.max_batch_size - len(self._running)
        if not room or not self._waiting:
            return []
        self._waiting = [generation for generation in self._waiting if not generation.over]
        chosen = self.choose(self._waiting, room)
        taken = set(chosen)
        self._waiting = [generation for generation in self._waiting if generation not in taken]
        return chosen

    def _run(self) -> None:
        newcomers: list[Generation] = []
        try:
            while self._has_work():
                with self._news:
                    newcomers = list(self._inbox)
                    self._inbox.clear()
                try:
                    self.turn(newcomers)
                except Exception as error:
                    self._try_again(error)
        except BaseException as error:
            with self._news:
                self._inbox.extendleft(newcomers)
                self._fail_all(EngineError(f"the thread of the student ended: {error!r}"))
            self.stop()

    def _has_work(self) -> bool:
        """Wait for calls when idle; `False` ends the thread."""
        with self._news:
            if not self.busy:
                self._news.wait_for(lambda: self._inbox or self._closed, IDLE_SECONDS)
            idle = not (self._inbox or self.busy or self._closed)
        if idle and not self.stays_loaded:
            self.stop()
        with self._news:
            if self._closed:
                self._fail_all(EngineError("this student was closed while the call was under way"))
            elif self._inbox or self.busy:
                return True
            self._thread = None
            return False

    def _try_again(self, error: Exception) -> None:
        """Start over after an error; calls that met their first one are tried again, alone."""
        lost, self._running = list(self._running.values()), {}
        self.stop()
        for generation in lost:
            if generation.tried_again:
                failure = EngineError(f"the student failed on this call, also alone: {error}")
                failure.__cause__ = error
                generation.fail(failure)
            elif not generation.over:
                generation.tried_again = True
                self._suspects.append(generation)

    def _fail_all(self, error: EngineError) -> None:
        """Fail every call; the thread is about to end."""
        self._thread = None
        for generation in [*self._inbox, *self._running.values(), *self._waiting, *self._suspects]:
            generation.fail(error)
        self._inbox.clear()
        self._running, self._waiting, self._suspects = {}, [], []


@atexit.register
def _close_all() -> None:
    for engine in list(_ENGINES):
        engine.close()


def _forget_the_parent() -> None:
    for engine in list(_ENGINES):
        engine._start_afresh()


os.register_at_fork(after_in_child=_forget_the_parent)
