"""Why a task waits, when it is expected to start, and what would make it start."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ceyuan.compute.admission import Forecast, Reason, Situation, Variant, decide, forecast, what_if
from ceyuan.compute.tasks.admitting import admission
from ceyuan.compute.tasks.description import TaskSpec
from ceyuan.compute.tasks.seats import Yard, claim_of, read_situation
from ceyuan.compute.tasks.siting import Choice
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel.errors import Text
from ceyuan.kernel.work import UnitOfWork

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
    "time_limit_s": ("若时限不超过 {} 秒", "with a time limit of {} s"),
}


async def explain(uow: UnitOfWork, task: ComputeTask) -> dict[str, Any]:
    """Position, reason, expected start and what would make it start now; of one that does not wait, only its state."""
    if task.state != "queued" or task.pool_id is not None or task.closing is not None:
        return _answer(task.state, None, [], ("", ""))
    siting = admission(uow.platform).siting
    situation, yard = await read_situation(uow, await admission(uow.platform).guesses.now(uow))
    situation = siting.applied(situation)
    found, variants = await asyncio.to_thread(_look, situation, yard, task.id, TaskSpec.model_validate(task.spec))
    words, choice = _sentence(found, yard), siting.chosen(task.id)
    if choice is not None and found.reason is not None and found.reason.code == "room":
        words = _planned(choice, yard)
    return _answer(task.state, found, _shown(variants, yard), words)


async def preview(uow: UnitOfWork, org_id: str, spec: TaskSpec, *, trusted: bool) -> dict[str, Any]:
    """The same for a task that is not queued yet: nothing is kept."""
    situation, yard = await read_situation(uow, await admission(uow.platform).guesses.now(uow))
    now = uow.clock.now()
    task = ComputeTask(id="preview", org_id=org_id, spec=spec.model_dump(mode="json"), trusted=trusted, created_at=now)
    claim = claim_of(task, yard, now, None)
    joined = Situation(situation.now, situation.nodes, situation.held, (*situation.claims, claim), situation.shares)
    found, variants = await asyncio.to_thread(_look, joined, yard, "preview", spec)
    return _answer("new", found, _shown(variants, yard), _sentence(found, yard))


async def why_all(uow: UnitOfWork) -> dict[str, tuple[str, Text]]:
    """Why each waiting task waits: the reason's code and words; those whose turn it is are left out."""
    situation, yard = await read_situation(uow, await admission(uow.platform).guesses.now(uow))
    situation = admission(uow.platform).siting.applied(situation)
    if not situation.claims:
        return {}
    waits = (await asyncio.to_thread(decide, situation)).waits
    return {key: (reason.code, _words(reason, yard)) for key, reason in waits.items()}


def _look(situation: Situation, yard: Yard, key: str, spec: TaskSpec) -> tuple[Forecast, list[Variant]]:
    found = forecast(situation, key)
    if found.reason is None:
        return found, []
    kinds = sorted({node.accelerator for node in situation.nodes if node.accelerator})
    variants = what_if(situation, key, kinds=kinds)
    variants += [v for v in _other_regions(situation, yard, key, spec) if v.value not in {o.value for o in variants}]
    return found, variants


def _other_regions(situation: Situation, yard: Yard, key: str, spec: TaskSpec) -> list[Variant]:
    """Regions that the task's description shuts out and where it would start now."""
    claim = next(one for one in situation.claims if one.key == key)
    found = []
    regions = {pool.region for pool in yard.pools.values() if pool.region} - set(spec.regions)
    for region in sorted(regions) if spec.regions else []:
        wider = spec.model_copy(update={"regions": [*spec.regions, region]})
        may = {node.id for node in yard.nodes if yard.may(node, claim.owner, wider, False)}
        pools = frozenset(node.pool_id for node in yard.nodes if node.id in may)
        changed = replace(claim, pools=pools, avoid=claim.avoid - may)
        others = tuple(changed if one.key == key else one for one in situation.claims)
        if any(start.key == key for start in decide(replace(situation, claims=others)).starts):
            found.append(Variant("region", region))
    return found


def _shown(variants: list[Variant], yard: Yard) -> list[dict[str, Any]]:
    made = []
    for variant in variants:
        value = variant.value
        if variant.kind == "memory_mib":
            value = f"{int(value) / 1024:g}"
        elif variant.kind == "pool":
            value = yard.pools[value].name if value in yard.pools else value
        zh, en = _CHANGES[variant.kind]
        made.append({"change": variant.kind, "value": value, "zh": zh.format(value), "en": en.format(value)})
    return made


def _sentence(found: Forecast, yard: Yard) -> Text:
    return ("轮到它了", "it is its turn") if found.reason is None else _words(found.reason, yard)


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
