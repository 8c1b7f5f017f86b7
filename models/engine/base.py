"""The base class of all engines: any thread submits calls, and one thread of the engine decodes them in shared batches.

The subclasses are `OpenVinoEngine` and `ContinuousEngine`; `choose_engine.build_engine` picks one of them.
"""

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
"""Seconds for which an idle engine keeps its thread, so that the next call need not start a new one."""

# weak references: an engine that nobody uses any more must be collected, although exit and fork handlers look here
_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()


class EngineError(RuntimeError):
    """The engine failed or was closed during a call; the message says which, and what to do."""


class Engine(ABC):
    """Serves generations with a library that batches them. Subclasses pass calls to the library and read its tokens.

    The thread starts with the first call, ends after `IDLE_SECONDS` without calls and starts again with the next one, also in
    a forked child. When the library fails, each call that was running is retried once, one at a time, so that only the call
    that caused the failure fails.

    Args:
        max_batch_size: maximum number of calls decoded together.
        capacity: size of the key-value cache, in tokens.
    """

    name: ClassVar[str]
    stays_loaded: ClassVar[bool]
    """Whether an idle engine keeps the library loaded. One that takes seconds to start does."""

    # `_news` guards the inbox, the thread and `_closed`; only the engine's thread changes the other three
    _thread: threading.Thread | None
    _waiting: list[Generation]
    _suspects: list[Generation]
    _running: dict[int, Generation]

    def __init__(self, max_batch_size: int, capacity: int) -> None:
        self.max_batch_size, self.capacity = max_batch_size, capacity
        self._start_afresh()
        _ENGINES.add(self)

    def submit(self, generation: Generation) -> None:
        """Queue a call; the engine resolves its `result`.

        Raises:
            EngineError: the engine is closed.
            ValueError: prompt and `max_tokens` together exceed the key-value cache.
        """
        # refused here, since such a call would break one library and be cut off by the other
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
                # a daemon, so that a running call cannot keep the interpreter from exiting
                self._thread = threading.Thread(target=self._run, name=f"student-{self.name}", daemon=True)
                self._thread.start()
            self._news.notify()

    def close(self, timeout: float = 30.0) -> None:
        """Fail pending and later calls with `EngineError`, and wait for the thread, at most `timeout` seconds."""
        with self._news:
            self._closed = True
            thread = self._thread
            self._news.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        self.stop()

    @property
    def busy(self) -> bool:
        """Whether any call is waiting or running. Calls in the inbox do not count yet."""
        return bool(self._waiting or self._suspects or self._running)

    def turn(self, newcomers: list[Generation]) -> None:
        """Run one round of the engine's thread: queue new calls, drop those that are over, start others and read new tokens."""
        self._waiting.extend(newcomers)
        # a call that its caller cancelled, or that ended at a stop string, still runs in the library
        cancelled = [name for name, generation in self._running.items() if generation.over]
        for name in cancelled:
            del self._running[name]
        started = {next(self._names): generation for generation in self._next_calls()}
        self._running |= started
        self.advance(started, cancelled)

    @abstractmethod
    def advance(self, started: dict[int, Generation], cancelled: list[int]) -> None:
        """Start and cancel calls in the library, and pass on the tokens that it has generated since the last round.

        Args:
            started: calls to start, by the number that names them in the library. They are in `_running` already.
            cancelled: numbers of calls that are over and have left `_running`.
        """

    @abstractmethod
    def choose(self, waiting: list[Generation], room: int) -> list[Generation]:
        """Return the waiting calls that may start now, at most `room` of them."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the library's engine, if it runs; the next call starts a new one."""

    @abstractmethod
    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return the likelihood of each token of a reply. Runs in the caller's thread, beside the engine's.

        Args:
            prompt: token ids.
            tokens: token ids of the reply.
            alternatives: number of most likely tokens to return for each position.
        """

    def scored(self, generation: Generation) -> Completion:
        """Return the completion of a finished call, with the likelihoods of its tokens if the call asked for them."""
        completion, wanted = generation.result.result(), generation.options.logprobs
        if wanted is None:
            return completion
        # without alternatives, the log-probabilities that the engine reported while decoding are enough: no second pass
        if not wanted and len(generation.logprobs) == len(completion.tokens):
            likelihoods = [Likelihood(logprob, []) for logprob in generation.logprobs]
        else:
            likelihoods = self.score(generation.prompt, completion.tokens, wanted) if completion.tokens else []
        return replace(completion, likelihoods=likelihoods)

    def _start_afresh(self) -> None:
        """Reset all state that belongs to the thread. A forked child does this too, because it does not inherit the thread."""
        self._news = threading.Condition()
        self._inbox: deque[Generation] = deque()
        self._thread = None
        self._closed = False
        self._names = itertools.count()
        self._waiting, self._suspects, self._running = [], [], {}

    def _next_calls(self) -> list[Generation]:
        # calls that were running during a failure go first, each alone in the batch: a second failure then names the culprit
        self._suspects = [generation for generation in self._suspects if not generation.over]
        if self._suspects:
            return [] if self._running else [self._suspects.pop(0)]
        room = self.max_batch_size - len(self._running)
        if not room or not self._waiting:
            return []
        self._waiting = [generation for generation in self._waiting if not generation.over]
        chosen = self.choose(self._waiting, room)
        taken = set(chosen)  # generations compare by identity
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
            # the last newcomers left the inbox but may not be queued yet; without this their callers would wait for ever
            with self._news:
                self._inbox.extendleft(newcomers)
                self._fail_all(EngineError(f"the thread of the student ended: {error!r}"))
            self.stop()

    def _has_work(self) -> bool:
        """Wait for calls when idle; return `False` if the thread should end."""
        with self._news:
            if not self.busy:
                self._news.wait_for(lambda: self._inbox or self._closed, IDLE_SECONDS)
            idle = not (self._inbox or self.busy or self._closed)
        # outside the lock, because stopping can take seconds and `submit` must not wait for it
        if idle and not self.stays_loaded:
            self.stop()
        with self._news:
            if self._closed:
                self._fail_all(EngineError("this student was closed while the call was under way"))
            elif self._inbox or self.busy:  # a call may have come while the library stopped
                return True
            # still under the lock: `submit` sees either a thread that will serve its call, or none
            self._thread = None
            return False

    def _try_again(self, error: Exception) -> None:
        """Restart after an error. Calls that were running are retried alone; those that failed before fail for good."""
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
        """Fail every call before the thread ends. The caller holds the lock."""
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
        closed = engine._closed
        engine._start_afresh()  # new locks too: the parent's may be held by a thread that does not exist here
        engine._closed = closed


os.register_at_fork(after_in_child=_forget_the_parent)
