"""Turn tokens into text as they come, without splitting characters or letting part of a stop string through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

REPLACEMENT = "\ufffd"
LONGEST_CHARACTER = 8
"""Tokens after which undecodable bytes are no longer taken for the start of a character."""


class IncrementalText:
    """The text of tokens that come one by one.

    Args:
        tokenizer: any tokenizer of transformers.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._context = self._told = 0

    def feed(self, token: int) -> str:
        """Return the characters that this token completes."""
        self._tokens.append(token)
        return self._delta(final=len(self._tokens) - self._told > LONGEST_CHARACTER)

    def flush(self) -> str:
        """Return what is left."""
        return self._delta(final=True)

    def _delta(self, final: bool) -> str:
        """Decode with some tokens of context, since tokenizers treat the start of a text differently."""
        told = self._decode(self._tokens[self._context : self._told])
        text = self._decode(self._tokens[self._context :])
        if len(text) <= len(told) or (text.endswith(REPLACEMENT) and not final):
            return ""
        self._context, self._told = self._told, len(self._tokens)
        return text[len(told) :]

    def _decode(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)


class StopWatch:
    """Tells when a stop string is complete in the text of tokens.

    Args:
        tokenizer: any tokenizer of transformers.
        stop: the stop strings.
    """

    def __init__(self, tokenizer: Any, stop: Sequence[str]) -> None:
        self._text = IncrementalText(tokenizer)
        self._stop = stop
        self._tail = ""

    def __call__(self, token: int) -> bool:
        """Take the next token; `True` when a stop string has come."""
        self._tail += self._text.feed(token)
        found = first_stop(self._tail, self._stop) is not None
        self._tail = self._tail[-max(map(len, self._stop)) :]
        return found


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Return where the first stop string begins, `None` when there is none."""
    return min((at for at in map(text.find, stop) if at >= 0), default=None)


def cut_at_stop(text: str, stop: Sequence[str]) -> str:
    """Return the text before the first stop string."""
    return text[: first_stop(text, stop)]


class StopHold:
    """Lets text through that cannot be part of a stop string; ends at the first one."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = stop
        self._held = ""
        self._stopped = False

    def feed(self, text: str, final: bool = False) -> str:
        """Return what may be shown; `final` releases what was held back."""
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
        """Return how many characters at the end may begin a stop string."""
        longest = min(max(map(len, self._stop), default=0), len(self._held) + 1) - 1
        ends = range(longest, 0, -1)
        return next((n for n in ends if any(stop.startswith(self._held[-n:]) for stop in self._stop)), 0)
