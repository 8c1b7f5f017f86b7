"""Choose the next token of each row of a batch."""

from __future__ import annotations

import torch
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from ..requests import Generation, SamplingOptions

BROKEN = -1
"""Stands for a row whose logits are not numbers."""


def random_generator(options: SamplingOptions, device: torch.device) -> torch.Generator | None:
    """Return the call's own generator, `None` for a greedy call; without a seed, torch's default generator gives one."""
    if options.greedy:
        return None
    seed = options.seed if options.seed is not None else int(torch.randint(2**62, (1,)))
    return torch.Generator(device).manual_seed(seed)


def choose_tokens(logits: torch.Tensor, generations: list[Generation]) -> list[int]:
    """Return one token id for each row.

    A row draws from its own generator, so that a seeded call gets the same text alone and among others.

    Args:
        logits: of shape (rows, vocabulary).
        generations: the call of each row, with its options and random generator.

    Returns:
        Token ids; `BROKEN` for a row whose logits are not numbers.
    """
    for row, generation in enumerate(generations):
        if generation.form is not None:
            forbidden = generation.form.forbidden(generation.tokens, logits.shape[1])
            logits[row, torch.from_numpy(forbidden).to(logits.device)] = -torch.inf
    best, tokens = logits.max(dim=-1)
    for rows, alike in _sampled_rows([generation.options for generation in generations]).items():
        probabilities = _probabilities(logits[list(rows)].float(), alike)
        for row, distribution in zip(rows, probabilities, strict=True):
            if not torch.isnan(best[row]):
                tokens[row] = torch.multinomial(distribution, 1, generator=generations[row].random)[0]
    return torch.where(torch.isnan(best), BROKEN, tokens).tolist()


def _sampled_rows(options: list[SamplingOptions]) -> dict[tuple[int, ...], SamplingOptions]:
    """Group the rows that sample by the distribution they draw from."""
    groups: dict[tuple[float, float, int], list[int]] = {}
    for row, option in enumerate(options):
        if not option.greedy:
            groups.setdefault((option.temperature, option.top_p, option.top_k), []).append(row)
    return {tuple(rows): options[rows[0]] for rows in groups.values()}


def _probabilities(logits: torch.Tensor, options: SamplingOptions) -> torch.Tensor:
    warpers = LogitsProcessorList([TemperatureLogitsWarper(float(options.temperature))])
    if options.top_k:
        warpers.append(TopKLogitsWarper(options.top_k))
    if options.top_p < 1:
        warpers.append(TopPLogitsWarper(options.top_p))
    return warpers(torch.LongTensor(), logits).softmax(dim=-1)
