"""Serve concurrent calls with OpenVINO GenAI's continuous batching: the engine for CPUs."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

from .base import Engine, EngineError
from .requests import Generation, Likelihood
from .worker_process import WorkerProcess

POLL_SECONDS = 0.01
"""How long the engine waits for tokens before it looks for new and cancelled calls."""

BLOCK_TOKENS = 32
"""Tokens of a block of the library's key-value cache; whole blocks are shared between calls that begin alike."""

SHARED_TOKENS = 2 * BLOCK_TOKENS
"""Calls that begin with so many equal tokens wait until the first of them is read."""


class OpenVinoEngine(Engine):
    """Paged attention and token-level scheduling by OpenVINO GenAI, in a process of its own.

    When that process fails it is started again. Another one, the scorer, is started when a call asks for likelihoods that
    the batching does not tell.

    Args:
        folder: holds `openvino_model.xml`.
        precision: to compute in, as OpenVINO names it: "f32" or "bf16".
        max_batch_size: calls decoded together at most.
        max_batch_tokens: positions of the key-value cache.
    """

    name = "openvino"
    stays_loaded = True

    def __init__(self, folder: Path, *, precision: str = "f32", max_batch_size: int, max_batch_tokens: int) -> None:
        self.folder, self._properties = folder, {"INFERENCE_PRECISION_HINT": precision}
        self._blocks = max(1, -(-max_batch_tokens // BLOCK_TOKENS))
        self._worker: WorkerProcess | None = None
        self._scorer: WorkerProcess | None = None
        super().__init__(max_batch_size, self._blocks * BLOCK_TOKENS)
        self._worker = self._start_worker()

    def _start_afresh(self) -> None:
        super()._start_afresh()
        for process in (self._worker, self._scorer):
            if process is not None:
                process.forget()
        self._worker, self._scorer, self._one_scores = None, None, threading.Lock()
        self._to_skip: dict[int, int] = {}

    def advance(self, started: dict[int, Generation], cancelled: list[int]) -> None:
        """Hand calls to the worker and take the tokens that it has written."""
        # A call that is tried again begins anew, as its seed demands; the tokens that it has told already are skipped.
        self._to_skip |= {name: len(generation.tokens) for name, generation in started.items()}
        self._to_skip = {name: skip for name, skip in self._to_skip.items() if name in self._running}
        if self._worker is None:
            self._worker = self._start_worker()
        if started or cancelled:
            calls = [{"id": name, **_request(generation)} for name, generation in started.items()]
            self._worker.say({"add": calls, "cancel": cancelled})
        timeout = POLL_SECONDS
        while self._running and (message := self._worker.hear(timeout)) is not None:
            self._take(message)
            timeout = 0.0

    def choose(self, waiting: list[Generation], room: int) -> list[Generation]:
        """Return all that there is room for, but of calls that begin alike one first: the others profit once it is read."""
        read = {_beginning(generation) for generation in self._running.values() if generation.tokens}
        being_read = {_beginning(generation) for generation in self._running.values()} - read
        chosen: list[Generation] = []
        for generation in waiting:
            beginning = _beginning(generation)
            if len(chosen) == room:
                break
            if not beginning or beginning not in being_read:
                chosen.append(generation)
                if beginning not in read:
                    being_read.add(beginning)
        return chosen

    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return how likely each token of a text was; the model is loaded once more for it, in another process.

        Raises:
            EngineError: that process failed twice, or the student was closed.
        """
        with self._one_scores:
            try:
                told = self._ask_scorer(prompt, tokens, alternatives)
            except RuntimeError:  # it was killed, perhaps; a new one may do better
                self._scorer = None
                if self._closed:
                    raise EngineError("this student was closed while the call was under way") from None
                told = self._ask_scorer(prompt, tokens, alternatives)
        return [Likelihood(own, [(token, other) for token, other in best]) for own, best in told]

    def _ask_scorer(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Any]:
        if self._scorer is None:
            self._scorer = self._start({})
        self._scorer.say({"prompt": prompt, "tokens": tokens, "alternatives": alternatives})
        message = self._scorer.hear()
        assert message is not None
        return message["likelihoods"]

    def stop(self) -> None:
        """End the worker, and when the student is closed the scorer, too."""
        processes, self._worker = [self._worker], None
        if self._closed:
            processes.append(self._scorer)
        for process in processes:
            if process is not None:
                process.close()

    def _start_worker(self) -> WorkerProcess:
        scheduler = {
            "max_num_seqs": self.max_batch_size,
            "num_kv_blocks": self._blocks,
            "enable_prefix_caching": True,
            "dynamic_split_fuse": True,
        }
        return self._start({"scheduler": scheduler})

    def _start(self, settings: dict[str, Any]) -> WorkerProcess:
        settings = {"folder": str(self.folder), "properties": self._properties, **settings}
        try:
            return WorkerProcess(Path(__file__).with_name("openvino_worker.py"), settings)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO does not start with {self.folder}: {' '.join(str(error).split())}") from error

    def _take(self, message: dict[str, Any]) -> None:
        for name, reason in message.get("refused", {}).items():
            if generation := self._running.pop(int(name), None):  # it may have been cancelled meanwhile
                generation.fail(ValueError(f"OpenVINO refuses this call: {reason}"))
        beside = len(self._running)
        for key, (tokens, scores, ended) in message.get("tokens", {}).items():
            name = int(key)
            if (generation := self._running.get(name)) is None:
                continue
            for token, score in zip(tokens, scores, strict=True):
                if self._to_skip[name]:
                    self._to_skip[name] -= 1
                elif not generation.over:
                    generation.accept(token, beside, score)
            if ended:
                del self._running[name]
                generation.fail(
                    EngineError("the engine ended this call early: its key-value cache is full; raise max_batch_tokens")
                )


def _beginning(generation: Generation) -> tuple[int, ...]:
    """Return what calls must share to wait for one another; nothing for a short one."""
    return tuple(generation.prompt[:SHARED_TOKENS]) if len(generation.prompt) > SHARED_TOKENS else ()


def _request(generation: Generation) -> dict[str, Any]:
    options = {"max_new_tokens": generation.options.max_tokens, "logprobs": int(generation.options.logprobs is not None)}
    return {
        "prompt": generation.prompt,
        "options": {**options, **_sampling(generation)},
        "end_tokens": sorted(generation.end_tokens),
        "form": {generation.form.form.kind: generation.form.form.text} if generation.form else {},
    }


def _sampling(generation: Generation) -> dict[str, Any]:
    options = generation.options
    if options.greedy:
        return {"do_sample": False}
    if generation.random is None:
        generation.random = random.getrandbits(63) if options.seed is None else options.seed % 2**63
    chosen = {"temperature": float(options.temperature), "top_p": float(options.top_p), "rng_seed": generation.random}
    return {"do_sample": True, **chosen, **({"top_k": options.top_k} if options.top_k else {})}
