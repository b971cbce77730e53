"""Which share of its peak an accelerator reaches in training."""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.compute.accelerators import Accelerator, Precision

_AMPERE = frozenset({"a100", "a100_40g", "a800", "v100"})
_HOPPER = frozenset({"h100", "h800", "h200"})

SPARSE_FACTOR = 0.65
"""Sparse models against dense ones on the same chip: DeepSeek-V2 and V3 against DeepSeek 67B (arXiv 2405.04434,
2412.19437; GPU-hours per 10^12 tokens)."""
FP8_GAIN = 1.28
"""FP8 against BF16, whole steps: torchtitan's Llama 3 8B on H100, 8,532 against 6,667 tokens/s (its benchmarks of
December 2024)."""
SPREAD = 1.6
"""All but one of the published runs lie within this factor of the estimate (docs/guide/planning.md)."""


@dataclass(frozen=True, slots=True)
class Efficiency:
    """The expected share of the 16-bit peak, and why."""

    share: float
    reason_zh: str
    reason_en: str


def expected_efficiency(fact: Accelerator, precision: Precision, *, sparse: bool) -> Efficiency:
    """The share of the dense 16-bit peak that large training runs reach; above 16-bit shares with FP8 are possible.

    Calibrated on the published runs in `published.py`: the geometric mean of dense runs on A100 and on Hopper.
    """
    if fact.name in _AMPERE:
        share, zh, en = 0.43, "A100 上公开训练的几何平均", "geometric mean of published dense runs on A100"
    elif fact.name in _HOPPER:
        share, zh, en = (
            0.33,
            "H100/H800 上公开训练的几何平均",
            "geometric mean of published dense runs on H100 and H800",
        )
    elif fact.vendor == "ascend":
        share, zh, en = 0.35, "保守取值(厂商论文称超过 50%)", "taken lower than the 50 % of arXiv 2504.07866"
    else:
        share, zh, en = 0.30, "假设值,请以实测为准", "assumed; measure it"
    if sparse:
        share, zh, en = share * SPARSE_FACTOR, zh + ",稀疏模型折减", en + ", reduced for a sparse model"
    if precision == "fp8" and "fp8" in fact.peak:
        share, zh, en = share * FP8_GAIN, zh + ",FP8 提升", en + ", raised for FP8"
    return Efficiency(share, zh, en)
