"""The rows that are decoded together: each step gives every row one token; rows join and leave between steps."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PreTrainedModel

from ..requests import Generation
from .prefill import Prefilled
from .row_cache import RowCache
from .token_choice import BROKEN, choose_tokens

SLACK = 64
"""Positions allotted beyond need, so that a slightly longer newcomer does not move everything."""


class DecodeBatch:
    """Rows aligned at their last token, padded on the left, in one `RowCache`.

    Args:
        model: a causal language model with attention caches.
        layers: how many layers keep keys and values.
    """

    def __init__(self, model: PreTrainedModel, layers: int) -> None:
        self.model, self._layers = model, layers
        self.clear()

    def clear(self) -> None:
        """Hold no row and no tensor."""
        self.generations: list[Generation] = []
        self._next: list[int] = []
        self._cache = RowCache(self._layers, rows=0, room=0)
        self._mask = torch.ones(0, 0, dtype=torch.bool)

    def __len__(self) -> int:
        return len(self.generations)

    @property
    def span(self) -> int:
        """Positions that the longest row may come to."""
        return max((generation.longest for generation in self.generations), default=0)

    def join(self, newcomers: Prefilled, rows_to_come: int = 0) -> None:
        """Let rows in whose prompt is in a cache and whose first token is chosen.

        Args:
            newcomers: the rows; those that are over already are left out.
            rows_to_come: how many more are known to join soon; saves moving the cache again.
        """
        keep = [i for i, generation in enumerate(newcomers.generations) if not generation.over]
        if not keep:
            return
        self._make_room(newcomers, keep, rows_to_come)
        for i in keep:
            self._place(newcomers, i)
        self._refresh_span()

    def step(self) -> None:
        """Give every row its next token; rows that end with it stay until `drop_finished`."""
        rows = len(self)
        tokens = torch.tensor(self._next, device=self.model.device)[:, None]
        lengths = [generation.length for generation in self.generations]
        positions = torch.tensor(lengths, device=self.model.device)[:, None] - 1
        output = self.model(
            input_ids=tokens,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            **self._padding_options(lengths),
        )
        self._next = choose_tokens(output.logits[:, -1], self.generations)
        for generation, token in zip(self.generations, self._next, strict=True):
            accept(generation, token, rows)

    def drop_finished(self) -> None:
        """Remove the rows that are over; the last row moves into each gap."""
        for row in reversed(range(len(self))):
            if self.generations[row].over:
                self._remove(row)
        self._refresh_span()

    def fail(self, error: BaseException) -> None:
        """Fail every row and hold none."""
        for generation in self.generations:
            generation.fail(error)
        self.clear()

    def _padding_options(self, lengths: list[int]) -> dict[str, Any]:
        """Return what the model must know of the padding: nothing when there is none."""
        if min(lengths) == max(lengths):
            return {}
        return {"attention_mask": self._mask[: len(lengths), self._cache.begin : self._cache.end + 1]}

    def _make_room(self, newcomers: Prefilled, keep: list[int], rows_to_come: int) -> None:
        """Rebuild the cache when the newcomers do not fit, as it stands, in number or length."""
        longest_prompt = max(newcomers.lengths[i] for i in keep)
        longest = max(newcomers.generations[i].longest for i in keep)
        held = self._cache.end - self._cache.begin
        end = max(self._cache.end, longest_prompt)
        ahead = max(g.longest - g.length for g in [*self.generations, *(newcomers.generations[i] for i in keep)])
        rows = len(self) + len(keep)
        if rows <= self._cache.rows and end == self._cache.end and end + ahead < self._cache.room:
            return
        end = max(held, longest_prompt) + SLACK
        room = end + max(ahead, longest - longest_prompt) + SLACK
        self._cache.rebuild(max(rows + rows_to_come, self._cache.rows), room, end)
        self._mask = torch.ones(self._cache.rows, room, dtype=torch.bool, device=self.model.device)
        for row, generation in enumerate(self.generations):
            self._mask_row(row, generation.length - 1)

    def _place(self, newcomers: Prefilled, i: int) -> None:
        generation, length, row = newcomers.generations[i], newcomers.lengths[i], len(self)
        self._cache.fill_row(row, newcomers.cache, i, length)
        self._mask_row(row, length)
        self.generations.append(generation)
        self._next.append(newcomers.tokens[i])

    def _mask_row(self, row: int, length: int) -> None:
        self._mask[row] = True
        self._mask[row, : self._cache.end - length] = False

    def _remove(self, row: int) -> None:
        last = len(self) - 1
        if row != last:
            self._cache.move_row(last, row)
            self._mask[row] = self._mask[last]
            self.generations[row], self._next[row] = self.generations[last], self._next[last]
        self.generations.pop()
        self._next.pop()

    def _refresh_span(self) -> None:
        """Leave out the positions on the left that no row uses any more."""
        held = max((generation.length - 1 for generation in self.generations), default=0)
        self._cache.set_span(self._cache.end - held, self._cache.end)


def accept(generation: Generation, token: int, batch_size: int) -> None:
    """Give a row its token; a row whose logits are not numbers fails alone."""
    if token == BROKEN:
        generation.fail(FloatingPointError("the student's logits are not numbers (NaN); try dtype='float32'"))
    else:
        generation.accept(token, batch_size)
