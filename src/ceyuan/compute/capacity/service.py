"""Use cases of capacity planning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.capacity.errors import GoalRefused
from ceyuan.compute.capacity.schemas import (
    MemoryOut,
    OfferFit,
    PlanIn,
    PlanOut,
    Reason,
    SplitOut,
    TrainingPlanOut,
)
from ceyuan.compute.catalogue import OfferOut, known_accelerator
from ceyuan.models.planning import (
    DoesNotFit,
    GoalInvalid,
    ModelShape,
    Node,
    PlanningFault,
    TooLate,
    TrainingGoal,
    TrainingPlan,
    infer_shape,
    plan_training,
    training_flops_per_token,
)

ASSUMED_PUE = 1.3
_DAY_H = 24


def read_goal(wanted: PlanIn) -> TrainingGoal:
    """The goal; raises `GoalRefused` with the figure at fault."""
    try:
        return TrainingGoal(
            _shape(wanted),
            wanted.tokens,
            wanted.deadline_hours,
            wanted.precision,  # type: ignore[arg-type]  # checked by the goal
            wanted.sequence,
            wanted.batch_tokens,
        )
    except GoalInvalid as fault:
        raise _refused(fault) from fault


def _refused(fault: PlanningFault) -> GoalRefused:
    near = fault.nearest
    hint = ("、".join(f"{k}={v}" for k, v in near.items()), ", ".join(f"{k}={v}" for k, v in near.items()))
    return GoalRefused(fault.message, hint=hint if near else None, field=fault.field, nearest=near)


def _shape(wanted: PlanIn) -> ModelShape:
    inferred = infer_shape(wanted.parameters, active=wanted.active_parameters)
    if wanted.shape is None:
        return inferred
    given = wanted.shape
    if given.experts_active > given.experts or given.kv_heads > given.heads:
        raise GoalInvalid(
            "shape",
            "激活专家数或键值头数大于总数",
            "more active experts, or key-value heads, than there are",
        )
    active = wanted.active_parameters or 0.0
    if given.experts > 1 and not active:
        raise GoalInvalid("active_parameters", "稀疏模型需给出激活参数量", "a sparse model needs its active weights")
    return ModelShape(wanted.parameters, active=active, **given.model_dump())


def reference_plan(wanted: PlanIn, goal: TrainingGoal) -> TrainingPlan:
    """The plan on the chip that was asked for; raises `AcceleratorUnknown`, `GoalRefused`, or the engine's faults."""
    fact = known_accelerator(wanted.accelerator)
    try:
        return plan_training(goal, Node(fact, wanted.per_node, network_gbps=wanted.network_gbps))
    except GoalInvalid as fault:
        raise _refused(fault) from fault


def plan(wanted: PlanIn, offers: Sequence[OfferOut]) -> PlanOut:
    """Everything that is answered to a goal. Pure arithmetic: it takes up to seconds and belongs into a thread."""
    goal = read_goal(wanted)
    refusal, made = None, None
    try:
        made = show_plan(reference_plan(wanted, goal))
    except PlanningFault as fault:
        refusal = reason_of(fault)
    shape = goal.shape
    per_token = training_flops_per_token(shape, goal.sequence)
    return PlanOut(
        flops=per_token * goal.tokens,
        flops_per_token=per_token,
        parameters=shape.parameters,
        active_parameters=shape.active_parameters,
        layers=shape.layers,
        hidden=shape.hidden,
        heads=shape.heads,
        experts=shape.experts,
        batch_sequences=goal.batch_sequences,
        plan=made,
        refusal=refusal,
        offers=fit_offers(goal, offers, budget_micro=wanted.budget_micro),
    )


def fit_offers(goal: TrainingGoal, offers: Sequence[OfferOut], *, budget_micro: int | None = None) -> list[OfferFit]:
    """Each offer with its plan or the reasons against it: those that can serve first, cheapest first."""
    plans: dict[tuple[Any, ...], TrainingPlan | PlanningFault] = {}
    out = []
    for offer in offers:
        key = (offer.accelerator, offer.per_node, offer.memory_gib, offer.network_gbps)
        if key not in plans:
            plans[key] = _try(goal, offer)
        out.append(_fit(goal, offer, plans[key], budget_micro))
    return sorted(out, key=lambda fit: (not fit.fits, fit.price_micro or 2**62, fit.offer_id))


def _node(offer: OfferOut) -> Node:
    return Node(ACCELERATORS[offer.accelerator], offer.per_node, offer.memory_gib, offer.network_gbps)


def _try(goal: TrainingGoal, offer: OfferOut) -> TrainingPlan | PlanningFault:
    try:
        return plan_training(goal, _node(offer))
    except PlanningFault as fault:
        return fault


def _fit(goal: TrainingGoal, offer: OfferOut, tried: TrainingPlan | PlanningFault, budget: int | None) -> OfferFit:
    rate = hour_price(offer)
    made = tried if isinstance(tried, TrainingPlan) else None
    price = None if made is None else made.price_micro(rate)
    if made is not None and offer.minimum_hours > made.total_hours:
        price = math.ceil(offer.minimum_hours * made.nodes * offer.per_node * rate)
    reasons = [reason_of(tried)] if isinstance(tried, PlanningFault) else _reasons(made, offer, price, budget)
    pue = offer.pue or ASSUMED_PUE
    carbon = None if offer.carbon_g_kwh is None or made is None else made.carbon_kg(pue, offer.carbon_g_kwh)
    uplink = offer.uplink_gbps
    return OfferFit(
        offer_id=offer.id,
        identifier=offer.identifier,
        title=offer.title,
        partner_zh=offer.partner_zh,
        partner_en=offer.partner_en,
        region=offer.region,
        accelerator=offer.accelerator,
        accelerator_label=offer.accelerator_label,
        accelerators=offer.accelerators,
        fits=not reasons,
        reasons=reasons,
        plan=None if made is None else show_plan(made),
        price_micro=price,
        hour_micro=rate,
        energy_kwh=None if made is None else round(made.energy_kwh(pue), 1),
        pue_assumed=offer.pue is None,
        carbon_kg=None if carbon is None else round(carbon, 1),
        corpus_transfer_hours=None
        if uplink is None or made is None
        else round(made.storage.corpus_tb * 8000 / uplink / 3600, 2),
    )


def hour_price(offer: OfferOut) -> int:
    """Micro-yuan for an accelerator hour of work that runs day and night: bands weighted by their hours, rounded up."""
    banded = sum((band.to_hour - band.from_hour) * band.micro for band in offer.bands)
    hours = sum(band.to_hour - band.from_hour for band in offer.bands)
    return -(-(banded + (_DAY_H - hours) * offer.price_micro) // _DAY_H)


def _reasons(made: TrainingPlan | None, offer: OfferOut, price: int | None, budget: int | None) -> list[Reason]:
    assert made is not None
    reasons = []
    if made.nodes > offer.nodes:
        reasons.append(
            Reason(
                code="too_few_nodes",
                zh=f"需要 {made.nodes} 个节点,该供给只有 {offer.nodes} 个",
                en=f"it takes {made.nodes} nodes; the offer has {offer.nodes}",
                nearest=_longer(made, offer),
            )
        )
    if 0 < offer.storage_tb < made.storage.total_tb:
        reasons.append(
            Reason(
                code="too_little_storage",
                zh=f"需要 {made.storage.total_tb:.1f} TB 存储,该供给只有 {offer.storage_tb:.1f} TB",
                en=f"it takes {made.storage.total_tb:.1f} TB of storage; the offer has {offer.storage_tb:.1f} TB",
                nearest={"storage_tb": round(made.storage.total_tb, 1)},
            )
        )
    if budget is not None and price is not None and price > budget:
        reasons.append(
            Reason(
                code="over_budget",
                zh=f"预计 {price / 1e6:,.0f} 元,超出预算 {budget / 1e6:,.0f} 元",
                en=f"it costs about {price / 1e6:,.0f} yuan; the budget is {budget / 1e6:,.0f}",
                nearest={"budget_micro": price},
            )
        )
    return reasons


def _longer(made: TrainingPlan, offer: OfferOut) -> dict[str, Any]:
    """The deadline by which the nodes of the offer would do."""
    limit = offer.nodes * offer.per_node
    try:
        plan_training(replace(made.goal, most_accelerators=limit), made.node)
    except TooLate as late:
        return {"deadline_hours": late.nearest["deadline_hours"]}
    except PlanningFault:
        return {}
    return {}


def reason_of(fault: PlanningFault) -> Reason:
    """A fault of the engine as a reason."""
    code: Any = "too_late" if isinstance(fault, TooLate) else "does_not_fit" if isinstance(fault, DoesNotFit) else ""
    zh, en = fault.message
    return Reason(code=code or "no_plan", zh=zh, en=en, nearest=fault.nearest)


def show_plan(made: TrainingPlan) -> TrainingPlanOut:
    """The plan as it leaves the platform."""
    best = made.best
    names = ("tensor", "pipeline", "data", "context", "expert", "micro_batch", "recompute", "sharded", "interleave")
    parts = ("weights", "gradients", "optimiser", "activations", "logits", "overhead", "total")
    return TrainingPlanOut(
        accelerator=made.node.fact.name,
        accelerators=made.accelerators,
        nodes=made.nodes,
        per_node=made.node.per_node,
        split=SplitOut(**{name: getattr(best.split, name) for name in names}),
        memory=MemoryOut(
            **{name: round(getattr(best.memory, name), 2) for name in parts}, limit=round(made.node.memory, 2)
        ),
        steps=made.steps,
        step_s=round(best.step_s, 4),
        efficiency=round(best.efficiency, 4),
        expected_efficiency=round(made.expected.share, 4),
        efficiency_reason_zh=made.expected.reason_zh,
        efficiency_reason_en=made.expected.reason_en,
        bubble=round(best.bubble, 4),
        tensor_share=round(best.tensor_share, 4),
        expert_share=round(best.expert_share, 4),
        data_share=round(best.data_share, 4),
        hours=round(made.hours, 2),
        lost_hours=round(made.lost_hours, 2),
        total_hours=round(made.total_hours, 2),
        hours_low=round(made.hours_low, 2),
        hours_high=round(made.hours_high, 2),
        accelerator_hours=round(made.accelerator_hours, 1),
        network_gbps_needed=round(made.network_gbps_needed, 1),
        corpus_tb=round(made.storage.corpus_tb, 3),
        checkpoint_gb=round(made.storage.checkpoint_gb, 2),
        storage_tb=round(made.storage.total_tb, 3),
        checkpoint_write_gb_s=round(made.storage.write_gb_s, 3),
        checkpoint_every_hours=round(made.storage.every_hours, 3),
        batch_sequences=made.goal.batch_sequences,
    )
