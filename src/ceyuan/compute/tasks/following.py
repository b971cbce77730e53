"""Following one try to its end: launch or find it, heed deadline, budget and requests to leave, save its checkpoint."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import asdict, replace
from typing import Any

from ceyuan.compute.executors import ExecutorFault, Run
from ceyuan.compute.pools import PoolNode
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.money import cost_so_far
from ceyuan.compute.tasks.places import Place, Ticket, open_place
from ceyuan.compute.tasks.secrets import with_secrets
from ceyuan.compute.tasks.service import Meters
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.kernel.errors import NotFound, Text
from ceyuan.kernel.jobs import JobContext
from ceyuan.kernel.work import UnitOfWork

logger = logging.getLogger(__name__)
_LOOK_S, _SLOWEST_LOOK_S = 0.25, 2.0
_LISTEN_S = 2.0
"""Seconds between two looks at what is asked of the task, and at its cost."""
_MARGIN_S = 10.0
SENTENCES: dict[str, Text] = {
    "time": ("超过时间上限", "it passed its time limit"),
    "memory": ("超过内存上限", "it passed its memory limit"),
    "budget": ("预算用尽", "the budget is used up"),
    "deadline": ("截止时间已过", "the deadline has passed"),
    "not_started": ("命令无法启动", "the command could not be started"),
    "supervisor": ("监护进程丢失", "its supervisor was lost"),
    "cancelled": ("已停止", "it was stopped"),
    "preempted": ("为更优先的任务让位", "it made room for others"),
    "moved": ("被请求迁移", "it was asked to move"),
    "gang": ("未能同时得到全部节点", "its nodes did not come together in time"),
    "unreachable": ("节点失联", "its node went silent"),
    "lease": ("节点与平台失去联系", "its node lost touch with the platform"),
}


class Follower:
    """Follows one try."""

    def __init__(self, ctx: JobContext, ticket: Ticket, spec: TaskSpec, placed: Resources, place: Place) -> None:
        self.ctx, self.ticket, self.spec, self.placed, self.place = ctx, ticket, spec, placed, place
        self.clock = ctx.platform.clock
        self.meters = ctx.platform.find(Meters)[0]
        self.run = Run(ticket.key, "queued")
        self.asked = ""
        self._heard = self._answered = self._saved = self._began = self._now()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def to_the_end(self) -> Run:
        """The try as it ended; `lost` where the place was silent for longer than its lease."""
        pause = _LOOK_S
        while not self.run.ended:
            try:
                await self._look()
            except ExecutorFault as fault:
                silent = self._now() - self._answered
                logger.info("%s: the place does not answer since %.0f s (%s)", self.ticket.key, silent, fault)
                if fault.code != "unreachable" or silent > self.place.lease_s + _MARGIN_S:
                    self.ctx.log(f"the place does not answer: {fault}", "warning", zh=f"运行地没有应答：{fault}")
                    return replace(self.run, state="lost", reason="unreachable")
                pause = _SLOWEST_LOOK_S
            if not self.run.ended:
                await asyncio.sleep(pause)
                pause = min(_SLOWEST_LOOK_S, max(_LOOK_S, self.run.seconds / 60))
        return self.run

    async def _look(self) -> None:
        executor, key = self.place.executor, self.ticket.key
        known = await executor.status(key)
        if known.state == "absent":
            launch = await self.place.launch(self.spec, self.placed)
            known = await executor.submit(key, await with_secrets(self.ctx.platform, self.ticket.task_id, launch))
            self.ctx.log(f"try {key} started", zh=f"尝试 {key} 开始")
        self.run, self._answered = known, self._now()
        self.meters.note(known)
        if known.ended:
            return
        self.ctx.progress(min(0.95, known.seconds / self.spec.time_limit_s), ("运行中", "Running"))
        if self._now() - self._heard >= _LISTEN_S or known.seconds < _LISTEN_S:
            self._heard = self._now()
            await self._heed(known)
        if known.state == "running" and self._now() - self._saved >= self._every():
            await self.place.save()
            self._saved = self._now()

    def _every(self) -> float:
        return self.ctx.platform.section(TaskSettings).checkpoint_s

    async def _heed(self, known: Run) -> None:
        """End the try where deadline, budget or somebody asks for it."""
        if self.asked:
            return
        if self.spec.deadline is not None and self.clock.now() >= self.spec.deadline:
            self.asked = "deadline"
        elif known.state == "queued" and self._now() - self._began > self.spec.gang_timeout_s:
            self.asked = "gang"
        else:
            self.asked = await self._wanted_of_it(known)
        if self.asked:
            zh, en = SENTENCES[self.asked]
            self.ctx.log(en, "warning", zh=zh)
            await self.place.executor.cancel(self.ticket.key, self.asked)

    async def _wanted_of_it(self, known: Run) -> str:
        async with self.ctx.platform.work(self.ctx.actor, write=False) as uow:
            task = await repository.get(uow.session, self.ticket.task_id)
            if task.notice is not None:
                return task.notice
            if known.state == "queued" and await self._shut(uow):
                return "unreachable"
            if self.spec.budget_micro is None:
                return ""
            now = await cost_so_far(uow, task, known)
            return "budget" if task.cost_micro + now >= self.spec.budget_micro else ""

    async def _shut(self, uow: UnitOfWork) -> bool:
        """Whether a cluster took a node of the try out of service before it began: it would wait for ever."""
        node = await uow.session.get(PoolNode, self.ticket.node_id)
        return node is not None and node.health == "down"


async def follow(ctx: JobContext, ticket: Ticket, spec: TaskSpec, placed: Resources) -> dict[str, Any]:
    """Submit a try, or find the one that runs already, and wait for its end; checkpoint and log are brought here."""
    try:
        place = await open_place(ctx.platform, ticket)
    except NotFound:
        return asdict(Run(ticket.key, "lost", reason="unreachable"))
    follower = Follower(ctx, ticket, spec, placed, place)
    known = await follower.to_the_end()
    try:
        await place.save()
        await place.tidy()
    except ExecutorFault as fault:
        ctx.log(f"the last checkpoint could not be fetched: {fault}", "warning", zh=f"取不到最后一个检查点：{fault}")
    ended = asdict(known)
    if known.reason in ("deadline", "budget"):
        ended |= {"state": "failed"}
    if known.reason in ("lease", "unreachable"):
        ended |= {"state": "lost"}
    how = f"{ended['state']} {ended['reason']}".rstrip()
    ctx.log(f"try {ticket.key} ended: {how}", zh=f"尝试 {ticket.key} 结束：{how}", exit_code=known.exit_code)
    return ended
