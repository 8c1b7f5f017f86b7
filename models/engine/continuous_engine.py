"""Serve concurrent calls with transformers' continuous batching: the engine for CUDA and other accelerators."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig, PreTrainedModel

from .base import Engine, EngineError
from .requests import Generation, Likelihood, refuse_too_long
from .seeded_noise import add_seeded_noise
from .torch_scores import score_tokens

POLL_SECONDS = 0.02
"""How long the engine waits for a token before it looks for new and cancelled calls."""

PAGE_TOKENS = 256
STOP_SECONDS = 30.0


@dataclass(slots=True)
class _Running:
    generation: Generation
    told: int = 0


class ContinuousEngine(Engine):
    """Paged attention and token-level scheduling by transformers; this class feeds, watches, and rebuilds it.

    What is known to end the library's thread is refused before it gets there: prompts longer than the cache, a
    temperature of 0 (sent as the likeliest of one). When the thread ends all the same, the calls in it are tried once
    more, one at a time, so that only the one that ended it fails.

    Args:
        model: a causal language model.
        max_batch_size: calls decoded together at most.
        max_batch_tokens: positions of the key-value cache.
    """

    name = "continuous"

    def __init__(self, model: PreTrainedModel, *, max_batch_size: int, max_batch_tokens: int) -> None:
        self.model = model
        self.max_batch_size = max_batch_size
        self._blocks = max(1, -(-max_batch_tokens // PAGE_TOKENS))
        super().__init__()

    def _start_afresh(self) -> None:
        super()._start_afresh()
        self._manager: Any = None
        self._samples = False
        self._waiting: list[Generation] = []
        self._suspects: list[Generation] = []
        self._running: dict[str, _Running] = {}
        self._names = itertools.count()

    @property
    def busy(self) -> bool:
        """Whether calls wait or run."""
        return bool(self._waiting or self._suspects or self._running)

    def turn(self, newcomers: list[Generation]) -> None:
        """Hand calls to the library and take what it has written."""
        self._waiting.extend(newcomers)
        refuse_too_long(newcomers, self._blocks * PAGE_TOKENS)
        _refuse_forms(newcomers)
        self._forget_cancelled()
        self._feed()
        self._drain()
        if self._manager is not None and self._running and not self._manager.is_running():
            raise EngineError(f"continuous batching ended: {self._manager.background_thread_status.fatal_error!r}")

    def fail_running(self, error: BaseException) -> None:
        """Rebuild the library's engine; calls that fail for the first time become suspects and are tried alone."""
        lost, self._running = [running.generation for running in self._running.values()], {}
        self.release()
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
        running = [entry.generation for entry in self._running.values()]
        for generation in [*running, *self._waiting, *self._suspects]:
            generation.fail(error)
        self._running, self._waiting, self._suspects = {}, [], []

    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return how likely each token of a text was."""
        return score_tokens(self.model, prompt, tokens, alternatives)

    def release(self) -> None:
        """Stop the library's thread, which would otherwise keep the process alive, and free its cache."""
        manager, self._manager = self._manager, None
        if manager is not None:
            manager.stop(block=True, timeout=STOP_SECONDS, hard_stop=True)
            manager.destroy()

    def _feed(self) -> None:
        if self._suspects:
            if not self._running:
                self._start(self._suspects.pop(0))
            return
        if any(not generation.options.greedy for generation in self._waiting) and not self._samples:
            if self._running:
                return
            self.release()
            self._samples = True
        while self._waiting and len(self._running) < self.max_batch_size:
            self._start(self._waiting.pop(0))

    def _start(self, generation: Generation) -> None:
        name = str(next(self._names))
        self._running[name] = _Running(generation)
        if self._manager is None:
            self._manager = self._build()
        self._manager.add_request(
            generation.text,
            request_id=name,
            max_new_tokens=generation.longest - generation.length,
            streaming=generation.listener is not None or generation.ends is not None,
            eos_token_id=sorted(generation.end_tokens) or -1,
            **self._sampling(generation),
        )

    def _sampling(self, generation: Generation) -> dict[str, Any]:
        if not self._samples:
            return {}
        options = generation.options
        if options.greedy:
            return {"temperature": 1.0, "top_k": 1, "top_p": 1.0}
        if generation.random is None:
            generation.random = int(torch.randint(2**62, (1,))) if options.seed is None else options.seed
        vocabulary = self.model.config.get_text_config().vocab_size
        top_k = min(options.top_k or vocabulary, vocabulary)
        return {
            "temperature": float(options.temperature),
            "top_k": top_k,
            "top_p": float(options.top_p),
            "seed": generation.random,
        }

    def _build(self) -> Any:
        sampling = {"do_sample": True, "temperature": 0.5, "top_k": 2, "top_p": 0.5} if self._samples else {"do_sample": False}
        generation_config = GenerationConfig(eos_token_id=-1, **sampling)
        manager = self.model.init_continuous_batching(  # type: ignore[operator]
            generation_config=generation_config,
            continuous_batching_config=ContinuousBatchingConfig(
                page_size=PAGE_TOKENS,
                num_blocks=self._blocks,
                max_batch_tokens=min(self._blocks * PAGE_TOKENS, 2048),
                max_requests_per_batch=self.max_batch_size,
                per_request_processors=True,
                auto_switch_to_flash=self.model.dtype in (torch.float16, torch.bfloat16),
            ),
        )
        if self._samples:
            add_seeded_noise(manager)
        manager.start()
        return manager

    def _forget_cancelled(self) -> None:
        self._waiting = [generation for generation in self._waiting if not generation.over]
        self._suspects = [generation for generation in self._suspects if not generation.over]
        for name in [name for name, running in self._running.items() if running.generation.over]:
            self._manager.cancel_request(name)
            del self._running[name]

    def _drain(self) -> None:
        timeout = POLL_SECONDS
        while self._running and (output := self._manager.get_result(timeout=timeout)) is not None:
            self._take(output)
            timeout = 0.0001

    def _take(self, output: Any) -> None:
        running = self._running.get(output.request_id)
        if running is None:
            return
        if output.error is not None:
            raise EngineError(f"continuous batching failed: {output.error}")
        for token in output.generated_tokens[running.told :]:
            if not running.generation.over:
                running.generation.accept(token, len(self._running))
        running.told = len(output.generated_tokens)
        if output.is_finished():
            del self._running[output.request_id]


def _refuse_forms(generations: list[Generation]) -> None:
    """The library chooses tokens where no mask of a single call reaches them."""
    for generation in generations:
        if generation.form is not None:
            kind = generation.form.form.kind
            generation.fail(
                ValueError(f"{kind}: the engine 'continuous' cannot force a form; use engine='grouped' or 'openvino'")
            )
