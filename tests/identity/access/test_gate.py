"""The gate: credentials from memory, and what makes it forget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from ceyuan.identity import actor_for, issue_service
from ceyuan.identity.access.gate import Gate
from ceyuan.identity.organisations.members import change_role, remove_member
from ceyuan.identity.people import repository
from ceyuan.identity.people.accounts import told
from ceyuan.identity.sessions.tables import Session
from ceyuan.identity.tokens.service import revoke_row
from ceyuan.identity.tokens.tables import Token
from ceyuan.kernel.actor import ANONYMOUS, SYSTEM
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.jobs import ActorResolver
from ceyuan.kernel.platform import Platform
from tests.identity.actors import Browser, People
from tests.identity.conftest import Open

SignedIn = Callable[..., Awaitable[Browser]]


@contextmanager
def counted_queries(platform: Platform) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile, but for the dispatcher's own."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement != "BEGIN" and "outbox_event" not in statement and "event_delivery" not in statement:
            seen.append(statement)

    engines = {platform.database._reader.sync_engine, platform.database._writer.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def test_a_known_credential_costs_no_query(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform
) -> None:
    li, program = await signed_in("li"), browser(token=await people.token("li"))
    for each in (li, program):
        await each.get("/me")
    with counted_queries(platform) as queries:
        for each in (li, program) * 5:
            assert (await each.get("/me")).status_code == 200
    assert queries == []


async def test_a_token_without_the_right_check_characters_costs_no_query(browser: Open, platform: Platform) -> None:
    with counted_queries(platform) as queries:
        await browser(token="cyk_" + "a" * 42).get("/me")
    assert queries == []


async def test_times_of_use_are_written_together(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform, clock: ManualClock
) -> None:
    li, program = await signed_in("li"), browser(token=await people.token("li"))
    clock.advance(timedelta(minutes=5))
    for each in (li, program) * 3:
        await each.get("/me")
    (gate,) = platform.find(Gate)
    with counted_queries(platform) as queries:
        await gate.usage.flush()
        await gate.usage.flush()
    assert len([q for q in queries if q.startswith("UPDATE")]) == 2
    async with platform.work(write=False) as uow:
        assert await uow.session.scalar(select(Token.used_at)) == clock.now()
        assert await uow.session.scalar(select(Session.seen_at)) == clock.now()


async def test_times_of_use_survive_a_failed_write(
    browser: Open, people: People, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = browser(token=await people.token("li"))
    await program.get("/me")
    (gate,) = platform.find(Gate)

    async def fail(*_rows: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(gate.usage, "_write", fail)
        with pytest.raises(OSError, match="disk"):
            await gate.usage.flush()
    await gate.usage.flush()
    async with platform.work(write=False) as uow:
        assert await uow.session.scalar(select(Token.used_at)) is not None


async def test_a_lost_role_is_lost_at_once(browser: Open, people: People, platform: Platform) -> None:
    await people.organisation("acme", boss="owner", li="maintainer")
    program = browser(token=await people.token("li"))
    assert (await program.get("/organisations/acme/invitations")).status_code == 200
    boss = await people.actor("boss")
    async with platform.work(boss) as uow:
        await change_role(uow, "acme", "li", "viewer")
    assert (await program.get("/organisations/acme/invitations")).status_code == 403
    async with platform.work(boss) as uow:
        await remove_member(uow, "acme", "li")
    assert (await program.get("/organisations/acme/members")).status_code == 404


async def test_what_is_rolled_back_is_not_forgotten(browser: Open, people: People, platform: Platform) -> None:
    secret = await people.token("li")
    program = browser(token=secret)
    await program.get("/me")

    async def fail_after_revoking() -> None:
        async with platform.work() as uow:
            await revoke_row(uow, (await uow.session.scalars(select(Token))).one())
            raise RuntimeError("the request fails")

    with pytest.raises(RuntimeError):
        await fail_after_revoking()
    with counted_queries(platform) as queries:
        assert (await program.get("/me")).status_code == 200
    assert queries == []


async def test_a_change_in_another_process_is_heard_through_the_outbox(
    browser: Open, people: People, platform: Platform
) -> None:
    program = browser(token=await people.token("li"))
    await program.get("/me")
    async with platform.work() as uow:
        token = (await uow.session.scalars(select(Token))).one()
        token.revoked_at = uow.clock.now()
        await uow.publish("identity.token_revoked", token_id=token.id)
    await platform.dispatcher.drain()
    assert (await program.get("/me")).status_code == 401


async def test_a_lookup_that_crosses_a_change_is_not_remembered(
    people: People, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ceyuan.identity.access import gate as module

    secret = await people.token("li")
    (gate,) = platform.find(Gate)
    load, crossing = module.load_token, asyncio.Event()

    async def slow(*arguments: object) -> object:
        found = await load(*arguments)  # type: ignore[arg-type]
        await crossing.wait()
        return found

    monkeypatch.setattr(module, "load_token", slow)
    looking = asyncio.create_task(gate.token(secret))
    await asyncio.sleep(0.05)
    async with platform.work() as uow:
        await revoke_row(uow, (await uow.session.scalars(select(Token))).one())
    crossing.set()
    await looking
    with pytest.raises(module.TokenRejected):
        await gate.token(secret)


async def test_a_suspended_person_s_tokens_and_sessions_stop(
    signed_in: SignedIn, browser: Open, people: People, platform: Platform
) -> None:
    li, program = await signed_in("li"), browser(token=await people.token("li"))
    for each in (li, program):
        await each.get("/me")
    async with platform.work() as uow:
        person = await repository.find(uow.session, "li")
        person.state = "suspended"
        await told(uow, person)
    assert [(await each.get("/me")).status_code for each in (li, program)] == [401, 401]


async def test_memory_stays_bounded(people: People, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    from ceyuan.identity.access import gate as module

    monkeypatch.setattr(module, "CAPACITY", 3)
    (gate,) = platform.find(Gate)
    for _ in range(6):
        await gate.token(await people.token("li"))
    assert len(gate._known) <= 3


async def test_jobs_run_as_who_submitted_them_with_today_s_rights(people: People, platform: Platform) -> None:
    await people.organisation("acme", li="owner")
    li = await people.actor("li")
    async with platform.work(li) as uow:
        service = await issue_service(uow, "acme", name="loader", role="member", scopes=["hub:write"])
    (resolver,) = platform.find(ActorResolver)
    assert (await resolver.actor(platform, li.id)).roles == li.roles
    actor = await resolver.actor(platform, service.token.id)
    assert (actor.kind, actor.scopes) == ("service", frozenset({"hub:write"}))
    assert await resolver.actor(platform, "system") is SYSTEM
    assert await resolver.actor(platform, "anonymous") is ANONYMOUS
    async with platform.work() as uow:
        await revoke_row(uow, await uow.session.get_one(Token, service.token.id))
    with pytest.raises(Forbidden):
        await resolver.actor(platform, service.token.id)
    with pytest.raises(Forbidden):
        async with platform.work() as uow:
            await actor_for(uow, "nonsense")
