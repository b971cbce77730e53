"""Why a task waits, when it is expected to start, and what would make it start."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from ceyuan.compute.admission import Claim, Forecast, Reason, Situation, Variant, decide, forecast, what_if
from ceyuan.compute.tasks.admitting import admission
from ceyuan.compute.tasks.description import TaskSpec
from ceyuan.compute.tasks.money import lacking, missing_for
from ceyuan.compute.tasks.seats import Yard, claim_of, read_situation
from ceyuan.compute.tasks.siting import Choice
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel.errors import Text
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.work import UnitOfWork

_CENT = Decimal("0.01")
_CHANGES: dict[str, Text] = {
    "cpus": ("若只要 {} 个处理器", "with {} processors"),
    "memory_mib": ("若只要 {} GiB 内存", "with {} GiB of memory"),
    "accelerators": ("若每节点只要 {} 张加速卡", "with {} accelerators a node"),
    "nodes": ("若只要 {} 个节点", "with {} nodes"),
    "accelerator": ("若改用 {}", "on {} instead"),
    "pool": ("若允许资源池 {}", "if the pool {} were allowed"),
    "region": ("若允许{}", "if {} were allowed"),
    "avoid": ("若允许曾经失败的节点", "if nodes that failed it were allowed"),
    "priority": ("若优先级提高到 {}", "with priority {}"),
    "quota": ("若配额放宽", "with a larger quota"),
    "funds": ("若有可用于算力的 {} 元代金券(或充值)", "with a voucher of {} yuan for compute (or a top-up)"),
    "time_limit_s": ("若时限不超过 {} 秒", "with a time limit of {} s"),
}


async def explain(uow: UnitOfWork, task: ComputeTask) -> dict[str, Any]:
    """Position, reason, expected start and what would make it start now; of one that does not wait, where it is."""
    if task.state != "queued" or task.pool_id is not None or task.closing is not None:
        return _answer(task.state, None, [], _placed(task))
    siting = admission(uow.platform).siting
    situation, yard = await read_situation(uow, await admission(uow.platform).guesses.now(uow))
    wider = _wider(task, yard, uow.clock.now(), await lacking(uow, task, yard.ways_of(task)))
    situation = siting.applied(situation)
    found, variants = await asyncio.to_thread(_look, situation, task.id, wider)
    words, choice = _sentence(found, yard), siting.chosen(task.id)
    if choice is not None and found.reason is not None and found.reason.code == "room":
        words = _planned(choice, yard)
    words = _in_time(words, found, TaskSpec.model_validate(task.spec))
    return _answer(task.state, found, _shown(variants), words)


async def preview(uow: UnitOfWork, org_id: str, spec: TaskSpec, *, trusted: bool) -> dict[str, Any]:
    """The same for a task that is not queued yet: nothing is kept."""
    situation, yard = await read_situation(uow, await admission(uow.platform).guesses.now(uow))
    now = uow.clock.now()
    task = ComputeTask(id="preview", org_id=org_id, spec=spec.model_dump(mode="json"), trusted=trusted, created_at=now)
    lacks = await missing_for(uow, org_id, spec, yard.ways(org_id, spec, trusted, spec.wishes))
    claim = claim_of(task, yard, now, None, lacks)
    joined = Situation(situation.now, situation.nodes, situation.held, (*situation.claims, claim), situation.shares)
    found, variants = await asyncio.to_thread(_look, joined, "preview", _wider(task, yard, now, lacks))
    return _answer("new", found, _shown(variants), _in_time(_sentence(found, yard), found, spec))


async def why_all(uow: UnitOfWork) -> dict[str, tuple[str, Text]]:
    """Why each waiting task waits: the reason's code and words; those whose turn it is are left out."""
    situation, yard = await read_situation(uow, await admission(uow.platform).guesses.now(uow))
    situation = admission(uow.platform).siting.applied(situation)
    if not situation.claims:
        return {}
    waits = (await asyncio.to_thread(decide, situation)).waits
    return {key: (reason.code, _words(reason, yard)) for key, reason in waits.items()}


def _look(situation: Situation, key: str, wider: list[tuple[str, str, Claim]]) -> tuple[Forecast, list[Variant]]:
    found = forecast(situation, key)
    if found.reason is None:
        return found, []
    kinds = sorted({node.accelerator for node in situation.nodes if node.accelerator})
    return found, what_if(situation, key, kinds=kinds, wider=wider)


def _wider(task: ComputeTask, yard: Yard, now: datetime, lacks: list[int]) -> list[tuple[str, str, Claim]]:
    """Claims that the task would make if its description allowed one more pool or region, or nodes that failed it."""
    spec = TaskSpec.model_validate(task.spec)
    pools = sorted({pool.name for pool in yard.pools.values()} - _named(yard, spec)) if spec.pools else []
    regions = sorted({yard.region(pool) for pool in yard.pools.values()} - {"", *spec.regions})
    changes = [("region", name, {"regions": [*spec.regions, name]}) for name in (regions if spec.regions else [])]
    changes += [("pool", name, {"pools": [*spec.pools, name]}) for name in pools]
    own = claim_of(task, yard, now, None, lacks)
    made = []
    for kind, name, update in changes:
        claim = claim_of(task, yard, now, None, lacks, spec.model_copy(update=update))
        # What no other pool joins (another organisation's, one that runs no images) is no change.
        if claim.pools != own.pools:
            made.append((kind, name, claim))
    if task.avoid:
        forgiven = claim_of(task, yard, now, None, lacks, spec, forgive=True)
        made.append(("avoid", "", forgiven))
    return made


def _named(yard: Yard, spec: TaskSpec) -> set[str]:
    return {pool.name for pool in yard.pools.values() if {pool.id, pool.name} & set(spec.pools)}


def _shown(variants: list[Variant]) -> list[dict[str, Any]]:
    made = []
    for variant in variants:
        value = variant.value
        if variant.kind == "memory_mib":
            value = f"{int(value) / 1024:g}"
        elif variant.kind == "funds":
            value = f"{Decimal(to_yuan(int(value))).quantize(_CENT, ROUND_UP):,}"
        zh, en = _CHANGES[variant.kind]
        made.append({"change": variant.kind, "value": value, "zh": zh.format(value), "en": en.format(value)})
    return made


def _sentence(found: Forecast, yard: Yard) -> Text:
    return ("轮到它了", "it is its turn") if found.reason is None else _words(found.reason, yard)


def _placed(task: ComputeTask) -> Text:
    pool = (task.admission or {}).get("pool", "")
    if not pool or task.closing is not None:
        return "", ""
    if task.notice is not None:
        return (
            f"已请它离开 {pool},之后从检查点继续",
            f"it was asked to leave {pool} and goes on later from its checkpoint",
        )
    if task.state == "queued":
        return f"已在 {pool} 得到位置,即将开始", f"it has its place in {pool} and is about to start"
    return f"正在 {pool} 运行", f"it runs in {pool}"


def _in_time(words: Text, found: Forecast, spec: TaskSpec) -> Text:
    """The words, with a warning where the deadline will have passed when it is expected to start."""
    if spec.deadline is None or found.earliest is None or found.earliest < spec.deadline.timestamp():
        return words
    return (
        f"{words[0]};预计轮到它时截止时间已过",
        f"{words[1]}; when it is expected to start, its deadline will have passed",
    )


def _planned(choice: Choice, yard: Yard) -> Text:
    names = [yard.pools[pool].name for pool in choice.pools if pool in yard.pools]
    zh, en = "、".join(names), " or ".join(names)
    return (
        f"计划在 {zh} 运行:计入租金、数据传输、碳与等待后最省,那里尚无足够空闲",
        f"it is planned for {en}, where rent, copying, carbon and waiting come to least; not enough is free there",
    )


def _words(reason: Reason, yard: Yard) -> Text:
    if reason.code == "quota":
        return _quota_words(reason)
    closed = [node for node in yard.nodes if not yard.open(node)]
    words: dict[str, Text] = {
        "room": ("没有足够的空闲资源", "not enough is free"),
        "funds": ("余额与代金券不足以支付一次运行", "balance and vouchers do not cover one try"),
        "reserved": ("空闲资源正为排在前面的任务保留", "what is free is kept for a task before it"),
        "never": (
            f"当前可用节点都放不下它({len(closed)} 个节点停用、排空或失联)",
            f"no node that takes tasks now can hold it ({len(closed)} nodes are draining or down)",
        ),
    }
    return words[reason.code]


def _quota_words(reason: Reason) -> Text:
    return (
        f"配额“{reason.share}”的 {reason.resource} 已到上限",
        f"the quota “{reason.share}” is used up for {reason.resource}",
    )


def _answer(state: str, found: Forecast | None, variants: list[dict[str, Any]], words: Text) -> dict[str, Any]:
    reason = found.reason if found else None
    return {
        "state": state,
        "position": found.position if found else None,
        "waiting": found.waiting if found else None,
        "reason": reason.code if reason else "",
        "zh": words[0],
        "en": words[1],
        "earliest": _moment(found.earliest if found else None),
        "latest": _moment(found.latest if found else None),
        "reserved_from": _moment(reason.start if reason else None),
        "would_start_if": variants,
    }


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
