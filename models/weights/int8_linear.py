"""Linear layers with weights of 8 bits, for CPUs that multiply such numbers: faster than float32, and a little less exact."""

from __future__ import annotations

import torch
from torch import nn

LARGEST = 127
ZERO = 128
"""Where 0 lies among the unsigned numbers that the product takes."""


class Int8Linear(nn.Module):
    """A linear layer for inference on a CPU: weights and states become 8-bit numbers, sums are exact.

    Weights have a scale for each output. States are scaled row by row, so that a row gets the same result alone and
    among others; the product itself (the operator of torch.compile for quantized models) would take one scale for all.

    Args:
        linear: the layer to replace, in float32; its weight is not kept.
    """

    scale: torch.Tensor
    weight: torch.Tensor
    zero: torch.Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        exact = linear.weight.detach()
        scale = _scale(exact)
        packed = torch.ops.onednn.qlinear_prepack((exact / scale).round().to(torch.int8), None)
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("scale", scale.flatten(), persistent=False)
        self.register_buffer("zero", torch.zeros(self.out_features, dtype=torch.int32), persistent=False)
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return about `states @ weight.T + bias`."""
        rows = states.reshape(-1, self.in_features)
        scale = _scale(rows)
        small = (rows / scale).round_().add_(ZERO).to(torch.uint8)
        product = torch.ops.onednn.qlinear_pointwise(
            small, 1.0, ZERO, self.weight, self.scale, self.zero, None, 1.0, 0, torch.float32, "none", [], ""
        ).mul_(scale)
        if self.bias is not None:
            product.add_(self.bias)
        return product.view(*states.shape[:-1], self.out_features)


def sums_are_exact() -> bool:
    """Whether this CPU adds products of 8-bit numbers without overflow: those without VNNI do not."""
    try:
        with torch.inference_mode():
            layer = nn.Linear(64, 16, bias=False)
            layer.weight.fill_(1.0)
            return bool((Int8Linear(layer)(torch.ones(1, 64)) - 64).abs().max() < 0.01)
    except (AttributeError, RuntimeError):
        return False


def _scale(rows: torch.Tensor) -> torch.Tensor:
    """Return what the largest number of each row is divided by, of shape (rows, 1)."""
    return rows.abs().amax(dim=1, keepdim=True).clamp_(min=1e-12).div_(LARGEST)
