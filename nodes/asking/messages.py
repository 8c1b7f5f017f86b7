"""What a plan asks and what it gets: plain values, so that plans are written and tested without a model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from ...foundation.token_counts import token_counts

TRUNCATED = ("length", "max_tokens", "MAX_TOKENS")
"""Finish reasons of replies that ran into their token limit."""

Turns = tuple[tuple[str, str], ...]
"""Few-shot examples as pairs of a user's and an assistant's text."""


@dataclass(frozen=True)
class Ask:
    """One prompt for the model.

    Attributes:
        prompt: the text.
        options: call options such as `temperature` and `seed`; a model without such a field does not get them.
        turns: few-shot examples, shown as chat turns before the prompt.
        beginning: the beginning of the reply, which the model continues.
    """

    prompt: str
    options: dict[str, Any] = field(default_factory=dict)
    turns: Turns = ()
    beginning: str = ""


@dataclass(frozen=True)
class Reply:
    """What a plan gets for an `Ask`.

    Attributes:
        text: the reply, with the beginning that the model was to continue.
        finish_reason: "stop", "length" or the provider's own word.
        logprobs: token and log-probability of each token of the reply, () if the model gives none.
    """

    text: str
    finish_reason: str | None = None
    logprobs: tuple[tuple[str, float], ...] = ()

    @property
    def truncated(self) -> bool:
        """True if the model ran into its token limit."""
        return self.finish_reason in TRUNCATED


def tokens_of(message: Any) -> tuple[int, int] | None:
    """Return the input and output tokens of a chat model's message; None where it tells none, or impossible ones."""
    usage = getattr(message, "usage_metadata", None) or {}
    return token_counts(usage.get("input_tokens"), usage.get("output_tokens"))


class OnlyToolCalls(RuntimeError):
    """A model that was offered no tools called some instead of answering: a fault of the call, not a wrong answer.

    Attributes:
        tokens: its input and output tokens; None if unknown.
    """

    def __init__(self, tokens: tuple[int, int] | None) -> None:
        super().__init__("the reply holds only tool calls and no text")
        self.tokens = tokens


def with_text(message: Any) -> Any:
    """Return a chat model's message.

    Raises:
        OnlyToolCalls: it has tool calls and no text.
    """
    calls = getattr(message, "tool_calls", None) or getattr(message, "invalid_tool_calls", None)
    if calls and not str(message.text).strip():
        raise OnlyToolCalls(tokens_of(message))
    return message


Plan = Generator[list[Ask], list[Reply], dict[str, Any]]
