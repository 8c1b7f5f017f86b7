"""A key-value cache whose rows come and go while the batch is decoded, written in place."""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache
from transformers.cache_utils import DynamicLayer


class RowLayer(DynamicLayer):
    """The keys and values of one layer, in buffers of shape (rows, heads, room, dim) that are larger than what they hold.

    What is held is `[: rows, :, begin : end]`. transformers' dynamic layer copies all of it at each new token;
    this one writes the new token only.
    """

    keys: torch.Tensor
    values: torch.Tensor

    def __init__(self, rows: int, room: int) -> None:
        super().__init__()
        self.rows, self.room = rows, room
        self.begin = self.end = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Allocate the buffers in the shape, dtype and device of the first states."""
        super().lazy_initialization(key_states, value_states)
        self.keys, self.values = (self._buffer(states) for states in (key_states, value_states))

    def _buffer(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_empty((self.rows, like.shape[1], self.room, like.shape[3]))

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the states of new tokens; returns views of all that is held."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        rows, new_end = key_states.shape[0], self.end + key_states.shape[2]
        self.keys[:rows, :, self.end : new_end] = key_states
        self.values[:rows, :, self.end : new_end] = value_states
        self.end = new_end
        return self.keys[:rows, :, self.begin : new_end], self.values[:rows, :, self.begin : new_end]

    def get_seq_length(self) -> int:
        """Return the number of positions held."""
        return self.end - self.begin

    def move_row(self, source: int, target: int) -> None:
        """Copy a row over another one."""
        for buffer in self._buffers():
            buffer[target, :, self.begin : self.end] = buffer[source, :, self.begin : self.end]

    def write(self, row: int, at: int, other: RowLayer, other_row: int, begin: int, end: int) -> None:
        """Copy positions `begin:end` of a row of another layer to position `at` of a row."""
        if not self.is_initialized:
            self.lazy_initialization(other.keys, other.values)
        for mine, theirs in zip(self._buffers(), other._buffers(), strict=True):
            mine[row, :, at : at + end - begin] = theirs[other_row, :, begin:end]

    def clear_left(self, row: int, end: int) -> None:
        """Write zeros before `end`: masked positions count as nothing only while they hold finite numbers."""
        for buffer in self._buffers():
            buffer[row, :, :end] = 0

    def rebuild(self, rows: int, room: int, end: int) -> None:
        """Move what is held into buffers of another size, so that it ends at `end`."""
        begin = end - (self.end - self.begin)
        old_rows, self.rows, self.room = min(self.rows, rows), rows, room
        if self.is_initialized:
            old = self._buffers()
            self.keys, self.values = (self._buffer(buffer) for buffer in old)
            for new, buffer in zip(self._buffers(), old, strict=True):
                new[:old_rows, :, :begin] = 0
                new[:old_rows, :, begin:end] = buffer[:old_rows, :, self.begin : self.end]
        self.begin, self.end = begin, end

    def _buffers(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.keys, self.values


class RowCache(Cache):
    """`RowLayer`s that change together.

    Args:
        layers: how many.
        rows: sequences that the buffers hold.
        room: positions that the buffers hold.
    """

    layers: list[RowLayer]  # type: ignore[assignment]

    def __init__(self, layers: int, rows: int, room: int) -> None:
        super().__init__(layers=[RowLayer(rows, room) for _ in range(layers)])

    @property
    def rows(self) -> int:
        """Sequences that the buffers hold."""
        return self.layers[0].rows

    @property
    def room(self) -> int:
        """Positions that the buffers hold."""
        return self.layers[0].room

    @property
    def begin(self) -> int:
        """First position in use."""
        return self.layers[0].begin

    @property
    def end(self) -> int:
        """Position after the last in use."""
        return self.layers[0].end

    def set_span(self, begin: int, end: int) -> None:
        """Declare which positions are in use."""
        for layer in self.layers:
            layer.begin, layer.end = begin, end

    def move_row(self, source: int, target: int) -> None:
        """Copy a row over another one, in every layer."""
        for layer in self.layers:
            layer.move_row(source, target)

    def fill_row(self, row: int, other: RowCache, other_row: int, length: int) -> None:
        """Copy the first positions of a row of another cache, so that they end at `end`; what is before becomes padding."""
        at = self.end - length
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            mine.write(row, at, theirs, other_row, 0, length)
            mine.clear_left(row, at)

    def rebuild(self, rows: int, room: int, end: int) -> None:
        """Move what is held into buffers of another size, so that it ends at `end`."""
        for layer in self.layers:
            layer.rebuild(rows, room, end)
