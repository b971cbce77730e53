"""What this room does for the kernel's workflows: reviewers, notices, to-dos, personal data."""

from __future__ import annotations

from sqlalchemy import select

from ceyuan.identity.notices.tables import Notice
from ceyuan.identity.workflows import AuditTrail, Reviewers, WorkflowPapers
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import Definition, State, Transition, start, transit, workflows
from ceyuan.kernel.workflow.tables import WorkflowMove
from tests.identity.actors import People

ASK = Definition(
    name="ask",
    version=1,
    title=("申请", "Request"),
    states=(
        State("open", ("待处理", "Open"), kind="start"),
        State("checked", ("已核", "Checked")),
        State("done", ("完成", "Done"), kind="good"),
    ),
    transitions=(
        Transition("check", ("核对", "Check"), ("open",), "checked", by=("org:member",)),
        Transition("finish", ("完成", "Finish"), ("checked",), "done", by=("duty:programme_officer",)),
    ),
)


async def notices(platform: Platform, person_id: str) -> list[Notice]:
    await platform.dispatcher.drain()
    async with platform.work(write=False) as uow:
        return list(await uow.session.scalars(select(Notice).where(Notice.person_id == person_id)))


async def test_a_step_asks_the_next_and_settles_what_was_asked(platform: Platform, people: People) -> None:
    workflows(platform).register(ASK)
    officer = await people.add("officer", duties=("programme_officer",))
    org_id = await people.organisation("lab", li="owner", wang="member")
    li, wang = await people.actor("li"), await people.actor("wang")
    async with platform.work(li) as uow:
        instance = await start(uow, "ask", "thing_1", title=("借用", "Loan"), org_id=org_id)
    async with platform.work(wang) as uow:
        await transit(uow, instance.id, "check")
    [asked] = await notices(platform, officer.id)
    assert (asked.is_todo, asked.title_en, asked.body_en) == (True, "Loan", "now: Checked")
    [told] = await notices(platform, li.id)
    assert told.is_todo is False
    async with platform.work(await people.actor("officer")) as uow:
        await transit(uow, instance.id, "finish")
    [asked] = await notices(platform, officer.id)
    assert asked.settled_at is not None


async def test_reviewers_come_with_their_organisations(platform: Platform, people: People) -> None:
    zhao = await people.add("zhao", duties=("reviewer",))
    org_id = await people.organisation("institute", zhao="member")
    async with platform.work(write=False) as uow:
        [found] = [candidate async for candidate in Reviewers().candidates(uow, "reviewer")]
    assert (found.person_id, found.label) == (zhao.id, "Zhao")
    assert org_id in found.org_ids


async def test_a_persons_steps_are_handed_out_and_lose_their_name(platform: Platform, people: People) -> None:
    workflows(platform).register(ASK)
    org_id = await people.organisation("lab", li="owner")
    li = await people.actor("li")
    async with platform.work(li) as uow:
        await start(uow, "ask", "thing_1", title=("借用", "Loan"), org_id=org_id)
    papers = WorkflowPapers()
    async with platform.work() as uow:
        files = {file.path: bytes(file.content) async for file in papers.export(uow, li.id)}  # type: ignore[arg-type]
        deeds = [bytes(file.content) async for file in AuditTrail().export(uow, li.id)]  # type: ignore[arg-type]
        await papers.erase(uow, li.id)
        await papers.erase(uow, li.id)
    assert b"thing_1" in files["instances.json"]
    assert b'"actor_label": "li"' in files["steps.json"]
    assert b"workflow.ask.start" in deeds[0]
    async with platform.work(write=False) as uow:
        [move] = await uow.session.scalars(select(WorkflowMove))
    assert (move.actor_label, move.actor_id) == ("—", li.id)
