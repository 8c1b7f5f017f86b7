"""Serve concurrent calls in one batch that rows join and leave: the engine for CPUs, and for any device when asked."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from ..base import Engine, EngineError
from ..requests import Generation, Likelihood, refuse_too_long
from ..torch_scores import score_tokens
from .decode_batch import DecodeBatch, accept
from .prefill import Prefilled, prefill
from .prefixes import GRAIN, Prefix, PrefixStore, next_to_read
from .token_choice import BROKEN

PREFILL_TOKENS = 2048
"""Prompt tokens read at most between two decoding steps, so that rows under way do not wait long; known ones do not count."""

CHUNK_TOKENS = 768
"""Prompt tokens of one forward pass: more do not make the matrix products faster, and cost padding."""

KEPT_SHARE = 8
"""One of so many positions of the key-value cache may hold prompts read before."""


class GroupedEngine(Engine):
    """Grouped generation with transformers' model call and cache interface.

    Args:
        model: a causal language model.
        max_batch_size: rows decoded together at most.
        max_batch_tokens: positions of the key-value cache at most, rows times the longest row.
    """

    name = "grouped"

    def __init__(self, model: PreTrainedModel, *, max_batch_size: int, max_batch_tokens: int) -> None:
        self.model = model
        self.max_batch_size, self.max_batch_tokens = max_batch_size, max_batch_tokens
        self._layers = model.config.get_text_config().num_hidden_layers
        super().__init__()

    def _start_afresh(self) -> None:
        super()._start_afresh()
        self._waiting: list[Generation] = []
        self._batch = DecodeBatch(self.model, self._layers)
        self._prefixes = PrefixStore(self._layers, self.max_batch_tokens // KEPT_SHARE)

    @property
    def busy(self) -> bool:
        """Whether calls wait or are decoded."""
        return bool(self._waiting or len(self._batch))

    @torch.inference_mode()
    def turn(self, newcomers: list[Generation]) -> None:
        """Read some prompts, then give every row one token."""
        self._waiting.extend(newcomers)
        refuse_too_long(newcomers, self.max_batch_tokens)
        self._waiting = [generation for generation in self._waiting if not generation.over]
        self._batch.drop_finished()
        self._admit()
        if len(self._batch):
            self._batch.step()
            self._batch.drop_finished()

    def fail_running(self, error: BaseException) -> None:
        """Try the rows of the batch once more, one at a time, so that only the row that cannot be served fails."""
        rows = self._batch.generations
        self.release()
        self._try_alone(rows, error)

    def fail_all(self, error: BaseException) -> None:
        """Fail the rows of the batch and what waits."""
        self._batch.fail(error)
        for generation in self._waiting:
            generation.fail(error)
        self._waiting = []

    def score(self, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
        """Return how likely each token of a text was."""
        return score_tokens(self.model, prompt, tokens, alternatives)

    def release(self) -> None:
        """Free the cache and the prompts kept."""
        self._batch.clear()
        self._prefixes.clear()

    def _try_alone(self, generations: list[Generation], error: BaseException) -> None:
        for generation in generations:
            if generation.tried_again:
                generation.fail(explained(error))
        again = [generation for generation in generations if not generation.over]
        for generation in again:
            generation.tried_again = True
        self._waiting = again + self._waiting

    def _admit(self) -> None:
        unread = self._choose()
        while unread:
            chunk, prefix = next_to_read(unread, self._prefixes, CHUNK_TOKENS)
            unread = [generation for generation in unread if generation not in chunk]
            self._prefill(chunk, prefix, rows_to_come=len(unread) + len(self._waiting))

    def _choose(self) -> list[Generation]:
        """Take from the queue, oldest first, what the budget allows."""
        if self._waiting and self._waiting[0].tried_again:
            return [] if len(self._batch) else [self._waiting.pop(0)]
        chosen: list[Generation] = []
        span, tokens = self._batch.span, 0
        for generation in self._waiting:
            span = max(span, generation.longest)
            tokens += generation.length - self._prefixes.find(generation.text).length
            if len(self._batch) + len(chosen) >= self._rows_of(span) or (chosen and tokens > PREFILL_TOKENS):
                break
            chosen.append(generation)
        self._waiting = self._waiting[len(chosen) :]
        return chosen

    def _prefill(self, chunk: list[Generation], prefix: Prefix, rows_to_come: int) -> None:
        try:
            read = prefill(self.model, self._layers, chunk, prefix)
        except Exception as error:
            self._try_alone(chunk, error)
            return
        self._keep(read, prefix)
        for generation, token in zip(chunk, read.tokens, strict=True):
            accept(generation, token, len(self._batch) + len(chunk))
        span = max(self._batch.span, *(generation.longest for generation in chunk), 1)
        free_rows = self._rows_of(span) - len(self._batch) - len(chunk)
        self._batch.join(read, max(0, min(rows_to_come, free_rows)))

    def _keep(self, read: Prefilled, prefix: Prefix) -> None:
        """Cache the prompts that have much beyond what is cached already."""
        for row, (generation, token) in enumerate(zip(read.generations, read.tokens, strict=True)):
            if token != BROKEN and generation.length - prefix.length > 2 * GRAIN:
                self._prefixes.keep(generation.text, read.cache, row)

    def _rows_of(self, span: int) -> int:
        """Return how many rows of this length the limits allow, beside the prompts kept."""
        return max(1, min(self.max_batch_size, (self.max_batch_tokens - self._prefixes.room) // span))


def explained(error: BaseException) -> BaseException:
    """Say what to do about an error of the model; the original is its cause."""
    text = str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or "not enough memory" in text or "allocate memory" in text:
        told: BaseException = MemoryError(f"no memory for the batch: {text}; lower max_batch_tokens or max_batch_size")
    else:
        told = EngineError(f"the student failed in a batch: {type(error).__name__}: {text}")
    told.__cause__ = error
    return told
