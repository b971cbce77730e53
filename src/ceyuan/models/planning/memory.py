"""What lies in the memory of one accelerator during training, by component."""

from __future__ import annotations

from dataclasses import dataclass

from ceyuan.models.planning.shape import ModelShape

GIB = 2**30
RUNTIME_GIB = 2.0
"""Assumed: driver context, communication buffers, library workspaces."""
FRAGMENTATION = 0.06
"""Assumed: share of all else that the allocator loses."""


@dataclass(frozen=True, slots=True)
class Split:
    """How a model is spread: tensor, pipeline, data, context and expert parallelism, sequences per micro-batch,
    whether activations are recomputed, whether weights and gradients are sharded over the data-parallel group, and
    into how many pieces of consecutive layers each pipeline stage is cut (the interleaved schedule)."""

    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    context: int = 1
    expert: int = 1
    micro_batch: int = 1
    recompute: bool = False
    sharded: bool = False
    interleave: int = 1

    @property
    def group(self) -> int:
        """Accelerators that hold one copy of the model."""
        return self.tensor * self.pipeline * self.context

    @property
    def accelerators(self) -> int:
        return self.group * self.data


@dataclass(frozen=True, slots=True)
class Memory:
    """GiB on the fullest accelerator."""

    weights: float
    gradients: float
    optimiser: float
    activations: float
    logits: float
    overhead: float

    @property
    def total(self) -> float:
        return self.weights + self.gradients + self.optimiser + self.activations + self.logits + self.overhead


def activation_bytes_per_token(shape: ModelShape) -> float:
    """Bytes that the backward pass needs of one token in one layer, at 16 bits, without dropout.

    Counted as Korthikanti et al. do (arXiv 2205.05198, section 4.1): inputs of both norms, of the projections, of
    the attention and of the feed-forward block; scores are not kept (FlashAttention). A gated block keeps three
    inner tensors instead of two. For the classic shape (4h, not gated) this is 32h; with dropout masks it is their 34h.
    """
    grouped = 2 * shape.kv_heads / shape.heads
    attention = 2 * shape.hidden + 2 * shape.width * (1 + grouped) + 2 * shape.width
    inner = (6 if shape.gated else 4) * shape.ffn * shape.experts_active
    return 4 * shape.hidden + attention + 2 * shape.hidden + inner


def training_memory(shape: ModelShape, split: Split, sequence: int, micro_batches: int) -> Memory:
    """Memory on the first or the last pipeline stage, whichever is fuller.

    Mixed precision with Adam as in Megatron-Core's distributed optimiser: 2 bytes for a weight, 4 for its gradient,
    12 for the master copy and two moments, the latter sharded over the data-parallel group (Rajbhandari et al.,
    arXiv 1910.02054: stage 1; all of it with `sharded`: stage 3). The first stage holds the activations of as many
    micro-batches as there are stages (1F1B, Narayanan et al., arXiv 2104.04473, section 2.2), and a share of
    (p-1)/(p·v) more with v pieces a stage (Korthikanti et al., section 4.2.3).
    """
    held = _weights_held(shape, split)
    replicas = split.data * split.context
    shards = replicas if split.sharded else 1
    tokens = split.micro_batch * sequence / split.context
    layers = -(-shape.layers // split.pipeline)
    per_layer = activation_bytes_per_token(shape) * tokens / split.tensor
    in_flight = float(min(split.pipeline, micro_batches))
    if split.interleave > 1:
        in_flight *= 1 + (split.pipeline - 1) / (split.pipeline * split.interleave)
    if split.recompute:
        kept = 2 * shape.hidden * tokens / split.tensor * layers * in_flight + per_layer
    else:
        kept = per_layer * layers * in_flight
    logits = 4 * tokens * shape.vocabulary / split.tensor if split.pipeline == 1 else 0.0
    parts = [2 * held / shards, 4 * held / shards, 12 * held / replicas, kept, logits]
    weights, gradients, optimiser, activations, last = (part / GIB for part in parts)
    overhead = RUNTIME_GIB + FRAGMENTATION * sum(parts) / GIB
    return Memory(weights, gradients, optimiser, activations, last, overhead)


def _weights_held(shape: ModelShape, split: Split) -> float:
    spread = shape.expert_parameters
    dense = shape.parameters - spread
    return (dense / split.tensor + spread / (split.tensor * split.expert)) / split.pipeline


def checkpoint_gib(shape: ModelShape) -> float:
    """A checkpoint from which training goes on: 16-bit weights, master copy, two moments: 14 bytes per weight."""
    return 14 * shape.parameters / GIB


def serving_weights_gib(shape: ModelShape) -> float:
    """The weights alone at 16 bits."""
    return 2 * shape.parameters / GIB
