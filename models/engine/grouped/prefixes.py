"""Prompts read lately, kept so that one that begins alike is read only from where it differs."""

from __future__ import annotations

from dataclasses import dataclass

from ..requests import Generation
from .row_cache import RowCache

GRAIN = 8
"""Shared tokens are counted in multiples of this, so that prompts that part near one another are still read together."""

MAX_PROMPTS = 128


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first tokens of some prompts: their keys and values are the first positions of a cache of one row."""

    length: int = 0
    cache: RowCache | None = None


@dataclass(eq=False, frozen=True, slots=True)
class _Kept:
    tokens: list[int]
    cache: RowCache


class PrefixStore:
    """Keys and values of the prompts read last.

    Args:
        layers: how many layers keep keys and values.
        room: tokens kept at most.
    """

    def __init__(self, layers: int, room: int) -> None:
        self._layers, self.room = layers, room
        self._kept: list[_Kept] = []

    def clear(self) -> None:
        """Keep nothing."""
        self._kept = []

    def find(self, tokens: list[int]) -> Prefix:
        """Return the longest prefix of a prompt that is kept, its last token left out; the prompt it is of is kept longer."""
        best = max(self._kept, key=lambda kept: _shared(kept.tokens, tokens), default=None)
        if best is None or not (length := _shared(best.tokens, tokens)):
            return Prefix()
        self._kept.remove(best)
        self._kept.append(best)
        return Prefix(length, best.cache)

    def keep(self, tokens: list[int], cache: RowCache, row: int) -> None:
        """Keep a prompt, the first positions of a row of a cache, in place of those not used for the longest time."""
        if len(tokens) > self.room:
            return
        own = RowCache(self._layers, rows=1, room=len(tokens))
        own.set_span(0, len(tokens))
        own.fill_row(0, cache, row, len(tokens))
        self._kept.append(_Kept(tokens, own))
        while len(self._kept) > MAX_PROMPTS or sum(len(kept.tokens) for kept in self._kept) > self.room:
            self._kept.pop(0)


def next_to_read(unread: list[Generation], store: PrefixStore, chunk_tokens: int) -> tuple[list[Generation], Prefix]:
    """Choose prompts to read in one forward pass: they begin with the same prefix, the longest that is kept of each.

    A prompt that shares more with another one that is not read either waits until that one is kept.

    Args:
        unread: at least one.
        store: the cached prompts.
        chunk_tokens: tokens to read at most, with padding, beyond the prefix; one prompt may have more.
    """
    ready: dict[tuple[int, ...], list[Generation]] = {}
    prefixes: dict[tuple[int, ...], Prefix] = {}
    before: list[int] = []
    for generation in sorted(unread, key=lambda generation: generation.text):
        text = generation.text
        prefix = store.find(text)
        if _shared(before, text) <= prefix.length:
            key = tuple(text[: prefix.length])
            ready.setdefault(key, []).append(generation)
            prefixes[key] = prefix
        before = text
    key = max(ready, key=lambda key: len(ready[key]))
    rows = sorted(ready[key], key=lambda generation: generation.length, reverse=True)
    most = max(1, chunk_tokens // (rows[0].length - prefixes[key].length))
    return rows[:most], prefixes[key]


def _shared(kept: list[int], tokens: list[int]) -> int:
    """Return how many tokens two prompts begin with alike, in grains, less than all of the second one."""
    length, most = 0, min(len(kept), len(tokens) - 1)
    while length + GRAIN <= most and kept[length : length + GRAIN] == tokens[length : length + GRAIN]:
        length += GRAIN
    return length
