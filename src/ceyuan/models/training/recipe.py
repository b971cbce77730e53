"""The recipe: everything that decides the weights, and nothing else.

Two runs with one recipe, one corpus and one machine type end in the same bytes. What does not
change the weights (folders, names on the card, how often progress is shown) is not here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .faults import RecipeFault

__all__ = ["Precision", "Recipe", "Shape"]

Precision = Literal["auto", "float32", "bfloat16"]

# name: (lowest, highest), both allowed.
SHAPE_BOUNDS: dict[str, tuple[float, float]] = {
    "vocabulary": (320, 65_536),
    "width": (16, 4_096),
    "layers": (1, 64),
    "heads": (1, 64),
    "kv_heads": (1, 64),
    "feed_forward": (16, 16_384),
    "context": (16, 8_192),
    "rope_theta": (100.0, 1e7),
    "norm_epsilon": (1e-8, 1e-3),
}
RECIPE_BOUNDS: dict[str, tuple[float, float]] = {
    "steps": (1, 10_000_000),
    "batch": (1, 4_096),
    "learning_rate": (1e-6, 1.0),
    "final_rate": (0.0, 1.0),
    "warmup": (0, 100_000),
    "weight_decay": (0.0, 1.0),
    "beta1": (0.0, 0.9999),
    "beta2": (0.0, 0.99999),
    "clip": (0.01, 100.0),
    "seed": (0, 2**63 - 1),
    "threads": (1, 256),
    "tokeniser_megabytes": (0.001, 1_024.0),
    "corpus_megabytes": (0.001, 65_536.0),
    "checkpoint_every": (1, 1_000_000),
    "evaluate_every": (1, 1_000_000),
    "evaluate_windows": (1, 65_536),
    "heldout_documents": (2, 1_000_000),
}


@dataclass(frozen=True)
class Shape:
    """A decoder of the Llama family: RMSNorm, rotary positions, SwiGLU, grouped queries.

    Source: Touvron et al. 2023, arXiv:2302.13971; grouped queries: Ainslie et al. 2023,
    arXiv:2305.13245. Input and output embeddings are one matrix.
    """

    vocabulary: int = 4_096
    width: int = 192
    layers: int = 4
    heads: int = 6
    kv_heads: int = 2
    feed_forward: int = 512
    context: int = 256
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        _check_bounds(self, SHAPE_BOUNDS)
        if self.width % self.heads or (self.width // self.heads) % 2:
            raise RecipeFault(
                "width 必须能被 heads 整除，且每个头的宽度为偶数。",
                "width must divide by heads, and each head must have an even width.",
            )
        if self.heads % self.kv_heads:
            raise RecipeFault("heads 必须能被 kv_heads 整除。", "heads must divide by kv_heads.")

    @property
    def head_width(self) -> int:
        """Numbers in one head."""
        return self.width // self.heads

    @property
    def parameters(self) -> int:
        """Trained numbers in all, the shared embedding counted once."""
        attention = self.width * self.head_width * (2 * self.heads + 2 * self.kv_heads)
        layer = attention + 3 * self.width * self.feed_forward + 2 * self.width
        return self.vocabulary * self.width + self.layers * layer + self.width

    def flops_per_token(self) -> float:
        """Floating-point operations to train on one token, forward and backward.

        Six per matrix parameter, plus causal attention at full context (Kaplan et al. 2020,
        arXiv:2001.08361, section 2.1; the causal half of the score matrix is counted).
        """
        norms = self.width * (2 * self.layers + 1)
        attention = 6 * self.layers * self.width * self.context
        return 6.0 * (self.parameters - norms) + attention


@dataclass(frozen=True)
class Recipe:
    """How a small language model is trained from scratch.

    `precision` is what matrix products run in; weights, optimiser and losses stay in float32.
    "auto" takes bfloat16 where the processor multiplies it in hardware (AVX-512 BF16, AMX) and
    float32 elsewhere; the choice is stored with the run, so that a resumed run keeps it.
    `tokeniser_megabytes` and `corpus_megabytes` bound, in UTF-8 bytes, the seeded sample of
    training documents that the tokeniser and the model see.
    """

    shape: Shape = field(default_factory=Shape)
    steps: int = 600
    batch: int = 8
    learning_rate: float = 3e-3
    final_rate: float = 0.05
    warmup: int = 50
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    clip: float = 1.0
    seed: int = 20_260_101
    threads: int = 2
    precision: Precision = "auto"
    tokeniser_megabytes: float = 4.0
    corpus_megabytes: float = 64.0
    checkpoint_every: int = 50
    evaluate_every: int = 50
    evaluate_windows: int = 32
    heldout_documents: int = 800

    def __post_init__(self) -> None:
        _check_bounds(self, RECIPE_BOUNDS)
        if self.precision not in get_args(Precision):
            raise RecipeFault(
                f"precision 应为 {'、'.join(get_args(Precision))} 之一。",
                f"precision must be one of {', '.join(get_args(Precision))}.",
            )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Recipe:
        """The default recipe with `values` laid over it; `shape` is a mapping of its own.

        Raises:
            RecipeFault: an unknown name, a wrong type, a value outside its range.
        """
        chosen = dict(values)
        shape = chosen.pop("shape", {})
        if not isinstance(shape, Mapping):
            raise RecipeFault("shape 必须是一组键值。", "shape must be a mapping.")
        _check_names(cls, chosen)
        _check_names(Shape, shape)
        return cls(shape=Shape(**shape), **chosen)

    def to_mapping(self) -> dict[str, Any]:
        """Plain JSON values; `from_mapping` gives the same recipe back."""
        return dataclasses.asdict(self)

    @property
    def tokens_per_step(self) -> int:
        """Tokens that one optimiser step learns from."""
        return self.batch * self.shape.context


def _check_names(kind: type[Recipe] | type[Shape], values: Mapping[str, Any]) -> None:
    known = {item.name for item in dataclasses.fields(kind)} - {"shape"}
    unknown = sorted(set(values) - known)
    if unknown:
        raise RecipeFault(
            f"配方中没有这些设置：{'、'.join(unknown)}。",
            f"The recipe has no such settings: {', '.join(unknown)}.",
        )


def _check_bounds(value: Recipe | Shape, bounds: Mapping[str, tuple[float, float]]) -> None:
    for item in dataclasses.fields(value):
        if item.name not in bounds:
            continue
        number = getattr(value, item.name)
        kinds = (int,) if item.type == "int" else (int, float)
        low, high = bounds[item.name]
        if isinstance(number, bool) or not isinstance(number, kinds) or not low <= number <= high:
            raise RecipeFault(
                f"{item.name} 应在 {low:g} 与 {high:g} 之间，收到 {number!r}。",
                f"{item.name} must lie between {low:g} and {high:g}; got {number!r}.",
            )
