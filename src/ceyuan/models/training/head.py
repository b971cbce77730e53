"""Output layer and cross-entropy in one, without ever holding all logits.

Logits of one step are larger than model and optimiser together. Worked in stretches that stay in
cache, forward and gradient at once, they never travel to memory, and one product less is needed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["linear_cross_entropy"]

ROWS = 512
# The smallest normal float32: a chance below it counts as this, 87 nats.
SMALLEST = torch.finfo(torch.float32).tiny


def linear_cross_entropy(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of `hidden @ weight.T` against `targets`, in nats.

    Args:
        hidden: (tokens, width).
        weight: (vocabulary, width).
        targets: int64 (tokens,).

    Returns:
        A float32 scalar with gradients to `hidden` and `weight`.
    """
    loss: Tensor = _LinearCrossEntropy.apply(hidden, weight, targets)
    return loss


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        narrow = weight.to(_product_type())
        hidden_gradient = torch.empty_like(hidden)
        weight_gradient = torch.zeros_like(weight)
        total = torch.zeros((), dtype=torch.float64)
        for start in range(0, len(hidden), ROWS):
            rows = slice(start, start + ROWS)
            part = hidden[rows].to(narrow.dtype)
            slope = torch.softmax(part @ narrow.T, dim=1, dtype=torch.float32)
            chosen = targets[rows].unsqueeze(1)
            chances = slope.gather(1, chosen)
            total -= chances.clamp_min(SMALLEST).log().sum(dtype=torch.float64)
            slope.scatter_(1, chosen, chances - 1)
            narrow_slope = slope.to(narrow.dtype)
            hidden_gradient[rows] = narrow_slope @ narrow
            weight_gradient += narrow_slope.T @ part
        ctx.save_for_backward(hidden_gradient, weight_gradient)
        ctx.tokens = len(hidden)
        return (total / len(hidden)).float()

    @staticmethod
    def backward(ctx: Any, *outputs: Any) -> tuple[Tensor, Tensor, None]:
        (slope,) = outputs
        hidden_gradient, weight_gradient = ctx.saved_tensors
        scale = slope / ctx.tokens
        return hidden_gradient * scale, weight_gradient * scale, None


def _product_type() -> torch.dtype:
    if torch.is_autocast_enabled("cpu"):
        return torch.get_autocast_dtype("cpu")
    return torch.float32
