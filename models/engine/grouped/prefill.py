"""Read prompts: many at once that begin alike, each giving a cache and a first token."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from ..requests import Generation
from .prefixes import Prefix
from .row_cache import RowCache
from .token_choice import choose_tokens, random_generator


@dataclass(slots=True)
class Prefilled:
    """Rows whose prompts are read: `cache` holds `lengths[i]` positions of row i from position 0."""

    generations: list[Generation]
    cache: RowCache
    lengths: list[int]
    tokens: list[int]


@torch.inference_mode()
def prefill(model: PreTrainedModel, layers: int, generations: list[Generation], prefix: Prefix) -> Prefilled:
    """Read the prompts of some calls, with what is written already, and choose the next token of each.

    The prompts are padded on the right, where a causal model does not look, so that no mask is needed.

    Args:
        model: a causal language model.
        layers: how many of its layers keep keys and values.
        generations: the calls.
        prefix: what all of them begin with and is read already.
    """
    begin = prefix.length
    rest = [generation.text[begin:] for generation in generations]
    ids = torch.zeros(len(rest), max(map(len, rest)), dtype=torch.long)
    for row, tokens in enumerate(rest):
        ids[row, : len(tokens)] = torch.tensor(tokens)
    cache = RowCache(layers, len(rest), begin + ids.shape[1])
    if prefix.cache is not None:
        cache.set_span(0, begin)
        for row in range(len(rest)):
            cache.fill_row(row, prefix.cache, 0, begin)
    logits = _last_logits(model, ids.to(model.device), cache, [len(tokens) - 1 for tokens in rest])
    for generation in generations:
        if generation.random is None:
            generation.random = random_generator(generation.options, model.device)
    lengths = [generation.length for generation in generations]
    return Prefilled(generations, cache, lengths, choose_tokens(logits, generations))


def _last_logits(model: PreTrainedModel, ids: torch.Tensor, cache: RowCache, last: list[int]) -> torch.Tensor:
    """Return the logits after the last real token of each row, of shape (rows, vocabulary)."""
    wanted, columns = torch.tensor(last, device=ids.device).unique(return_inverse=True)
    positions = torch.arange(cache.end, cache.end + ids.shape[1], device=ids.device).expand_as(ids)
    output = model(input_ids=ids, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=wanted)
    return output.logits[torch.arange(len(last), device=ids.device), columns]
