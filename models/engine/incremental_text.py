"""Decode tokens one by one: no split characters, and no part of a stop string in what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

REPLACEMENT = "\ufffd"
"""What tokenizers decode bytes to that are no whole character."""

LONGEST_CHARACTER = 8
"""Number of tokens after which undecodable bytes are no longer held back as the start of a character."""


class IncrementalText:
    """Decoder for tokens that arrive one by one.

    Args:
        tokenizer: any tokenizer of transformers.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._context = self._told = 0  # text was returned up to token `_told`, and is decoded from `_context` on

    def feed(self, token: int) -> str:
        """Add a token and return the characters that it completes, maybe none."""
        self._tokens.append(token)
        return self._delta(final=len(self._tokens) - self._told > LONGEST_CHARACTER)

    def flush(self) -> str:
        """Return the characters that were held back."""
        return self._delta(final=True)

    def _delta(self, final: bool) -> str:
        """Return the new characters. Decodes some tokens before them too, since a tokenizer may drop a text's first space."""
        told = self._decode(self._tokens[self._context : self._told])
        text = self._decode(self._tokens[self._context :])
        # a trailing replacement character may be the first bytes of a character that the next token completes
        if len(text) <= len(told) or (text.endswith(REPLACEMENT) and not final):
            return ""
        self._context, self._told = self._told, len(self._tokens)
        return text[len(told) :]

    def _decode(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)


class StopWatch:
    """Detects a complete stop string in the text of tokens, also one that spans several of them.

    Args:
        tokenizer: any tokenizer of transformers.
        stop: stop strings, none of them empty.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str]) -> None:
        self._text = IncrementalText(tokenizer)
        self._stop = stop
        self._tail = ""

    def __call__(self, token: int) -> bool:
        """Add a token; return `True` if the text contains a stop string."""
        self._tail += self._text.feed(token)
        found = first_stop(self._tail, self._stop) is not None
        self._tail = self._tail[-max(map(len, self._stop)) :]  # enough for a stop string that is still incomplete
        return found


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Return the index of the first stop string, `None` if there is none."""
    return min((at for at in map(text.find, stop) if at >= 0), default=None)


def cut_at_stop(text: str, stop: Sequence[str]) -> str:
    """Return the text before the first stop string."""
    return text[: first_stop(text, stop)]


class StopHold:
    """Passes text on up to the first stop string, and holds back what may be the beginning of one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = stop
        self._held = ""
        self._stopped = False

    def feed(self, text: str, final: bool = False) -> str:
        """Add text and return what can be shown; `final` releases what was held back."""
        if self._stopped:
            return ""
        self._held += text
        at = first_stop(self._held, self._stop)
        self._stopped = at is not None
        if at is None:
            at = len(self._held) if final else len(self._held) - self._partial()
        shown, self._held = self._held[:at], self._held[at:]
        return shown

    def _partial(self) -> int:
        """Return how many characters at the end may be the beginning of a stop string."""
        longest = min(max(map(len, self._stop), default=0), len(self._held) + 1) - 1
        ends = range(longest, 0, -1)
        return next((n for n in ends if any(stop.startswith(self._held[-n:]) for stop in self._stop)), 0)
