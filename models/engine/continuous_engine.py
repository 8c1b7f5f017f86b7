"""Decode concurrent calls with transformers' continuous batching: for accelerators, and models that OpenVINO cannot read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig, PreTrainedModel

from .base import Engine, EngineError
from .call_processors import FORM, SEED, add_processors
from .requests import Generation, Likelihood

POLL_SECONDS = 0.02
"""Maximum seconds to wait for a token before the engine looks for new and cancelled calls."""

PAGE_TOKENS = 256
"""Tokens in one page of the library's key-value cache. Calls share whole pages of a common prefix."""

STOP_SECONDS = 30.0
"""Maximum seconds to wait for the library's thread to end."""


class ContinuousEngine(Engine):
    """Engine on transformers' continuous batching: paged attention, and calls that join and leave at any token.

    Calls that sample or that have a form need logits processors. The library takes these only before it starts, and they slow
    down greedy calls. So it starts without them, and is rebuilt when the first call comes that needs them.

    Args:
        model: a causal language model on one device.
        max_batch_size: maximum number of calls decoded together.
        max_batch_tokens: size of the key-value cache in tokens, rounded up to whole pages.
    """

    name = "continuous"
    stays_loaded = False

    def __init__(self, model: PreTrainedModel, *, max_batch_size: int, max_batch_tokens: int) -> None:
        self.model = model
        self._blocks = max(1, -(-max_batch_tokens // PAGE_TOKENS))
        super().__init__(max_batch_size, self._blocks * PAGE_TOKENS)

    def _start_afresh(self) -> None:
        super()._start_afresh()
        self._manager: Any = None
        self._abilities: frozenset[str] = frozenset()
        self._told: dict[int, int] = {}  # tokens of each call that were passed on

    def advance(self, started: dict[int, Generation], cancelled: list[int]) -> None:
        """Pass calls to the library and take the tokens that it has generated."""
        for name in cancelled:
            self._manager.cancel_request(str(name))
        for name, generation in started.items():
            self._start(name, generation)
        timeout = POLL_SECONDS
        while self._running and (output := self._manager.get_result(timeout=timeout)) is not None:
            self._take(output)
            timeout = 0.0001  # only the first token is waited for; then take what is there
        # a dead thread of the library delivers nothing: without this check its calls would wait for ever
        if self._manager is not None and self._running and not self._manager.is_running():
            raise EngineError(f"continuous batching ended: {self._manager.background_thread_status.fatal_error!r}")

    def choose(self, waiting: list[Generation], room: int) -> list[Generation]:
        """Return as many calls as fit; none while running calls must end before the library is rebuilt."""
        needed = frozenset().union(*map(_needs, waiting))
        if not needed <= self._abilities:
            if self._running:
                return []
            self.stop()
            self._abilities |= needed
        return waiting[:room]

    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return the likelihood of each token of a reply, by one more pass of the model."""
        # in a new thread, because in a forked child the main thread would wait for ever for the parent's OpenMP threads
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self._score, prompt, tokens, alternatives).result()

    @torch.inference_mode()
    def _score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        ids = torch.tensor([prompt + tokens], device=self.model.device)
        # the logits at a position belong to the next token: one more than the reply has, without the last
        logits = self.model(input_ids=ids, logits_to_keep=len(tokens) + 1, use_cache=False).logits[0, :-1]
        logprobs = logits.float().log_softmax(dim=-1).cpu()
        best = logprobs.topk(alternatives, dim=-1)
        told = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        chosen = logprobs[torch.arange(len(tokens)), torch.tensor(tokens)].tolist()
        return [Likelihood(own, list(zip(*row, strict=True))) for own, row in zip(chosen, told, strict=True)]

    def stop(self) -> None:
        """Stop the library's thread and free its cache."""
        manager, self._manager, self._told = self._manager, None, {}
        if manager is not None:
            manager.stop(block=True, timeout=STOP_SECONDS, hard_stop=True)
            manager.destroy()

    def _start(self, name: int, generation: Generation) -> None:
        if self._manager is None:
            self._manager = self._build()
        self._told[name] = 0
        self._manager.add_request(
            generation.text,  # a retry continues after the tokens that it has already
            request_id=str(name),
            max_new_tokens=generation.longest - generation.length,
            # token by token only where somebody looks at each one
            streaming=generation.listener is not None or generation.ends is not None,
            eos_token_id=sorted(generation.end_tokens) or -1,
            **self._sampling(generation),
            **({FORM: generation} if generation.form else {}),
        )

    def _sampling(self, generation: Generation) -> dict[str, Any]:
        if SEED not in self._abilities:  # the library rejects options that it has no processor for
            return {}
        options = generation.options
        if options.greedy:  # as top_k=1, because a temperature of 0 ends the library's thread
            return {"temperature": 1.0, "top_k": 1, "top_p": 1.0}
        if generation.random is None:
            generation.random = int(torch.randint(2**62, (1,))) if options.seed is None else options.seed
        vocabulary = self.model.config.get_text_config().vocab_size
        top_k = min(options.top_k or vocabulary, vocabulary)  # a larger one is out of range in the library's sort
        return {
            "temperature": float(options.temperature),
            "top_k": top_k,
            "top_p": float(options.top_p),
            SEED: generation.random,
        }

    def _build(self) -> Any:
        # any values but the neutral ones, for which the library would create no processors; each call brings its own
        samples = {"do_sample": True, "temperature": 0.5, "top_k": 2, "top_p": 0.5}
        sampling = samples if SEED in self._abilities else {"do_sample": False}
        # a form's mask depends on the last token, so no step may begin before that token is known
        in_step = {"use_async_batching": False, "use_cuda_graph": False} if FORM in self._abilities else {}
        config = ContinuousBatchingConfig(
            page_size=PAGE_TOKENS,
            num_blocks=self._blocks,
            max_batch_tokens=min(self._blocks * PAGE_TOKENS, 2048),
            max_requests_per_batch=self.max_batch_size,
            per_request_processors=True,
            auto_switch_to_flash=self.model.dtype in (torch.float16, torch.bfloat16),
            **in_step,  # type: ignore[arg-type]
        )
        manager = self.model.init_continuous_batching(  # type: ignore[operator]
            generation_config=GenerationConfig(eos_token_id=-1, **sampling),  # each call brings its own end tokens
            continuous_batching_config=config,
        )
        add_processors(manager, self._abilities)
        manager.start()
        return manager

    def _take(self, output: Any) -> None:
        name = int(output.request_id)
        generation = self._running.get(name)
        if generation is None:  # cancelled meanwhile
            return
        if output.error is not None:
            raise EngineError(f"continuous batching failed: {output.error}")
        # each output holds all tokens of the call so far
        for token in output.generated_tokens[self._told[name] :]:
            if not generation.over:
                generation.accept(token, len(self._running))
        self._told[name] = len(output.generated_tokens)
        if output.is_finished():
            del self._running[name], self._told[name]


def _needs(generation: Generation) -> set[str]:
    """Return the abilities that a call needs, see `call_processors`."""
    return ({FORM} if generation.form else set()) | (set() if generation.options.greedy else {SEED})
