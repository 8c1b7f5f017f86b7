"""Decode concurrent calls with OpenVINO GenAI's continuous batching: the engine for CPUs."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

from .base import Engine, EngineError
from .requests import Generation, Likelihood
from .worker_process import WorkerProcess

POLL_SECONDS = 0.01
"""Maximum seconds to wait for tokens before the engine looks for new and cancelled calls."""

BLOCK_TOKENS = 32
"""Tokens in one block of the library's key-value cache. Calls share whole blocks of a common prefix."""

SHARED_TOKENS = 2 * BLOCK_TOKENS
"""Length of a common prefix, in tokens, from which calls wait until the first of them has been read; see `choose`."""


class OpenVinoEngine(Engine):
    """Engine on OpenVINO GenAI's continuous batching, which runs in a worker process; see `openvino_worker`.

    A worker that fails is restarted. A second process, the scorer, starts when a call asks for alternatives to its tokens,
    which the batching does not report.

    Args:
        folder: model folder with `openvino_model.xml`.
        precision: data type to compute in, by OpenVINO's name: "f32" or "bf16".
        max_batch_size: maximum number of calls decoded together.
        max_batch_tokens: size of the key-value cache in tokens, rounded up to whole blocks.
    """

    name = "openvino"
    stays_loaded = True

    def __init__(self, folder: Path, *, precision: str = "f32", max_batch_size: int, max_batch_tokens: int) -> None:
        self.folder, self._properties = folder, {"INFERENCE_PRECISION_HINT": precision}
        self._blocks = max(1, -(-max_batch_tokens // BLOCK_TOKENS))
        # set first, because the base class calls `_start_afresh`, which looks at both
        self._worker: WorkerProcess | None = None
        self._scorer: WorkerProcess | None = None
        super().__init__(max_batch_size, self._blocks * BLOCK_TOKENS)
        self._worker = self._start_worker()  # now rather than at the first call, so that a bad model fails when it is loaded

    def _start_afresh(self) -> None:
        super()._start_afresh()
        for process in (self._worker, self._scorer):
            if process is not None:
                process.forget()  # they are the parent's: it still uses them
        self._worker, self._scorer, self._one_scores = None, None, threading.Lock()
        self._to_skip: dict[int, int] = {}

    def advance(self, started: dict[int, Generation], cancelled: list[int]) -> None:
        """Pass calls to the worker and take the tokens that it has generated."""
        # a retry starts from the prompt, since the seed fixes the text from there; the tokens that it has already are skipped
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
            timeout = 0.0  # only the first message is waited for; then take what is there

    def choose(self, waiting: list[Generation], room: int) -> list[Generation]:
        """Return as many calls as fit, but of those with a common prefix only one until that prefix has been read.

        The others then find it in the library's prefix cache. Calls that start together would each read it.
        """
        # a call that has generated a token has been read to the end of its prompt
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
        """Return the likelihood of each token of a reply. Another process with a second copy of the model computes it.

        Raises:
            EngineError: that process cannot be started, or the student was closed.
            RuntimeError: that process failed twice.
        """
        with self._one_scores:
            try:
                told = self._ask_scorer(prompt, tokens, alternatives)
            except RuntimeError:  # it may have been killed, for example for its memory: try a new one, once
                told = self._ask_scorer(prompt, tokens, alternatives)
        return [Likelihood(own, [(token, other) for token, other in best]) for own, best in told]

    def _ask_scorer(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Any]:
        if self._scorer is None and not self._closed:
            self._scorer = self._start({})
        scorer = self._scorer
        if scorer is None or self._closed:  # perhaps meanwhile: starting takes seconds
            self.stop()
            raise EngineError("this student was closed while the call was under way")
        scorer.say({"prompt": prompt, "tokens": tokens, "alternatives": alternatives})
        try:
            message = scorer.hear()
        except BaseException:  # Ctrl-C too: a reply that comes later would be taken for that to the next question
            self._scorer = None
            scorer.close()
            raise
        assert message is not None
        return message["likelihoods"]

    def stop(self) -> None:
        """Stop the worker; if the engine is closed, the scorer too."""
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
            "dynamic_split_fuse": True,  # long prompts are read in parts, between the tokens of other calls
        }
        return self._start({"scheduler": scheduler})

    def _start(self, settings: dict[str, Any]) -> WorkerProcess:
        settings = {"folder": str(self.folder), "properties": self._properties, **settings}
        try:
            return WorkerProcess(Path(__file__).with_name("openvino_worker.py"), settings)
        except RuntimeError as error:
            # the library's messages have several lines
            raise EngineError(f"OpenVINO does not start with {self.folder}: {' '.join(str(error).split())}") from error

    def _take(self, message: dict[str, Any]) -> None:
        for name, reason in message.get("refused", {}).items():
            if generation := self._running.pop(int(name), None):  # else cancelled meanwhile
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
                # has no effect on a call that its last token resolved
                generation.fail(
                    EngineError("the engine ended this call early: its key-value cache is full; raise max_batch_tokens")
                )


def _beginning(generation: Generation) -> tuple[int, ...]:
    """Return the prefix that makes calls wait for one another; empty for a short prompt."""
    return tuple(generation.prompt[:SHARED_TOKENS]) if len(generation.prompt) > SHARED_TOKENS else ()


def _request(generation: Generation) -> dict[str, Any]:
    """Return a call as JSON for `openvino_worker.Worker`."""
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
