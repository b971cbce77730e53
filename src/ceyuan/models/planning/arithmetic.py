"""Operations of training and inference."""

from __future__ import annotations

from ceyuan.models.planning.shape import ModelShape


def training_flops_per_token(shape: ModelShape, sequence: int) -> float:
    """Floating-point operations that training needs for one token, forward and backward, without recomputation.

    6 per active weight (Kaplan et al., arXiv 2001.08361, section 2.1) and 12·L·w·s for the attention scores
    (Chowdhery et al., arXiv 2204.02311, appendix B), halved because a causal mask leaves out the upper triangle
    (Dao, arXiv 2307.08691, section 4.1).
    """
    return 6 * shape.active_parameters + 6 * shape.layers * shape.width * sequence


def training_flops(shape: ModelShape, tokens: float, sequence: int) -> float:
    """Operations for the whole run."""
    return training_flops_per_token(shape, sequence) * tokens


def recomputation_factor(recompute: bool) -> float:
    """How much longer a step is if activations are made a second time: one more forward pass, a third of the work
    (Korthikanti et al., arXiv 2205.05198, section 5)."""
    return 4 / 3 if recompute else 1.0
