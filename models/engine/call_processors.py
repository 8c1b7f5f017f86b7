"""What a single call asks of transformers' continuous batching: a seed of its own, or a form that its text must keep."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import torch
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessor

from .requests import Generation

SEED, FORM = "seed", "form"
"""Names of the options of a request, and of the abilities of an engine that reads them."""


class SeededGumbelNoise(ContinuousBatchingLogitsProcessor):
    """Adds Gumbel noise to the scores of sampled calls; the largest is then a draw from their softmax (Gumbel, 1954)."""

    def __init__(self) -> None:
        self.supported_kwargs = {SEED: int}
        self.ignored_kwargs = ()

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        """Set no noise."""
        int32_tensor.fill_(0)

    def prepare_tensor_args(self, requests_with_new_token: list[Any]) -> torch.Tensor:
        """Return a number for each call, 0 for a greedy one.

        It follows from the seed and the place of the token in the text, so that it is the same when a step is repeated
        or thrown away: the library does that when its cache is full.
        """
        states = [request.state for request in requests_with_new_token]
        seeds = [state.logit_processor_kwargs.get(SEED) for state in states]
        numbers = [0 if seed is None else _mix(seed, state.position_offset) for seed, state in zip(seeds, states, strict=True)]
        return torch.tensor(numbers, dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        """Return scores of shape (tokens, vocabulary) with noise."""
        numbers = tensor_arg[: scores.shape[0]].long()[:, None]
        noise = -torch.log(-torch.log(_uniform(numbers, scores.shape[1])))
        return torch.where(numbers == 0, scores, scores + noise.to(scores.dtype))


class FormMask(ContinuousBatchingLogitsProcessor):
    """Forbids the tokens that would break the form of a call."""

    def __init__(self) -> None:
        self.supported_kwargs = {FORM: Generation}
        self.ignored_kwargs = ()
        self._forms: list[tuple[Generation, list[int]] | None] = []

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        """Force no form."""
        int32_tensor.fill_(0)

    def prepare_tensor_args(self, requests_with_new_token: list[Any]) -> torch.Tensor:
        """Note each call's text so far, for the scores that the model computes next; the library has no use for a number."""
        self._forms = []
        for request in requests_with_new_token:
            state = request.state
            generation = state.logit_processor_kwargs.get(FORM)
            # A call that the library has put back because its cache was full has its text among the initial tokens.
            text = [*state.initial_tokens, *state.generated_tokens]
            self._forms.append((generation, text[len(generation.prompt) :]) if generation else None)
        return torch.zeros(len(requests_with_new_token), dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        """Return scores of shape (tokens, vocabulary), minus infinity where a token may not follow."""
        for row, entry in enumerate(self._forms[: scores.shape[0]]):
            if entry is not None:
                generation, text = entry
                assert generation.form is not None
                forbidden = torch.from_numpy(generation.form.forbidden(text, scores.shape[1]))
                scores[row, forbidden.to(scores.device)] = -torch.inf
        return scores


def add_processors(manager: Any, abilities: frozenset[str]) -> None:
    """Give a manager that has not started what the abilities need.

    Sampling becomes a maximum over noisy scores, since the library draws from one generator that all calls share.
    """
    processors = manager.logit_processor
    first, last = [FormMask()] if FORM in abilities else [], [SeededGumbelNoise()] if SEED in abilities else []
    manager.generation_config.do_sample = False
    processors.logits_processor[:0] = first
    processors.logits_processor.extend(last)
    for processor in (*first, *last):
        processors.tensors_required += 1
        processors.supported_keys.update(processor.supported_kwargs)
    processors.do_processing = len(processors.logits_processor) > 0


def _mix(seed: int, place: int) -> int:
    """Hash to an odd number of 31 bits."""
    return int.from_bytes(blake2b(f"{seed} {place}".encode(), digest_size=4).digest()) >> 1 | 1


def _uniform(numbers: torch.Tensor, size: int) -> torch.Tensor:
    """Hash each number with each token id into (0, 1): the same on every device and in every batch.

    23 bits, so that the middles of the intervals are exact in float32: not every accelerator has float64.
    """
    mixed = torch.arange(1, size + 1, device=numbers.device)[None] * 0x9E3779B1 ^ numbers * 0x85EBCA6B
    for factor in (0x2C1B3C6D, 0x297A2D39):
        mixed = ((mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 15)) * factor
    mixed = (mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 15)
    return ((mixed >> 9).float() + 0.5) / 2**23
