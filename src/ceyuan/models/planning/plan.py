"""From a goal to a plan: how many accelerators, how they are split, how long, and everything around them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ceyuan.models.planning.arithmetic import training_flops
from ceyuan.models.planning.efficiency import SPREAD, Efficiency, expected_efficiency
from ceyuan.models.planning.faults import DoesNotFit, GoalInvalid, TooLate
from ceyuan.models.planning.goals import HOUR_S, Node, TrainingGoal
from ceyuan.models.planning.memory import GIB, Split, checkpoint_gib
from ceyuan.models.planning.parallel import OVERLAP, Candidate, judge, splits

ACCELERATOR_MTBF_HOURS = 50_700.0
"""419 unexpected interruptions in 54 days on 16,384 accelerators (arXiv 2407.21783, section 3.3.4)."""
RESTART_HOURS = 0.1
"""Assumed: from a fault to the next step. With it a run of 16,384 accelerators loses about a tenth of its time; Llama 3
lost less than a tenth (same section)."""
CHECKPOINT_PAUSE_S = 30.0
"""Assumed: how long a checkpoint may hold the run up; the storage is sized for it."""
MOST_ACCELERATORS = 131_072
"""No plan is wider: no run of that size has been published."""
HOST_SHARE = 0.4
"""Assumed: power of processors, memory, fans and network cards, as a share of the accelerators' rated power."""
RAW_BYTES_PER_TOKEN, STORED_BYTES_PER_TOKEN = 4.5, 4.0
"""UTF-8 text behind one token (Chinese and English alike are between 3 and 5), and a token as a 32-bit number."""


@dataclass(frozen=True, slots=True)
class Storage:
    """TB and GB/s (decimal): the corpus as text and as tokens, checkpoints kept, what writing one in time needs."""

    corpus_tb: float
    checkpoint_gb: float
    kept_tb: float
    write_gb_s: float
    every_hours: float

    @property
    def total_tb(self) -> float:
        return self.corpus_tb + self.kept_tb


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """A plan. `hours` of work, `lost_hours` beside it by faults and checkpoints; `hours_low` to `hours_high` is the
    span in which published runs lie around such estimates; `accelerator_hours` include the lost ones."""

    goal: TrainingGoal
    node: Node
    flops: float
    expected: Efficiency
    best: Candidate
    accelerators: int
    nodes: int
    steps: int
    hours: float
    lost_hours: float
    network_gbps_needed: float
    storage: Storage

    @property
    def total_hours(self) -> float:
        return self.hours + self.lost_hours

    @property
    def hours_low(self) -> float:
        return self.total_hours / SPREAD

    @property
    def hours_high(self) -> float:
        return self.total_hours * SPREAD

    @property
    def accelerator_hours(self) -> float:
        """Hours of all accelerators of all nodes, idle ones of a last node included: they are paid for."""
        return self.total_hours * self.nodes * self.node.per_node

    def energy_kwh(self, pue: float) -> float:
        """Energy of accelerators at rated power, their hosts, and cooling."""
        watts = self.node.fact.watts * (1 + HOST_SHARE)
        return self.accelerator_hours * watts / 1000 * pue

    def carbon_kg(self, pue: float, grams_per_kwh: float) -> float:
        """Carbon dioxide of that energy."""
        return self.energy_kwh(pue) * grams_per_kwh / 1000

    def price_micro(self, per_accelerator_hour: int) -> int:
        """Price in micro-yuan, rounded up."""
        return math.ceil(self.accelerator_hours * per_accelerator_hour)


def plan_training(goal: TrainingGoal, node: Node) -> TrainingPlan:
    """The plan with the fewest accelerators that is done by the deadline, the quickest of those.

    Raises `GoalInvalid` for an accelerator without a known peak, `DoesNotFit` or `TooLate` with the nearest that is
    possible.
    """
    if not node.fact.half_tflops:
        raise GoalInvalid(
            "accelerator",
            f"{node.fact.label} 没有已知的训练峰值",
            f"no peak for training is known of {node.fact.label}",
        )
    expected = expected_efficiency(node.fact, goal.precision, sparse=goal.shape.is_sparse)
    share = expected.share
    if goal.precision in ("tf32", "fp32"):
        share *= node.fact.tflops(goal.precision) / node.fact.half_tflops
    if share <= 0:
        raise GoalInvalid(
            "precision",
            f"{node.fact.label} 不支持 {goal.precision}",
            f"{node.fact.label} has no {goal.precision}",
            choices=sorted(node.fact.peak),
        )
    flops = training_flops(goal.shape, goal.tokens, goal.sequence)
    steps = math.ceil(goal.tokens / (goal.batch_sequences * goal.sequence))
    best = _search(goal, node, share, steps)
    hours = steps * best.step_s / HOUR_S
    nodes = math.ceil(best.split.accelerators / node.per_node)
    storage = _storage(goal, best.split.accelerators)
    window_s = OVERLAP * best.step_s
    needed = best.data_bytes * 8 / window_s * min(node.per_node, best.split.accelerators) / 1e9 if nodes > 1 else 0.0
    lost = _lost_hours(hours, best.split.accelerators)
    return TrainingPlan(
        goal, node, flops, expected, best, best.split.accelerators, nodes, steps, hours, lost, needed, storage
    )


def _search(goal: TrainingGoal, node: Node, share: float, steps: int) -> Candidate:
    found: Candidate | None = None
    quickest: Candidate | None = None
    leanest = math.inf
    for split in splits(goal, node):
        for candidate in _widths(goal, node, split, share, steps):
            if candidate.memory.total > node.memory:
                leanest = min(leanest, candidate.memory.total)
                continue
            hours = _total_hours(candidate, steps)
            if quickest is None or hours < _total_hours(quickest, steps):
                quickest = candidate
            if hours <= goal.deadline_hours and (found is None or _order(candidate, node) < _order(found, node)):
                found = candidate
    if found is not None:
        return found
    if quickest is None:
        raise DoesNotFit(
            "accelerator",
            f"任何切分都放不进 {node.memory:.0f} GiB 显存,最小也需要 {leanest:.0f} GiB",
            f"no split fits into {node.memory:.0f} GiB; the leanest needs {leanest:.0f} GiB",
            memory_gib=None if math.isinf(leanest) else round(leanest, 1),
        )
    hours = _total_hours(quickest, steps)
    raise TooLate(
        "deadline_hours",
        f"{quickest.split.accelerators} 张卡最快也要 {hours:.1f} 小时",
        f"even {quickest.split.accelerators} accelerators need {hours:.1f} hours",
        deadline_hours=math.ceil(hours * 10) / 10,
        accelerators=quickest.split.accelerators,
    )


def _order(candidate: Candidate, node: Node) -> tuple[int, float, float]:
    return math.ceil(candidate.split.accelerators / node.per_node), candidate.step_s, candidate.memory.total


def _total_hours(candidate: Candidate, steps: int) -> float:
    hours = steps * candidate.step_s / HOUR_S
    return hours + _lost_hours(hours, candidate.split.accelerators)


def _widths(goal: TrainingGoal, node: Node, split: Split, share: float, steps: int) -> list[Candidate]:
    """The split with doubled data parallelism until the deadline is kept, then the narrowest that keeps it, filled up
    to whole nodes. Wider is not always quicker: bubbles grow, and faults with the number of accelerators."""
    most = min(goal.batch_sequences // split.micro_batch, (goal.most_accelerators or MOST_ACCELERATORS) // split.group)
    low = max(1, split.expert // split.context)
    out: list[Candidate] = []

    def kept(data: int) -> Candidate | None:
        tried = judge(goal, node, replace(split, data=data), share)
        if tried is None:
            return None
        out.append(tried)
        if tried.memory.total > node.memory or _total_hours(tried, steps) > goal.deadline_hours:
            return None
        return tried

    data = low
    while data <= most and kept(data) is None:
        low, data = data + 1, 2 * data
    if data > most:
        if low <= most:
            kept(most)
        return out
    while low < data:
        middle = (low + data) // 2
        if kept(middle) is not None:
            data = middle
        else:
            low = middle + 1
    whole = math.ceil(data * split.group / node.per_node) * node.per_node // split.group
    if data < whole <= most:
        kept(whole)
    return out


def _checkpoint_interval_hours(accelerators: int) -> float:
    """The interval of Young and Daly: the root of twice a checkpoint's cost times the time between faults
    (Daly, Future Generation Computer Systems 22, 2006, equation 20), at most a day."""
    return min(24.0, math.sqrt(2 * CHECKPOINT_PAUSE_S / HOUR_S * ACCELERATOR_MTBF_HOURS / accelerators))


def _storage(goal: TrainingGoal, accelerators: int) -> Storage:
    size_gb = checkpoint_gib(goal.shape) * GIB / 1e9
    corpus = goal.tokens * (RAW_BYTES_PER_TOKEN + STORED_BYTES_PER_TOKEN) / 1e12
    every = _checkpoint_interval_hours(accelerators)
    return Storage(corpus, size_gb, goal.kept_checkpoints * size_gb / 1000, size_gb / CHECKPOINT_PAUSE_S, every)


def _lost_hours(hours: float, accelerators: int) -> float:
    every = _checkpoint_interval_hours(accelerators)
    faults = hours * accelerators / ACCELERATOR_MTBF_HOURS
    return hours / every * CHECKPOINT_PAUSE_S / HOUR_S + faults * (every / 2 + RESTART_HOURS)
