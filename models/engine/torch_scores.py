"""How likely the tokens of a text were, by one more look of the model at it."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from .requests import Likelihood


@torch.inference_mode()
def score_tokens(model: PreTrainedModel, prompt: list[int], tokens: list[int], alternatives: int) -> list[Likelihood]:
    """Return the likelihood of each token, with the likeliest in its place.

    Args:
        model: a causal language model.
        prompt: what stands before the text.
        tokens: the text, one token or more.
        alternatives: how many of the likeliest tokens to tell.
    """
    ids = torch.tensor([prompt + tokens], device=model.device)
    logits = model(input_ids=ids, logits_to_keep=len(tokens) + 1, use_cache=False).logits[0, :-1]
    logprobs = logits.float().log_softmax(dim=-1).cpu()
    best = logprobs.topk(alternatives, dim=-1)
    told = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    chosen = logprobs[torch.arange(len(tokens)), torch.tensor(tokens)].tolist()
    return [Likelihood(own, list(zip(*row, strict=True))) for own, row in zip(chosen, told, strict=True)]
