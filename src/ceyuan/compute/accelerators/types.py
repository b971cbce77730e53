"""What is known of an accelerator, and the words for it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Precision = Literal["fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "int8")
Kind = Literal["datasheet", "paper", "secondary", "none"]
"""Where the figures come from: the maker's data sheet, a paper of its engineers, texts of others, nowhere (CPU)."""

VENDORS: dict[str, tuple[str, str]] = {
    "nvidia": ("英伟达", "NVIDIA"),
    "ascend": ("华为昇腾", "Huawei Ascend"),
    "cambricon": ("寒武纪", "Cambricon"),
    "hygon": ("海光", "Hygon"),
    "kunlunxin": ("昆仑芯", "Kunlunxin"),
    "moorethreads": ("摩尔线程", "Moore Threads"),
    "iluvatar": ("天数智芯", "Iluvatar CoreX"),
    "metax": ("沐曦", "MetaX"),
    "amd": ("AMD", "AMD"),
    "cpu": ("通用处理器", "CPU"),
}

STANDARD_CARD_TFLOPS = 312.0
"""Dense BF16/FP16 peak that makes one standard card: that of the A100. One hour of it is a standard card hour."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One model: `peak` in dense TFLOPS (TOPS for int8) by precision, memory in GiB, bandwidths in GB/s, watts."""

    name: str
    vendor: str
    label: str
    peak: Mapping[Precision, float]
    memory_gib: float
    memory_gb_s: float
    link: str
    link_gb_s: float
    watts: float
    source: str
    kind: Kind
    exchange: str

    @property
    def half_tflops(self) -> float:
        """Dense peak at 16 bits, the better of BF16 and FP16; 0 where none is known."""
        return max(self.peak.get("bf16", 0.0), self.peak.get("fp16", 0.0))

    @property
    def standard_cards(self) -> float:
        """How many standard cards it counts as. For bills only: it says nothing of the speed of any one workload."""
        return round(self.half_tflops / STANDARD_CARD_TFLOPS, 4)

    def tflops(self, precision: Precision) -> float:
        """Dense peak at the precision; falls back to FP16 for BF16 and to 16 bits for FP8 where it has none."""
        if precision in self.peak:
            return self.peak[precision]
        if precision in ("bf16", "fp16", "fp8"):
            return self.half_tflops
        return 0.0


class UnknownAccelerator(Exception):
    """No accelerator of this name is known; `near` are names that look like it."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.near = difflib.get_close_matches(name.strip().lower(), known, n=3, cutoff=0.4)
        super().__init__(f"unknown accelerator {name!r}" + (f"; near: {', '.join(self.near)}" if self.near else ""))
