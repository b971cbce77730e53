"""What is asked of a plan, and on which machines."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ceyuan.compute.accelerators import Accelerator, Precision
from ceyuan.models.planning.faults import GoalInvalid
from ceyuan.models.planning.shape import ModelShape

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class TrainingGoal:
    """Train `shape` on `tokens` tokens in sequences of `sequence` within `deadline_hours`.

    `batch_tokens` is the global batch (0: chosen by size), `most_accelerators` a limit (0: none).
    """

    shape: ModelShape
    tokens: float
    deadline_hours: float
    precision: Precision = "bf16"
    sequence: int = 4096
    batch_tokens: float = 0.0
    most_accelerators: int = 0
    kept_checkpoints: int = 3

    def __post_init__(self) -> None:
        self._range("tokens", self.tokens, 1e6, 1e16, "训练词元数", "tokens")
        self._range("deadline_hours", self.deadline_hours, 0.01, 24 * 365 * 10, "期限(小时)", "hours to the deadline")
        self._range("sequence", self.sequence, 128, 10_000_000, "序列长度", "the sequence length")
        self._range(
            "most_accelerators", self.most_accelerators, 0, 1_000_000, "加速卡上限", "the limit of accelerators"
        )
        self._range("kept_checkpoints", self.kept_checkpoints, 1, 1000, "保留检查点数", "the kept checkpoints")
        if self.precision not in ("fp32", "tf32", "bf16", "fp16", "fp8"):
            raise GoalInvalid(
                "precision",
                f"不支持以 {self.precision} 训练",
                f"training in {self.precision} is not planned",
                choices=["bf16", "fp16", "fp8", "tf32", "fp32"],
            )
        if self.batch_tokens and not self.sequence <= self.batch_tokens <= self.tokens:
            raise GoalInvalid(
                "batch_tokens",
                "全局批次应在一个序列与全部词元之间",
                "the global batch must be between one sequence and all tokens",
                least=self.sequence,
                most=self.tokens,
            )

    def _range(self, field: str, value: float, least: float, most: float, zh: str, en: str) -> None:
        if not math.isfinite(value) or not least <= value <= most:
            raise GoalInvalid(
                field,
                f"{zh}应在 {least:g} 与 {most:g} 之间",
                f"{en} must be between {least:g} and {most:g}",
                least=least,
                most=most,
            )

    @property
    def batch_sequences(self) -> int:
        """Sequences in a global batch. By default 0.5 to 16 million tokens, growing with the compute of the run:
        published batches are 4 M tokens at 7-65 B parameters (arXiv 2302.13971), 16 M at 405 B (arXiv 2407.21783)."""
        if self.batch_tokens:
            wanted = self.batch_tokens
        else:
            grown = 4e6 * (self.shape.active_parameters * self.tokens / 1.3e22) ** 0.2
            wanted = min(16e6, max(0.5e6, grown), self.tokens / 100)
        return max(1, round(wanted / self.sequence))


@dataclass(frozen=True, slots=True)
class Node:
    """A machine with equal accelerators. `network_gbps` is the whole node's, `memory_gib` one accelerator's."""

    fact: Accelerator
    per_node: int = 8
    memory_gib: float = 0.0
    network_gbps: float = 400.0

    @property
    def memory(self) -> float:
        return self.memory_gib or self.fact.memory_gib

    @property
    def link_bytes_s(self) -> float:
        """Bytes per second in one direction between accelerators of a node (sheets print both directions)."""
        return self.fact.link_gb_s * 1e9 / 2

    @property
    def network_bytes_s(self) -> float:
        """Bytes per second in one direction for one accelerator across nodes."""
        return self.network_gbps * 1e9 / 8 / self.per_node
