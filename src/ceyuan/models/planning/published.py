"""Training runs whose accelerator hours were published, to hold the estimate against."""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.compute.accelerators import ACCELERATORS, Precision
from ceyuan.models.planning.arithmetic import training_flops
from ceyuan.models.planning.efficiency import expected_efficiency
from ceyuan.models.planning.shape import ModelShape


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """A run: what was trained on how many tokens, on what, and the accelerator hours that its makers state."""

    name: str
    shape: ModelShape
    tokens: float
    sequence: int
    accelerator: str
    precision: Precision
    hours: float
    source: str


def estimated_hours(run: PublishedRun) -> float:
    """Our accelerator hours for the run, from its shape, tokens and chip alone."""
    fact = ACCELERATORS[run.accelerator]
    share = expected_efficiency(fact, run.precision, sparse=run.shape.is_sparse).share
    return training_flops(run.shape, run.tokens, run.sequence) / (fact.half_tflops * 1e12 * share * 3600)


def _llama(parameters: float, layers: int, hidden: int, ffn: int, kv: int = 0, vocabulary: int = 32_000) -> ModelShape:
    heads = hidden // 128
    return ModelShape(parameters, layers, hidden, heads, kv or heads, ffn, vocabulary)


_LLAMA1, _LLAMA2 = "arXiv 2302.13971, table 15", "arXiv 2307.09288, table 2"
_LLAMA31, _DEEPSEEK = "model card of Llama 3.1", "arXiv 2405.04434, section 3.2.3"

PUBLISHED: tuple[PublishedRun, ...] = (
    PublishedRun("LLaMA 7B", _llama(6.7e9, 32, 4096, 11008), 1.0e12, 2048, "a100", "bf16", 82_432, _LLAMA1),
    PublishedRun("LLaMA 13B", _llama(13.0e9, 40, 5120, 13824), 1.0e12, 2048, "a100", "bf16", 135_168, _LLAMA1),
    PublishedRun("LLaMA 33B", _llama(32.5e9, 60, 6656, 17920), 1.4e12, 2048, "a100", "bf16", 530_432, _LLAMA1),
    PublishedRun("LLaMA 65B", _llama(65.2e9, 80, 8192, 22016), 1.4e12, 2048, "a100", "bf16", 1_022_362, _LLAMA1),
    PublishedRun("Llama 2 7B", _llama(6.7e9, 32, 4096, 11008), 2.0e12, 4096, "a100", "bf16", 184_320, _LLAMA2),
    PublishedRun("Llama 2 13B", _llama(13.0e9, 40, 5120, 13824), 2.0e12, 4096, "a100", "bf16", 368_640, _LLAMA2),
    PublishedRun("Llama 2 34B", _llama(33.7e9, 48, 8192, 22016, 8), 2.0e12, 4096, "a100", "bf16", 1_038_336, _LLAMA2),
    PublishedRun("Llama 2 70B", _llama(69.0e9, 80, 8192, 28672, 8), 2.0e12, 4096, "a100", "bf16", 1_720_320, _LLAMA2),
    PublishedRun(
        "BLOOM 176B",
        ModelShape(176.2e9, 70, 14336, 112, 112, 57344, 250_880, gated=False),
        366e9,
        2048,
        "a100",
        "bf16",
        1_082_990,
        "arXiv 2211.02001, section 4",
    ),
    PublishedRun(
        "TinyLlama 1.1B",
        ModelShape(1.1e9, 22, 2048, 32, 4, 5632, 32_000),
        300e9,
        2048,
        "a100_40g",
        "bf16",
        3_456,
        "arXiv 2401.02385, section 2.3",
    ),
    PublishedRun(
        "Llama 3.1 8B", _llama(8.03e9, 32, 4096, 14336, 8, 128_256), 15e12, 8192, "h100", "bf16", 1_460_000, _LLAMA31
    ),
    PublishedRun(
        "Llama 3.1 70B", _llama(70.6e9, 80, 8192, 28672, 8, 128_256), 15e12, 8192, "h100", "bf16", 7_000_000, _LLAMA31
    ),
    PublishedRun(
        "Llama 3.1 405B",
        _llama(405.9e9, 126, 16384, 53248, 8, 128_256),
        15.6e12,
        8192,
        "h100",
        "bf16",
        30_840_000,
        f"{_LLAMA31}; tokens: arXiv 2407.21783",
    ),
    PublishedRun(
        "DeepSeek 67B",
        ModelShape(67e9, 95, 8192, 64, 8, 22016, 102_400),
        2.0e12,
        4096,
        "h800",
        "bf16",
        2 * 300_600,
        _DEEPSEEK,
    ),
    PublishedRun(
        "DeepSeek-V2",
        ModelShape(
            236e9, 60, 5120, 128, 128, 1536, 102_400, active=21e9, experts=160, experts_active=8, attention_width=20480
        ),
        8.1e12,
        4096,
        "h800",
        "bf16",
        8.1 * 172_800,
        _DEEPSEEK,
    ),
    PublishedRun(
        "DeepSeek-V3",
        ModelShape(
            671e9, 61, 7168, 128, 128, 2048, 129_280, active=37e9, experts=256, experts_active=9, attention_width=20480
        ),
        14.8e12,
        4096,
        "h800",
        "fp8",
        2_664_000,
        "arXiv 2412.19437, table 1 (pre-training)",
    ),
)
"""Published runs, oldest first within a family."""
