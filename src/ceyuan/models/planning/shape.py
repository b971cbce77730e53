"""The shape of a transformer as far as cost depends on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ceyuan.models.planning.faults import GoalInvalid


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A decoder-only transformer.

    `parameters` counts all weights, `active` those that one token passes through (equal for a dense model). `ffn` is
    the inner width of one feed-forward block or expert, `experts_active` how many of `experts` a token visits (with
    the shared ones). `attention_width` is heads times head size where that is not `hidden`.
    """

    parameters: float
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    ffn: int
    vocabulary: int
    active: float = 0.0
    gated: bool = True
    experts: int = 1
    experts_active: int = 1
    attention_width: int = 0

    @property
    def is_sparse(self) -> bool:
        return self.experts > 1

    @property
    def active_parameters(self) -> float:
        return self.active or self.parameters

    @property
    def width(self) -> int:
        """Width of the attention: heads times head size."""
        return self.attention_width or self.hidden

    @property
    def expert_parameters(self) -> float:
        """Weights that lie in experts and can be spread over an expert-parallel group."""
        if not self.is_sparse:
            return 0.0
        spread = (self.parameters - self.active_parameters) / (1 - self.experts_active / self.experts)
        return min(self.parameters, spread)


_SIZES = ((1e8, 12, 768), (1e9, 22, 2048), (7e9, 32, 4096), (1.3e10, 40, 5120), (3.3e10, 60, 6656))
_LARGE = ((7e10, 80, 8192), (1.8e11, 96, 12288), (4e11, 126, 16384), (1e12, 128, 25600))


def infer_shape(parameters: float, *, active: float | None = None, vocabulary: int = 128_000) -> ModelShape:
    """A shape of the usual proportions for a dense model of this size, or a sparse one with `active` weights.

    Layers and width follow published models of the nearest size (the LLaMA family, arXiv 2302.13971 and 2407.21783);
    the inner width is then set so that the count of weights is met. Raises `GoalInvalid`.
    """
    if not 1e6 <= parameters <= 1e14:
        raise GoalInvalid(
            "parameters", "参数量应在 100 万到 100 万亿之间", "between 10^6 and 10^14 parameters are planned"
        )
    used = parameters if active is None else active
    if not 1e6 <= used <= parameters:
        raise GoalInvalid("active", "激活参数量应不大于总参数量", "the active weights must be at most all of them")
    _, layers, hidden = min((*_SIZES, *_LARGE), key=lambda row: abs(math.log(row[0] / used)))
    scale = math.sqrt(used / (12 * layers * hidden**2))
    grain = 1024 if used >= 5e9 else 512 if used >= 5e8 else 128
    hidden = max(grain, round(hidden * min(1.6, max(0.6, scale)) / grain) * grain)
    heads = max(1, hidden // 128)
    body = max(used - 2 * vocabulary * hidden, used * 0.3)
    ffn = max(hidden, round((body / layers - 2.5 * hidden**2) / (3 * hidden) / 128) * 128)
    shape = ModelShape(parameters, layers, hidden, heads, min(8, heads), ffn, vocabulary, active=active or 0.0)
    if active is None or active == parameters:
        return replace(shape, active=0.0)
    visited = 8
    experts = max(2 * visited, round(visited * (parameters - 0.3 * active) / (0.7 * active) / 16) * 16)
    return replace(shape, ffn=max(128, ffn // visited), experts=experts, experts_active=visited)
