"""Ways to spread a model, and what each costs beside the arithmetic: bubbles and communication that nothing hides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from ceyuan.models.planning.arithmetic import recomputation_factor, training_flops_per_token
from ceyuan.models.planning.goals import Node, TrainingGoal
from ceyuan.models.planning.memory import Memory, Split, training_memory
from ceyuan.models.planning.shape import ModelShape

USUAL_LOSS = 0.1
"""Assumed: the share that bubbles and open communication take in the published runs to which the efficiency is set."""
OVERLAP = 0.5
"""Assumed: the share of a step behind which gradient exchange can hide (the backward pass is two thirds of it)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A split with its memory, its step, and how that step divides. Seconds; losses as shares of the step."""

    split: Split
    memory: Memory
    micro_batches: int
    step_s: float
    efficiency: float
    bubble: float
    tensor_share: float
    data_share: float
    expert_share: float
    data_bytes: float


def _powers(most: int) -> Iterator[int]:
    value = 1
    while value <= most:
        yield value
        value *= 2


def splits(goal: TrainingGoal, node: Node) -> Iterator[Split]:
    """Splits of one copy of the model that respect heads, layers, experts and nodes; `data` is left at 1."""
    shape = goal.shape
    tensors = [t for t in _powers(node.per_node) if shape.heads % t == 0]
    pipelines = [p for p in range(1, min(shape.layers, 64) + 1) if shape.layers % p == 0 or p in (2, 4, 8, 16, 32)]
    contexts = [c for c in _powers(16) if c == 1 or goal.sequence // c >= 8192]
    experts = [e for e in _powers(min(shape.experts, 64)) if shape.experts % e == 0] if shape.is_sparse else [1]
    for tensor, pipeline, context, expert in product(tensors, pipelines, contexts, experts):
        pieces = sorted({1, min(4, shape.layers // pipeline), min(8, shape.layers // pipeline)} - {0})
        for interleave in pieces if pipeline > 1 else (1,):
            for micro, recompute in product((1, 2, 4), (False, True)):
                yield Split(tensor, pipeline, 1, context, expert, micro, recompute, interleave=interleave)
    if not shape.is_sparse:
        for tensor, micro, recompute in product(tensors, (1, 2), (False, True)):
            yield Split(tensor, 1, 1, 1, 1, micro, recompute, sharded=True)


def judge(goal: TrainingGoal, node: Node, split: Split, share: float) -> Candidate | None:
    """What the split (with its `data`) costs; None if it cannot be: too few sequences, experts without replicas.

    `share` is the efficiency expected of a usual run. Bubble: p-1 micro-batches, divided by the pieces of an
    interleaved stage (Narayanan et al., arXiv 2104.04473, section 2.2), which needs at least p micro-batches.
    Tensor parallelism: four all-reduces a layer and micro-batch (Shoeybi et al., arXiv 1909.08053, section 3), not
    hidden. Data parallelism: reduce-scatter and all-gather of what an accelerator holds, hidden behind half a step.
    Experts: four all-to-alls a layer (Lepikhin et al., arXiv 2006.16668), not hidden.
    """
    shape, sequence = goal.shape, goal.sequence
    if goal.batch_sequences < split.data * split.micro_batch or split.expert > split.data * split.context:
        return None
    micro_batches = -(-goal.batch_sequences // (split.data * split.micro_batch))
    if split.interleave > 1 and micro_batches < split.pipeline:
        return None
    memory = training_memory(shape, split, sequence, micro_batches)
    tokens = split.micro_batch * sequence / split.context
    layers = shape.layers / split.pipeline
    flops = training_flops_per_token(shape, sequence) * split.micro_batch * sequence / split.group
    pure_s = flops * recomputation_factor(split.recompute) / (node.fact.half_tflops * 1e12 * share) * (1 - USUAL_LOSS)
    tensor_s = 4 * _ring(2, tokens * shape.hidden * 2, split.tensor) * layers / node.link_bytes_s
    wire = node.link_bytes_s if split.expert * split.tensor <= node.per_node else node.network_bytes_s
    routed = shape.experts_active * tokens * shape.hidden * 2 / split.tensor
    expert_s = 4 * _ring(1, routed, split.expert) * layers / wire if shape.is_sparse else 0.0
    micro_s = pure_s + tensor_s + expert_s
    busy_s = micro_s * micro_batches
    bubble_s = micro_s * (split.pipeline - 1) / split.interleave
    data_bytes = _data_bytes(shape, split)
    spans_nodes = split.accelerators > node.per_node
    data_s = max(0.0, data_bytes / (node.network_bytes_s if spans_nodes else node.link_bytes_s) - OVERLAP * busy_s)
    step_s = busy_s + bubble_s + data_s
    ideal_s = training_flops_per_token(shape, sequence) * goal.batch_sequences * sequence
    efficiency = ideal_s / (split.accelerators * node.fact.half_tflops * 1e12 * step_s)
    return Candidate(
        split,
        memory,
        micro_batches,
        step_s,
        efficiency,
        bubble_s / step_s,
        tensor_s * micro_batches / step_s,
        data_s / step_s,
        expert_s * micro_batches / step_s,
        data_bytes,
    )


def _ring(passes: int, size: float, members: int) -> float:
    """Bytes that one member sends in a ring collective (2 passes: all-reduce, 1: gather, scatter, all-to-all)."""
    return passes * (members - 1) / members * size


def _data_bytes(shape: ModelShape, split: Split) -> float:
    held = shape.parameters / (split.tensor * split.pipeline)
    if shape.is_sparse:
        spread = shape.expert_parameters
        held = ((shape.parameters - spread) + spread / split.expert) / (split.tensor * split.pipeline)
    replicas = split.data * split.context
    # Gradients in 32 bits are scattered, weights in 16 gathered; with sharded weights these travel twice.
    return _ring(1, (4 + 2) * held, replicas) + (_ring(1, 2 * held, replicas) if split.sharded else 0.0)
