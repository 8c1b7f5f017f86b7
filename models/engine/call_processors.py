"""Logits processors for transformers' continuous batching: a seed or a form for single calls. The door is `add_processors`."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import torch
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessor

from .requests import Generation

SEED, FORM = "seed", "form"
"""Names of the options of a request, and of the abilities of an engine that has the processor for them."""


class SeededGumbelNoise(ContinuousBatchingLogitsProcessor):
    """Add Gumbel noise to the scores of sampled calls; their argmax is then a sample from the softmax (Gumbel, 1954)."""

    def __init__(self) -> None:
        self.supported_kwargs = {SEED: int}
        self.ignored_kwargs = ()

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        """Set the default: no noise."""
        int32_tensor.fill_(0)

    def prepare_tensor_args(self, requests_with_new_token: list[Any]) -> torch.Tensor:
        """Return a random number for each call, 0 for a greedy one; shape (calls,), int32.

        It depends on the seed and the token's position only, so it stays the same when the library repeats or discards a step
        because its cache is full.
        """
        states = [request.state for request in requests_with_new_token]
        seeds = [state.logit_processor_kwargs.get(SEED) for state in states]
        numbers = [0 if seed is None else _mix(seed, state.position_offset) for seed, state in zip(seeds, states, strict=True)]
        return torch.tensor(numbers, dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        """Return the scores with noise, shape (calls, vocabulary)."""
        # the argument is as long as the largest batch
        numbers = tensor_arg[: scores.shape[0]].long()[:, None]
        noise = -torch.log(-torch.log(_uniform(numbers, scores.shape[1])))
        return torch.where(numbers == 0, scores, scores + noise.to(scores.dtype))


class FormMask(ContinuousBatchingLogitsProcessor):
    """Forbid the tokens that would violate the form of a call."""

    def __init__(self) -> None:
        self.supported_kwargs = {FORM: Generation}
        self.ignored_kwargs = ()
        self._forms: list[tuple[Generation, list[int]] | None] = []

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        """Set the default: no form."""
        int32_tensor.fill_(0)

    def prepare_tensor_args(self, requests_with_new_token: list[Any]) -> torch.Tensor:
        """Note the text of each call so far, for the scores of this step. Returns zeros, because the library wants a tensor."""
        self._forms = []
        for request in requests_with_new_token:
            state = request.state
            generation = state.logit_processor_kwargs.get(FORM)
            # when the cache is full, the library restarts a call with its text so far as part of the initial tokens
            text = [*state.initial_tokens, *state.generated_tokens]
            self._forms.append((generation, text[len(generation.prompt) :]) if generation else None)
        return torch.zeros(len(requests_with_new_token), dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        """Return the scores, shape (calls, vocabulary), with minus infinity for tokens that may not come next."""
        for row, entry in enumerate(self._forms[: scores.shape[0]]):
            if entry is not None:
                generation, text = entry
                assert generation.form is not None
                forbidden = torch.from_numpy(generation.form.forbidden(text, scores.shape[1]))
                scores[row, forbidden.to(scores.device)] = -torch.inf
        return scores


def add_processors(manager: Any, abilities: frozenset[str]) -> None:
    """Add the processors for some abilities to a manager that has not started.

    Sampling becomes an argmax over noisy scores, because the library's own sampling draws from one generator that all calls
    share, so a seed would not reproduce a reply.
    """
    processors = manager.logit_processor
    first, last = [FormMask()] if FORM in abilities else [], [SeededGumbelNoise()] if SEED in abilities else []
    manager.generation_config.do_sample = False
    # the mask before top_k and top_p, which must choose among allowed tokens; the noise after temperature and all others
    processors.logits_processor[:0] = first
    processors.logits_processor.extend(last)
    # what the library counted when it built its list
    for processor in (*first, *last):
        processors.tensors_required += 1
        processors.supported_keys.update(processor.supported_kwargs)
    processors.do_processing = len(processors.logits_processor) > 0


def _mix(seed: int, place: int) -> int:
    """Hash to an odd number of 31 bits: it fits into int32 and is never the 0 of a greedy call."""
    return int.from_bytes(blake2b(f"{seed} {place}".encode(), digest_size=4).digest()) >> 1 | 1


def _uniform(numbers: torch.Tensor, size: int) -> torch.Tensor:
    """Hash each number with each token id into (0, 1), shape (numbers, size); equal on every device and in every batch.

    The values are midpoints of 2**23 intervals. These are exact in float32; not every accelerator has float64.
    """
    mixed = torch.arange(1, size + 1, device=numbers.device)[None] * 0x9E3779B1 ^ numbers * 0x85EBCA6B
    for factor in (0x2C1B3C6D, 0x297A2D39):
        mixed = ((mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 15)) * factor
    mixed = (mixed & 0xFFFFFFFF) ^ ((mixed & 0xFFFFFFFF) >> 15)
    return ((mixed >> 9).float() + 0.5) / 2**23
