"""One call to an engine: its prompt and options, the tokens so far, and its result."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from .forced_forms import FormWatch

FinishReason = Literal["stop", "length"]

MOST_ALTERNATIVES = 20
"""Maximum number of alternatives to a token with a log-probability; OpenAI's limit."""


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """Decoding options of one call.

    Attributes:
        max_tokens: maximum number of output tokens.
        temperature: sampling temperature; 0 is greedy.
        top_p: probability mass to sample from, in (0, 1].
        top_k: number of most likely tokens to sample from; 0 is all.
        seed: seed of this call; `None` draws a random one.
        logprobs: number of alternatives to return for each token, with log-probabilities; 0 returns only the token's own,
            `None` nothing.

    Raises:
        ValueError: an option is out of range.
    """

    max_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    logprobs: int | None = None

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens={self.max_tokens!r}: give 1 or more new tokens")
        if not 0 <= self.temperature < float("inf"):
            raise ValueError(f"temperature={self.temperature!r}: give 0 (greedy) or a positive number")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p={self.top_p!r}: give a number above 0 and up to 1")
        if self.top_k < 0:
            raise ValueError(f"top_k={self.top_k!r}: give 0 (all tokens) or a positive number")
        if self.seed is not None and not -(2**63) <= self.seed < 2**64:
            raise ValueError(f"seed={self.seed!r}: give a whole number of 64 bits, such as one from 0 to 2**63 - 1")
        if self.logprobs is not None and not 0 <= self.logprobs <= MOST_ALTERNATIVES:
            raise ValueError(f"top_logprobs={self.logprobs!r}: give a number from 0 to {MOST_ALTERNATIVES}")

    @property
    def greedy(self) -> bool:
        """Whether decoding takes the most likely token at each step."""
        return self.temperature == 0.0


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely the model found one token, before temperature.

    Attributes:
        logprob: natural logarithm of the token's probability.
        alternatives: most likely tokens at this position, as (token id, log-probability).
    """

    logprob: float
    alternatives: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Completion:
    """The result of a call.

    Attributes:
        tokens: output token ids, without the end token.
        finish_reason: `"stop"` at an end token or a stop string, `"length"` at `max_tokens`.
        generated: number of generated tokens, the end token included.
        batch_size: largest number of calls that were decoded together with it, itself included.
        likelihoods: one for each token, if the call asked for them.
    """

    tokens: list[int]
    finish_reason: FinishReason
    generated: int
    batch_size: int
    likelihoods: list[Likelihood] | None = None


@dataclass(eq=False, slots=True)  # compared and hashed by identity: two calls may be equal
class Generation:
    """One call in progress, shared by its caller and the engine.

    Attributes:
        prompt: token ids.
        options: decoding options.
        end_tokens: token ids that end the reply.
        ends: called with each new token; returns whether a stop string is complete.
        form: constraint on the reply, if any.
        listener: called by the engine's thread with each new token of the reply.
        result: resolved by the engine. Cancel it to remove the call from the batch.
        tokens: output token ids so far.
        logprobs: their log-probabilities, if the engine reports them.
        batch_size: largest number of calls so far that were decoded together with it.
        random: seed that the engine uses for this call. A retry uses the same one, so it continues with the same text.
        tried_again: whether the call was already retried after a failure of the engine.
    """

    prompt: list[int]
    options: SamplingOptions
    end_tokens: frozenset[int]
    ends: Callable[[int], bool] | None = None
    form: FormWatch | None = None
    listener: Callable[[int], None] | None = None
    result: Future[Completion] = field(default_factory=Future)
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    batch_size: int = 1
    random: Any = None
    tried_again: bool = False

    @property
    def over(self) -> bool:
        """Whether the call has ended, failed or been cancelled."""
        return self.result.done()

    @property
    def text(self) -> list[int]:
        """Token ids of the prompt and the reply so far."""
        return self.prompt + self.tokens

    @property
    def length(self) -> int:
        """Number of tokens of the prompt and the reply so far."""
        return len(self.prompt) + len(self.tokens)

    @property
    def longest(self) -> int:
        """Maximum number of tokens of the prompt and the reply."""
        return len(self.prompt) + self.options.max_tokens

    def accept(self, token: int, batch_size: int = 1, logprob: float | None = None) -> None:
        """Add the next token, and resolve the call if this token ends it."""
        self.batch_size = max(self.batch_size, batch_size)
        if token in self.end_tokens:
            self._finish("stop", extra=1)  # generated and counted, but no part of the text
            return
        self.tokens.append(token)
        if logprob is not None:
            self.logprobs.append(logprob)
        if self.listener is not None:
            self.listener(token)
        if self.ends is not None and self.ends(token):
            self._finish("stop")
        elif len(self.tokens) >= self.options.max_tokens:
            self._finish("length")

    def fail(self, error: BaseException) -> None:
        """End the call with an error, unless it is over already."""
        with suppress(InvalidStateError):  # the caller may cancel at any moment
            self.result.set_exception(error)

    def _finish(self, reason: FinishReason, extra: int = 0) -> None:
        completion = Completion(self.tokens, reason, len(self.tokens) + extra, self.batch_size)
        with suppress(InvalidStateError):
            self.result.set_result(completion)
