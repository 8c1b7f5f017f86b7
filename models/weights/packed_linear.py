"""Linear layers whose weights are laid out once for oneDNN's matrix products: on a CPU the largest single gain."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn


class PackedLinear(nn.Module):
    """A linear layer for inference on a CPU, in float32.

    torch's own layer hands plain weights to the matrix product at every call; this one keeps them in the blocks that
    the product works on (the operators that torch.compile uses when it freezes a model).

    Args:
        linear: the layer to replace; its weight is not kept.
    """

    weight: torch.Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.register_buffer("weight", torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach()), persistent=False)
        self.bias = None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return `states @ weight.T + bias`."""
        return torch.ops.mkldnn._linear_pointwise(states, self.weight, self.bias, "none", [], "")


def can_pack(model: nn.Module) -> bool:
    """Whether the model's layers can be packed: float32 on a CPU, with oneDNN, not quantized."""
    return (
        torch.backends.mkldnn.is_available()
        and getattr(model, "hf_quantizer", None) is None
        and all(parameter.device.type == "cpu" and parameter.dtype == torch.float32 for parameter in model.parameters())
    )


def pack_linears(model: nn.Module, layer: Callable[[nn.Linear], nn.Module] = PackedLinear) -> int:
    """Replace every plain linear layer; the model can generate afterwards, but neither be trained nor saved.

    Args:
        model: on a CPU, in float32.
        layer: makes the layer that stands in for another.

    Returns:
        How many layers were replaced.
    """
    plain = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child) is nn.Linear
    ]
    with torch.no_grad():
        for parent, name, child in plain:
            setattr(parent, name, layer(child))
    return len(plain)
