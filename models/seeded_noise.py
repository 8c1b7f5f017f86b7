"""Per-call seeds for continuous batching: sampling as a maximum over scores plus noise that only the call's seed decides."""

from __future__ import annotations

import random
from typing import Any

import torch
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessor


class Draws:
    """The call's own sequence of numbers, one for each token; without a seed, torch's default generator gives one."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed if seed is not None else int(torch.randint(2**62, (1,))))

    def __next__(self) -> int:
        return self._random.getrandbits(31) | 1


class SeededGumbelNoise(ContinuousBatchingLogitsProcessor):
    """Adds Gumbel noise to the scores of sampled calls; the largest is then a draw from their softmax (Gumbel, 1954)."""

    def __init__(self) -> None:
        self.supported_kwargs = {"draws": Draws}
        self.ignored_kwargs = ()

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        """Set no noise."""
        int32_tensor.fill_(0)

    def prepare_tensor_args(self, requests_with_new_token: list[Any]) -> torch.Tensor:
        """Return the next number of each call, 0 for a greedy one."""
        draws = [request.state.logit_processor_kwargs.get("draws") for request in requests_with_new_token]
        return torch.tensor([0 if draw is None else next(draw) for draw in draws], dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        """Return scores of shape (tokens, vocabulary) with noise."""
        numbers = tensor_arg[: scores.shape[0]].long()[:, None]
        noise = -torch.log(-torch.log(_uniform(numbers, scores.shape[1])))
        return torch.where(numbers == 0, scores, scores + noise.to(scores.dtype))


def add_seeded_noise(manager: Any) -> None:
    """Make a manager that has not started choose by noisy scores instead of drawing from a generator that all share."""
    manager.generation_config.do_sample = False
    processors = manager.logit_processor
    noise = SeededGumbelNoise()
    processors.logits_processor.append(noise)
    processors.tensors_required += 1
    processors.supported_keys.update(noise.supported_kwargs)


def _uniform(numbers: torch.Tensor, size: int) -> torch.Tensor:
    """Hash each number with each token id into (0, 1): the same on every device and in every batch."""
    mixed = torch.arange(1, size + 1, device=numbers.device)[None] * 0x9E3779B1 ^ numbers * 0x85EBCA6B
    for factor in (0x2C1B3C6D, 0x297A2D39):
        mixed = ((mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 15)) * factor
    mixed = (mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 15)
    return (mixed.double() + 0.5) / 2**32
