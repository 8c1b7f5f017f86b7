"""Attention over rows of unequal length: neighbours of similar length share a call that skips their common padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "grouped_rows_sdpa"

WORTH_A_CALL = 256
"""Padded positions that cost about as much as one more call of the attention kernel, measured on a 2-core CPU."""


class RowGroup(NamedTuple):
    """Rows `first:last` of a batch, none of which holds anything before position `begin`."""

    first: int
    last: int
    begin: int


def group_rows(paddings: Sequence[int]) -> list[RowGroup]:
    """Cut rows into runs of which each is cheaper to attend to at once than apart.

    Args:
        paddings: how many positions of padding each row begins with.
    """
    groups: list[RowGroup] = []
    first, begin, waste = 0, 0, 0
    for row, padding in enumerate(paddings):
        begin, grown = (padding, 0) if row == first else (min(begin, padding), _waste(paddings[first:row], begin, padding))
        waste += grown
        if waste > WORTH_A_CALL:
            groups.append(RowGroup(first, row, min(paddings[first:row])))
            first, begin, waste = row, padding, 0
    return [*groups, RowGroup(first, len(paddings), begin)] if paddings else []


def _waste(before: Sequence[int], begin: int, padding: int) -> int:
    """Return how much padding a row adds to a run: its own, or what it uncovers of the others."""
    return padding - begin + len(before) * (min(before) - min(begin, padding))


def use_grouped_attention(model: PreTrainedModel) -> bool:
    """Switch a model that uses sdpa to the grouped form, which is sdpa for every other caller; tells whether it did."""
    if model.config._attn_implementation != "sdpa" or not model._supports_attention_backend:
        return model.config._attn_implementation == NAME
    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    model.set_attn_implementation(NAME)
    return True


def _attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    row_groups: Sequence[RowGroup] | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    if row_groups is None or query.shape[2] > 1:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    parts = []
    for first, last, begin in row_groups:
        mask = None if attention_mask is None or last - first == 1 else attention_mask[first:last, ..., begin:]
        keys, values = key[first:last, :, begin:], value[first:last, :, begin:]
        parts.append(sdpa_attention_forward(module, query[first:last], keys, values, mask, **options)[0])
    return torch.cat(parts), None
