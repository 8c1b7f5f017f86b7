"""Serve concurrent calls with OpenVINO GenAI's continuous batching: the engine for CPUs."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from .base import Engine, EngineError
from .openvino_scores import OpenVinoScores
from .requests import Generation, Likelihood, refuse_too_long
from .worker_process import WorkerProcess

POLL_SECONDS = 0.01
"""How long the engine waits for tokens before it looks for new and cancelled calls."""

BLOCK_TOKENS = 32
"""Tokens of a block of the library's key-value cache; whole blocks are shared between calls that begin alike."""

SHARED_TOKENS = 2 * BLOCK_TOKENS
"""Calls that begin with so many equal tokens wait until the first of them is read."""

PROPERTIES = {"INFERENCE_PRECISION_HINT": "f32"}


class OpenVinoEngine(Engine):
    """Paged attention and token-level scheduling by OpenVINO GenAI, in a process of its own.

    When that process fails it is started again, and the calls that were in it are tried once more, one at a time, so that
    only the one that broke it fails.

    Args:
        folder: holds `openvino_model.xml`.
        max_batch_size: calls decoded together at most.
        max_batch_tokens: positions of the key-value cache.
    """

    name = "openvino"

    def __init__(self, folder: Path, *, max_batch_size: int, max_batch_tokens: int) -> None:
        self.folder, self.max_batch_size = folder, max_batch_size
        self._blocks = max(1, -(-max_batch_tokens // BLOCK_TOKENS))
        self._worker: WorkerProcess | None = None
        super().__init__()
        self._worker = self._start_worker()

    def _start_afresh(self) -> None:
        super()._start_afresh()
        if self._worker is not None:
            self._worker.forget()
        self._worker = None
        self._scores = OpenVinoScores(self.folder, PROPERTIES)
        self._waiting: list[Generation] = []
        self._suspects: list[Generation] = []
        self._running: dict[int, Generation] = {}
        self._to_skip: dict[int, int] = {}
        self._next_id = 0

    @property
    def busy(self) -> bool:
        """Whether calls wait or run."""
        return bool(self._waiting or self._suspects or self._running)

    def turn(self, newcomers: list[Generation]) -> None:
        """Hand calls to the worker and take the tokens that it has written."""
        self._waiting.extend(newcomers)
        refuse_too_long(newcomers, self._blocks * BLOCK_TOKENS)
        cancelled = self._forget_cancelled()
        started = self._feed()
        if self._worker is None:
            self._worker = self._start_worker()
        if started or cancelled:
            self._worker.say({"add": started, "cancel": cancelled})
        timeout = POLL_SECONDS
        while self._running and (message := self._worker.hear(timeout)) is not None:
            self._take(message)
            timeout = 0.0

    def fail_running(self, error: BaseException) -> None:
        """Give the worker up; calls that fail for the first time become suspects and are tried alone."""
        lost, self._running, self._to_skip = list(self._running.values()), {}, {}
        self._stop_worker()
        for generation in lost:
            if generation.tried_again:
                failure = EngineError(f"the student failed on this call, also alone: {error}")
                failure.__cause__ = error
                generation.fail(failure)
            elif not generation.over:
                generation.tried_again = True
                self._suspects.append(generation)

    def fail_all(self, error: BaseException) -> None:
        """Fail what runs and what waits."""
        for generation in [*self._running.values(), *self._waiting, *self._suspects]:
            generation.fail(error)
        self._running, self._to_skip, self._waiting, self._suspects = {}, {}, [], []

    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return how likely each token of a text was; the model is compiled once more for it, in this process."""
        return self._scores(prompt, tokens, alternatives)

    def release(self) -> None:
        """Keep the worker, which takes seconds to start, unless the student is closed."""
        if self._closed:
            self._stop_worker()

    def close(self, timeout: float = 30.0) -> None:
        """End the thread and the worker; calls under way fail with `EngineError`."""
        super().close(timeout)
        self._stop_worker()

    def _start_worker(self) -> WorkerProcess:
        scheduler = {
            "max_num_seqs": self.max_batch_size,
            "num_kv_blocks": self._blocks,
            "enable_prefix_caching": True,
            "dynamic_split_fuse": True,
        }
        settings = {"folder": str(self.folder), "scheduler": scheduler, "properties": PROPERTIES}
        try:
            return WorkerProcess(Path(__file__).with_name("openvino_worker.py"), settings)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO does not start with {self.folder}: {error}") from error

    def _stop_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def _forget_cancelled(self) -> list[int]:
        """Drop the calls that are over; returns those that the worker must be told of."""
        self._waiting = [generation for generation in self._waiting if not generation.over]
        self._suspects = [generation for generation in self._suspects if not generation.over]
        cancelled = [name for name, generation in self._running.items() if generation.over]
        for name in cancelled:
            del self._running[name], self._to_skip[name]
        return cancelled

    def _feed(self) -> list[dict[str, Any]]:
        """Choose calls to start: all that there is room for, but only one of those that begin alike and are not read."""
        if self._suspects:
            return [] if self._running else [self._start(self._suspects.pop(0))]
        being_read = {_beginning(generation) for generation in self._running.values() if not generation.tokens}
        started, held = [], []
        for generation in self._waiting:
            beginning = _beginning(generation)
            if len(self._running) >= self.max_batch_size or (beginning and beginning in being_read):
                held.append(generation)
            else:
                being_read.add(beginning)
                started.append(self._start(generation))
        self._waiting = held
        return started

    def _start(self, generation: Generation) -> dict[str, Any]:
        """A call that is tried again begins anew, as its seed demands; the tokens that it has told already are skipped."""
        name, self._next_id = self._next_id, self._next_id + 1
        self._running[name] = generation
        self._to_skip[name] = len(generation.tokens)
        options = {"max_new_tokens": generation.options.max_tokens, "logprobs": int(generation.options.logprobs is not None)}
        return {
            "id": name,
            "prompt": generation.prompt,
            "options": {**options, **_sampling(generation)},
            "end_tokens": sorted(generation.end_tokens),
            "form": {generation.form.form.kind: generation.form.form.text} if generation.form else {},
        }

    def _take(self, message: dict[str, Any]) -> None:
        for name, reason in message.get("refused", {}).items():
            del self._to_skip[int(name)]
            self._running.pop(int(name)).fail(ValueError(f"OpenVINO refuses this call: {reason}"))
        beside = len(self._running)
        for key, (tokens, scores, ended) in message.get("tokens", {}).items():
            name = int(key)
            generation = self._running.get(name)
            if generation is None:
                continue
            for token, score in zip(tokens, scores, strict=True):
                if self._to_skip[name]:
                    self._to_skip[name] -= 1
                elif not generation.over:
                    generation.accept(token, beside, score)
            if ended:
                del self._running[name], self._to_skip[name]
                generation.fail(
                    EngineError("the engine ended this call early: its key-value cache is full; raise max_batch_tokens")
                )


def _beginning(generation: Generation) -> tuple[int, ...]:
    """Return what calls must share to wait for one another; nothing for a short one."""
    return tuple(generation.prompt[:SHARED_TOKENS]) if len(generation.prompt) > SHARED_TOKENS else ()


def _sampling(generation: Generation) -> dict[str, Any]:
    options = generation.options
    if options.greedy:
        return {"do_sample": False}
    if generation.random is None:
        generation.random = random.getrandbits(63) if options.seed is None else options.seed % 2**63
    chosen = {"temperature": float(options.temperature), "top_p": float(options.top_p), "rng_seed": generation.random}
    return {"do_sample": True, **chosen, **({"top_k": options.top_k} if options.top_k else {})}
