"""Use cases of tasks: check, start, look, stop, go on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ceyuan.compute.executors import ExecutorFault, LocalExecutor, Run
from ceyuan.compute.pools import open_executors
from ceyuan.compute.tasks import repository
from ceyuan.compute.tasks.admitting import NOT_YET, leave_seats, move_on, wake_after
from ceyuan.compute.tasks.description import Resources, TaskSpec
from ceyuan.compute.tasks.errors import DeadlinePassed, InputsCycle, TaskNotFound, TaskNotOpen
from ceyuan.compute.tasks.money import check_budget, cost_so_far, missing_for, set_aside
from ceyuan.compute.tasks.places import Ticket, read_output
from ceyuan.compute.tasks.seats import Yard, read_yard
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.compute.tasks.tariffs import Way
from ceyuan.compute.tasks.wishes import Refusal, check_ways, choose
from ceyuan.hub import Reference, find_by_reference, require_change, resolve
from ceyuan.hub.errors import RepositoryNotFound
from ceyuan.identity import org_by_name
from ceyuan.kernel import jobs
from ceyuan.kernel.errors import Invalid, NotFound
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

JOB_KIND = "compute.task"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a dry run says: the wishes that can be met, what was refused, the resolved inputs, what it costs at least
    and at most, what the organisation is short of for that, and whether it is kept from the platform's files wherever
    it may run."""

    wishes: list[Resources]
    refusals: list[Refusal]
    inputs: dict[str, str]
    least_micro: int
    most_micro: int
    missing_micro: int
    isolated: bool
    ways: list[Way]

    @property
    def charged(self) -> dict[str, str]:
        """As how many accelerators or processors a try would be charged."""
        found = [way.charged for way in self.ways if way.charged is not None]
        return {"charged_least": str(min(found)), "charged_most": str(max(found))}

    @property
    def placed(self) -> Resources:
        """What is taken if it is to be had."""
        return self.wishes[0]


async def check_task(uow: UnitOfWork, org_id: str, spec: TaskSpec) -> Checked:
    """Everything that can be known to be wrong before a task is queued; changes nothing.

    Raises `TaskImpossible`, `AcceleratorUnknown`, `DeadlinePassed`, `BudgetTooSmall`, `NotIsolated`, `InputsCycle`, and
    what the hub says of inputs and outputs that do not exist.
    """
    uow.actor.require_role(org_id, "member")
    if spec.ends_by(uow.clock.now()) < 1:
        raise DeadlinePassed()
    yard = await read_yard(uow)
    wishes, refusals = await choose(uow, yard, org_id, spec, uow.actor.is_admin)
    await check_ways(uow, yard, org_id, spec, uow.actor.is_admin)
    inputs = {name: await _revision(uow, name, reference) for name, reference in spec.inputs.items()}
    for reference in spec.outputs.values():
        await _check_output(uow, reference)
    _check_cycle(spec, inputs)
    ways = yard.ways(org_id, spec, uow.actor.is_admin, wishes)
    least, most = await check_budget(uow, org_id, spec, list(chain(*ways)))
    short = max(await missing_for(uow, org_id, spec, ways))
    isolated = _isolated(yard, org_id, spec, uow.actor.is_admin)
    return Checked(wishes, refusals, inputs, least, most, short, isolated, list(chain(*ways)))


async def _revision(uow: UnitOfWork, name: str, reference: str) -> str:
    """What an input names now; what the hub says of one that is not there names the input."""
    try:
        return (await resolve(uow, reference)).ref
    except NotFound as missing:
        zh, en = missing.message
        missing.message = (f"输入“{name}”({reference}):{zh}", f"the input “{name}” ({reference}): {en}")
        raise


def _isolated(yard: Yard, org_id: str, spec: TaskSpec, trusted: bool) -> bool:
    return all(yard.isolated(node) for node in yard.nodes if yard.may(node, org_id, spec, trusted))


async def _check_output(uow: UnitOfWork, reference: str) -> None:
    """Raise unless the actor may make a revision there, in a repository that exists or is yet to be made."""
    target = Reference.parse(reference)
    if target.kind is None or target.revision is not None:
        raise Invalid(
            (f"“{reference}”不是输出仓库", f"“{reference}” is no repository to write to"),
            hint=("形如 datasets/owner/name", "write it as datasets/owner/name"),
        )
    try:
        require_change(uow.actor, await find_by_reference(uow, target))
    except RepositoryNotFound:
        owner = await org_by_name(uow, target.owner)
        if owner is None:
            raise
        uow.actor.require_role(owner.id, "member")


def _check_cycle(spec: TaskSpec, inputs: dict[str, str]) -> None:
    """Raise `InputsCycle` where the task would move what one of its inputs follows: begun again, it would read its own
    result. An input that names the revision itself stays what it is."""
    made = {(target.kind, target.owner, target.name) for target in map(Reference.parse, spec.outputs.values())}
    for name, reference in spec.inputs.items():
        source = Reference.parse(reference)
        fixed = source.revision is not None and inputs[name].endswith(f"@{source.revision}")
        if (source.kind, source.owner, source.name) in made and not fixed:
            raise InputsCycle(
                (f"输入“{name}”跟随任务自己的输出", f"the input “{name}” follows what the task itself makes"),
                hint=(f"请写明版本:{inputs[name]}", f"name its revision: {inputs[name]}"),
                input=name,
                nearest=inputs[name],
            )


async def create_task(uow: UnitOfWork, org_id: str, spec: TaskSpec, *, key: str | None = None) -> ComputeTask:
    """Queue a task; with the same idempotency `key` the first one is returned. Raises what `check_task` raises, and
    `InsufficientFunds` where the organisation could not pay for one try even if its other tasks gave all back that they
    hold; else it waits for them."""
    checked = await check_task(uow, org_id, spec)
    task_id = new_id("tsk")
    whole = None if key is None else f"task:{org_id}:{key}"
    title = (f"算力任务:{spec.name}", f"Task: {spec.name}")
    job = await jobs.submit(uow, JOB_KIND, {"task_id": task_id}, org_id=org_id, title=title, key=whole)
    known = await repository.of_job(uow.session, job.id)
    if known is not None:
        return known
    task = ComputeTask(
        id=task_id,
        org_id=org_id,
        job_id=job.id,
        name=spec.name,
        spec=spec.model_dump(mode="json"),
        placed=checked.placed.model_dump(),
        inputs=checked.inputs,
        outputs={},
        state="queued",
        closing=None,
        reason="",
        attempt=None,
        attempts=[],
        hold_id=None,
        trusted=uow.actor.is_admin,
        queued_at=uow.clock.now(),
        seconds=0.0,
        cost_micro=0,
        created_by=uow.actor.id,
        created_at=uow.clock.now(),
        started_at=None,
        finished_at=None,
    )
    task.hold_id = await set_aside(uow, task, spec, checked.ways, f"task:{task_id}:1", checked.most_micro)
    job.not_before = NOT_YET
    uow.session.add(task)
    await uow.session.flush()
    wake_after(uow)
    await uow.audit("compute_task.create", task.id, org_id, name=task.name, job_id=job.id)
    return task


async def find_task(uow: UnitOfWork, task_id: str) -> ComputeTask:
    """The task if the actor may see it; raises `TaskNotFound`."""
    uow.actor.require_known()
    task = await repository.get(uow.session, task_id)
    if not uow.actor.may(task.org_id):
        raise TaskNotFound()
    return task


async def stop_task(uow: UnitOfWork, task_id: str) -> ComputeTask:
    """Stop a task; what it used is metered, its checkpoint is kept. Raises `JobFinished`."""
    task = await find_task(uow, task_id)
    uow.actor.require_role(task.org_id, "member")
    await jobs.cancel(uow, task.job_id)
    return task


async def resume_task(uow: UnitOfWork, task_id: str) -> ComputeTask:
    """Go on with a failed or stopped task: a new try with the old checkpoint. Raises `TaskNotOpen`."""
    task = await find_task(uow, task_id)
    uow.actor.require_role(task.org_id, "member")
    if task.closing is not None or task.state not in ("failed", "cancelled"):
        raise TaskNotOpen(
            hint=("只有已失败或已停止的任务可以继续", "only a failed or stopped task can go on"), state=task.state
        )
    spec = TaskSpec.model_validate(task.spec)
    if spec.ends_by(uow.clock.now()) < 1:
        raise DeadlinePassed()
    yard, trusted = await read_yard(uow), bool(task.trusted)
    wishes, _refusals = await choose(uow, yard, task.org_id, spec, trusted)
    ways = list(chain(*yard.ways(task.org_id, spec, trusted, wishes)))
    _, most = await check_budget(uow, task.org_id, spec, ways)
    job = await jobs.resume(uow, task.job_id)
    job.not_before = NOT_YET
    task.hold_id = await set_aside(uow, task, spec, ways, f"task:{task.id}:{job.run}", most)
    task.state, task.reason, task.finished_at, task.avoid = "queued", "", None, None
    task.queued_at = uow.clock.now()
    leave_seats(task)
    wake_after(uow)
    return task


async def move_task(uow: UnitOfWork, task_id: str) -> ComputeTask:
    """Ask a running task to leave its node at its checkpoint; it goes on elsewhere. Raises `TaskNotOpen`."""
    task = await find_task(uow, task_id)
    uow.actor.require_role(task.org_id, "member")
    if task.pool_id is None or task.closing is not None:
        raise TaskNotOpen(hint=("只有正在运行的任务可以迁移", "only a running task can be moved"), state=task.state)
    move_on(task)
    await uow.audit("compute_task.move", task.id, task.org_id)
    return task


class Meters:
    """How the tries at work stood when this process last looked, by key: nobody asks a remote host for a page. One
    that has ended stands as it ended until it is settled, and for a while after."""

    MOST_ENDED = 1000

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._ended: deque[str] = deque()

    def note(self, run: Run) -> None:
        """Remember how a try stands."""
        known = self._runs.get(run.key)
        self._runs[run.key] = run
        if run.ended and (known is None or not known.ended):
            self._ended.append(run.key)
            if len(self._ended) > self.MOST_ENDED:
                self._runs.pop(self._ended.popleft(), None)

    def of(self, key: str) -> Run | None:
        """How a try stood."""
        return self._runs.get(key)


def ticket_of(task: ComputeTask, key: str) -> Ticket | None:
    """A try, at work or ended, with where it ran."""
    if key == task.attempt and task.admission is not None and task.pool_id is not None:
        return Ticket.of(task.id, key, {**task.admission, "pool_id": task.pool_id})
    for one in task.attempts:
        if one["key"] == key and one.get("pool_id"):
            return Ticket.of(task.id, key, one)
    return None


async def show_task(uow: UnitOfWork, task: ComputeTask) -> dict[str, Any]:
    """The task with what it cost so far, the try at work included."""
    fields = {column.key: getattr(task, column.key) for column in ComputeTask.__table__.columns}
    fields["cost_so_far_micro"] = task.cost_micro
    fields["seats"] = (task.admission or {}).get("seats", [])
    fields["pool"] = (task.admission or {}).get("pool", "")
    last = task.attempts[-1] if task.attempts and task.finished_at is not None else {}
    fields["weighed"] = (task.admission or last).get("weighed", [])
    fields["priority"] = task.spec.get("priority", 0)
    fields["attempts"] = [_shown(one) for one in task.attempts]
    if task.attempt is not None:
        run = await _at_work(uow, task, task.attempt)
        fields["seconds"] = task.seconds + run.seconds
        fields["cost_so_far_micro"] += await cost_so_far(uow, task, run)
    return fields


async def running_cost(uow: UnitOfWork, task: ComputeTask) -> int:
    """Micro-yuan that the try at work used so far, which are not posted yet."""
    return 0 if task.attempt is None else await cost_so_far(uow, task, await _at_work(uow, task, task.attempt))


def _shown(attempt: dict[str, Any]) -> dict[str, Any]:
    """An ended try, whenever it was written down."""
    asked = attempt.get("placed") or {"cpus": 0, "nodes": 0, "accelerators": 0}
    blank: dict[str, Any] = {"pool": "", "seats": [], "accounting": None, "offer": None, "charges": []}
    blank["charged"] = str((asked["accelerators"] or asked["cpus"]) * asked["nodes"])
    charges = [{"tariff": _tariff(one)} | one for one in attempt.get("charges", [])]
    return {**blank, **attempt, "charges": charges}


def _tariff(charge: dict[str, Any]) -> str:
    if charge["unit_micro"] is None:
        return "list"
    return "offer" if charge["unit_micro"] else "included"


async def _at_work(uow: UnitOfWork, task: ComputeTask, key: str) -> Run:
    for meters in uow.platform.find(Meters):
        if (known := meters.of(key)) is not None:
            return known
    ticket = ticket_of(task, key)
    if ticket is not None:
        _kind, executor, _node = await open_executors(uow.platform).find(ticket.pool_id, ticket.node_id)
        if isinstance(executor, LocalExecutor):
            return await executor.status(key)
    return Run(key, "running")


async def read_log(uow: UnitOfWork, task_id: str, attempt: str | None, offset: int) -> dict[str, Any]:
    """Output of a try (the last one, if none is named) from an offset in bytes on, and whether more may come."""
    task = await find_task(uow, task_id)
    known = [one["key"] for one in task.attempts] + ([task.attempt] if task.attempt else [])
    key = attempt or (known[-1] if known else None)
    ticket = ticket_of(task, key) if key is not None and key in known else None
    if key is None or ticket is None:
        return {"attempt": None, "text": "", "next_offset": 0, "ended": task.finished_at is not None}
    try:
        raw = await read_output(uow.platform, ticket, offset)
    except (ExecutorFault, NotFound):
        raw = b""
    # A character that is cut in two waits for its rest.
    whole = raw[: len(raw) - _cut(raw)] or raw
    ended = key != task.attempt and len(raw) < 65_536
    return {
        "attempt": key,
        "text": whole.decode(errors="replace"),
        "next_offset": offset + len(whole),
        "ended": ended,
    }


def _cut(raw: bytes) -> int:
    """How many bytes at the end begin a character of UTF-8 that is not whole."""
    for back in range(1, min(4, len(raw)) + 1):
        byte = raw[-back]
        if byte & 0xC0 == 0xC0:
            length = 2 if byte & 0xE0 == 0xC0 else 3 if byte & 0xF0 == 0xE0 else 4
            return back if back < length else 0
        if byte & 0x80 == 0:
            return 0
    return 0
