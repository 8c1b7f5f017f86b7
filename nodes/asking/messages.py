"""What a plan yields and what it receives. These are plain values, so plans are written and tested without a model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from ...foundation.token_counts import token_counts

TRUNCATED = ("length", "max_tokens", "MAX_TOKENS")
"""Finish reasons for the token limit: OpenAI's and Ollama's, Anthropic's, Google's."""

FINISH_KEYS = ("finish_reason", "stop_reason", "done_reason")
"""Keys of a reply's metadata that may have its finish reason: OpenAI's, Anthropic's, Ollama's."""

Turns = tuple[tuple[str, str], ...]
"""Few-shot examples as pairs of a user's and an assistant's text."""


@dataclass(frozen=True)
class Ask:
    """One prompt for the model.

    Attributes:
        prompt: text of the user's message.
        options: call options such as `temperature` and `seed`. A model without a field of that name does not get the option.
        turns: few-shot examples, sent as chat turns before the prompt.
        beginning: beginning of the reply, which the model continues; empty for none.
    """

    prompt: str
    options: dict[str, Any] = field(default_factory=dict)
    turns: Turns = ()
    beginning: str = ""


@dataclass(frozen=True)
class Reply:
    """What a plan receives for an `Ask`.

    Attributes:
        text: the reply, including the beginning that the model continued.
        finish_reason: "stop", "length" or the provider's own word; None if it gives none.
        logprobs: the reply's tokens with their log-probabilities (natural logarithm); () if the model gives none.
    """

    text: str
    finish_reason: str | None = None
    logprobs: tuple[tuple[str, float], ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether the reply stopped at the token limit."""
        return self.finish_reason in TRUNCATED


def tokens_of(message: Any) -> tuple[int, int] | None:
    """Return the input and output tokens of a chat model's message; None if it reports none, or impossible numbers."""
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
"""A plan yields prompts to be sent together, receives one reply for each, in order, and returns the update of the state."""
