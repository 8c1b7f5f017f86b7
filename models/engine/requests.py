"""One call to the student: what it asks for, how its tokens are counted, and how it ends."""

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
    """What one call asks of the decoder.

    Attributes:
        max_tokens: new tokens at most.
        temperature: 0 is greedy.
        top_p: share of probability mass to draw from, in (0, 1].
        top_k: how many tokens to draw from; 0 is all.
        seed: of the call's own random generator; `None` takes one from torch's default generator.
        logprobs: how many alternatives to tell of each token, with its log-probability and theirs; `None` tells none.

    Raises:
        ValueError: a value out of its range.
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
        """Whether the likeliest token is taken at each step."""
        return self.temperature == 0.0


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The natural logarithm of a token's probability before temperature, and the likeliest tokens in its place."""

    logprob: float
    alternatives: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Completion:
    """How a call ended: its tokens (without the end token), why, and with how many others it shared a batch at most.

    `likelihoods` has one entry for each token, if they were asked for.
    """

    tokens: list[int]
    finish_reason: FinishReason
    generated: int
    batch_size: int
    likelihoods: list[Likelihood] | None = None


@dataclass(eq=False, slots=True)
class Generation:
    """One call under way, shared by its caller and the engine.

    Attributes:
        prompt: token ids.
        options: see `SamplingOptions`.
        end_tokens: ids that end the text.
        ends: called with each new token, tells whether a stop string is complete.
        form: what the text must keep, if anything.
        listener: called with each new token that belongs to the text, by the engine's thread.
        result: resolved by the engine; cancel it to free the place of the call.
        tokens: the text so far.
        logprobs: of these tokens, from an engine that tells them.
        random: what the engine draws with for this call; survives a second try.
        tried_again: whether an engine failed under it once already.
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
        """Whether it ended, failed or was cancelled."""
        return self.result.done()

    @property
    def text(self) -> list[int]:
        """Token ids of prompt and text so far."""
        return self.prompt + self.tokens

    @property
    def length(self) -> int:
        """Tokens of prompt and text so far."""
        return len(self.prompt) + len(self.tokens)

    @property
    def longest(self) -> int:
        """Tokens of prompt and text at most."""
        return len(self.prompt) + self.options.max_tokens

    def accept(self, token: int, batch_size: int = 1, logprob: float | None = None) -> None:
        """Take the next token; resolves the call when this token ends it."""
        self.batch_size = max(self.batch_size, batch_size)
        if token in self.end_tokens:
            self._finish("stop", extra=1)
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
        """End the call with an error, unless it is over."""
        with suppress(InvalidStateError):
            self.result.set_exception(error)

    def _finish(self, reason: FinishReason, extra: int = 0) -> None:
        completion = Completion(self.tokens, reason, len(self.tokens) + extra, self.batch_size)
        with suppress(InvalidStateError):
            self.result.set_result(completion)
