"""Laws of every workflow: random walks stay on the table, and the history replays to the state."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.audit import AuditLog
from ceyuan.kernel.audit.tables import AuditEntry
from ceyuan.kernel.blobs import BlobStore
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import SecretSettings, open_vault
from ceyuan.kernel.tables import Base
from ceyuan.kernel.workflow import Definition, State, Transition, check_definition, find, sweep, transit
from ceyuan.kernel.workflow import start as start_instance
from ceyuan.kernel.workflow.tables import WorkflowMove
from ceyuan.kernel.workflow.validation import BrokenDefinition
from tests.kernel.actors import ADMIN, MEMBER, OUTSIDER, OWNER
from tests.kernel.workflow.conftest import FORM, OFFICER, OPERATOR, Pool, prepare
from tests.kernel.workflow.samples import ALL

ACTORS = [OWNER, MEMBER, OUTSIDER, OFFICER, OPERATOR, ADMIN, SYSTEM]
NAMES = sorted({transition.name for sample in ALL for transition in sample.transitions})
STEPS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(ACTORS), st.sampled_from([{}, FORM]), st.integers(0, 2))
    | st.integers(1, 40),
    max_size=25,
)

TABLES = [
    table
    for table in Base.metadata.sorted_tables
    if table.name.startswith(("workflow_", "audit_", "outbox_", "event_"))
]


async def walk(folder: Path, sample: Definition, steps: list[tuple[str, Actor, dict[str, object], int] | int]) -> None:
    """Try the steps (or let as many days pass), then check the laws."""
    platform = Platform(
        database=Database(f"sqlite:///{folder / 'db.sqlite'}", pool_size=2),
        data_dir=folder,
        blobs=BlobStore(folder / "blobs"),
        audit=AuditLog(),
        vault=open_vault(SecretSettings(), folder),
    )
    prepare(platform, Pool())
    assert isinstance(platform.clock, ManualClock)
    async with platform.database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all, tables=TABLES)
    async with platform.work(OWNER) as uow:
        data = {"documents": 1, "closes_at": "2026-04-01T10:00"}
        instance = await start_instance(uow, sample.name, "s", title=("题", "T"), org_id="org_a", data=data)
    for number, step in enumerate(steps):
        if isinstance(step, int):
            platform.clock.advance(timedelta(days=step))
            await sweep(platform)
            continue
        name, actor, form, key = step
        try:
            async with platform.work(actor) as uow:
                await transit(uow, instance.id, name, form=form, key=f"k{key}" if number % 3 else None)
        except CeyuanError:
            pass
    await check_laws(platform, sample, instance.id)
    await platform.database.close()


async def check_laws(platform: Platform, sample: Definition, instance_id: str) -> None:
    async with platform.work(write=False) as uow:
        instance, _ = await find(uow, instance_id)
        query = select(WorkflowMove).where(WorkflowMove.instance_id == instance_id).order_by(WorkflowMove.number)
        moves = list(await uow.session.scalars(query))
        audited = list(await uow.session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))
    assert instance.state in sample.by_name
    assert [move.number for move in moves] == list(range(instance.revision + 1))
    state = sample.start.name
    for move in moves[1:]:
        assert move.source == state
        assert move.transition is not None
        taken = sample.find(state, move.transition)
        assert taken is not None
        assert move.target == taken.target
        state = move.target
    assert state == instance.state
    assert (instance.ended_at is not None) == sample.by_name[state].is_end
    steps = [action for action in audited if action.startswith(f"workflow.{sample.name}.")]
    assert steps == [f"workflow.{sample.name}.{move.transition or 'start'}" for move in moves]
    assert (await platform.audit.verify(platform)).ok


@given(st.sampled_from(ALL), STEPS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_walks_never_leave_the_table_and_replay(
    sample: Definition, steps: list[tuple[str, Actor, dict[str, object], int] | int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(walk(Path(folder), sample, steps))


@st.composite
def graphs(draw: st.DrawFn) -> Definition:
    """Small definitions, sound or not."""
    size = draw(st.integers(2, 6))
    kinds = ["start", *draw(st.lists(st.sampled_from(["normal", "good", "bad"]), min_size=size - 1, max_size=size - 1))]
    names = [f"s{n}" for n in range(size)]
    edges = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=10, unique=True))
    return Definition(
        "random",
        1,
        ("题", "T"),
        tuple(State(name, ("态", name), kind=kind) for name, kind in zip(names, kinds, strict=True)),  # type: ignore[arg-type]
        tuple(Transition(f"t{n}", ("步", "t"), (a,), b, by=("owner",)) for n, (a, b) in enumerate(edges)),
    )


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_a_definition_that_passes_the_check_can_always_be_finished(definition: Definition) -> None:
    try:
        check_definition(definition)
    except BrokenDefinition:
        return
    reached, todo = {definition.start.name}, [definition.start.name]
    while todo:
        for transition in definition.leaving(todo.pop()):
            if transition.target not in reached:
                reached.add(transition.target)
                todo.append(transition.target)
    assert reached == set(definition.by_name)
    for name in reached:
        ahead, todo = {name}, [name]
        while todo:
            targets = {t.target for t in definition.leaving(todo.pop())} - ahead
            ahead |= targets
            todo += targets
        assert any(definition.by_name[state].is_end for state in ahead)
