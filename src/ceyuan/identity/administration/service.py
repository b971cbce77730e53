"""Use cases of administrators on accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ceyuan.identity.access.credential import require_admin
from ceyuan.identity.origin import link as absolute
from ceyuan.identity.passwords.service import reset_link
from ceyuan.identity.people import repository
from ceyuan.identity.people.accounts import add_person, told
from ceyuan.identity.people.duties import check_duties
from ceyuan.identity.people.tables import Person, PersonDuty
from ceyuan.identity.second_factor import service as second_factor
from ceyuan.identity.sessions.service import end_sessions
from ceyuan.identity.tokens.service import revoke_all
from ceyuan.kernel.errors import Conflict
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as administrators see it."""

    id: str
    name: str
    display_name: str
    email: str | None
    email_confirmed: bool
    affiliation: str
    state: str
    is_admin: bool
    duties: list[str]
    has_password: bool
    second_factor: bool
    created_at: datetime


async def _views(uow: UnitOfWork, rows: list[Person]) -> list[AccountView]:
    duties = await repository.duties_of_many(uow.session, [p.id for p in rows])
    return [
        AccountView(
            id=p.id,
            name=p.name,
            display_name=p.display_name,
            email=p.email,
            email_confirmed=p.email_confirmed_at is not None,
            affiliation=p.affiliation,
            state=p.state,
            is_admin=p.is_admin,
            duties=duties.get(p.id, []),
            has_password=p.password_hash is not None,
            second_factor=await second_factor.is_on(uow.session, p.id),
            created_at=p.created_at,
        )
        for p in rows
    ]


async def list_accounts(
    uow: UnitOfWork, paging: PageRequest, *, q: str | None, state: str | None, duty: str | None, admins: bool
) -> Rows[AccountView]:
    """Accounts, by name, state, duty, or administrators only."""
    require_admin(uow.actor)
    query = select(Person)
    if q:
        query = query.where(repository.matching(q))
    if state:
        query = query.where(Person.state == state)
    if admins:
        query = query.where(Person.is_admin)
    if duty:
        query = query.where(Person.id.in_(select(PersonDuty.person_id).where(PersonDuty.duty == duty)))
    sorts = {"name": Person.name_key, "created_at": Person.created_at}
    rows = await fetch_page(uow.session, query, paging, key=Person.id, sorts=sorts, default="name")
    return Rows(await _views(uow, list(rows.items)), rows.next)


async def get_account(uow: UnitOfWork, reference: str) -> AccountView:
    """One account."""
    require_admin(uow.actor)
    return (await _views(uow, [await repository.find(uow.session, reference)]))[0]


async def create_account(
    uow: UnitOfWork, *, name: str, display_name: str, email: str | None, language: str
) -> tuple[AccountView, str]:
    """An account, and the link by which its person sets the first password."""
    require_admin(uow.actor)
    person = await add_person(
        uow, name=name, display_name=display_name, email=email, password_hash=None, language=language
    )
    await uow.audit("identity.account_create", person.id)
    path = await reset_link(uow, person)
    return (await _views(uow, [person]))[0], absolute(uow.platform, path)


async def change_account(
    uow: UnitOfWork,
    reference: str,
    *,
    state: str | None = None,
    is_admin: bool | None = None,
    duties: list[str] | None = None,
) -> AccountView:
    """Suspend or readmit, make or unmake an administrator, set the duties. The last administrator stays one."""
    require_admin(uow.actor)
    unmade = state == "suspended" or is_admin is False
    # All administrators are locked first, in one order: two who unmake each other wait, and the second is refused.
    admins = await repository.admin_ids(uow.session, lock=True) if unmade else []
    person = await repository.find(uow.session, reference)
    await uow.session.refresh(person, with_for_update=True)
    if unmade and admins == [person.id]:
        raise Conflict(("这是最后一名管理员", "this is the last administrator"))
    if state is not None and state != person.state:
        person.state = state
        if state == "suspended":
            await end_sessions(uow, person.id)
        await uow.audit(f"identity.account_{state}", person.id)
    if is_admin is not None and is_admin != person.is_admin:
        person.is_admin = is_admin
        await uow.audit("identity.account_admin", person.id, is_admin=is_admin)
    if duties is not None:
        await _set_duties(uow, person, check_duties(uow.platform, set(duties)))
    await uow.session.flush()
    await told(uow, person)
    return (await _views(uow, [person]))[0]


async def _set_duties(uow: UnitOfWork, person: Person, wanted: set[str]) -> None:
    held = await repository.duties_of(uow.session, person.id)
    for duty in sorted(held - wanted):
        row = await uow.session.get_one(PersonDuty, (person.id, duty))
        await uow.session.delete(row)
    for duty in sorted(wanted - held):
        uow.session.add(PersonDuty(person_id=person.id, duty=duty, granted_by=uow.actor.id, granted_at=uow.clock.now()))
    if held != wanted:
        await uow.audit("identity.account_duties", person.id, duties=sorted(wanted))


async def make_reset_link(uow: UnitOfWork, reference: str) -> str:
    """A link for a new password, to be handed to the person; for platforms without mail."""
    require_admin(uow.actor)
    person = await repository.find(uow.session, reference)
    await uow.audit("identity.account_reset_link", person.id)
    return absolute(uow.platform, await reset_link(uow, person))


async def sign_out_everywhere(uow: UnitOfWork, reference: str, *, tokens: bool) -> int:
    """End all sessions of a person, and with `tokens` revoke all tokens too; returns how many sessions ended."""
    require_admin(uow.actor)
    person = await repository.find(uow.session, reference)
    ended = await end_sessions(uow, person.id)
    if tokens:
        await revoke_all(uow, person_id=person.id)
    await uow.audit("identity.account_sign_out", person.id, sessions=ended, tokens=tokens)
    return ended


async def remove_second_factor(uow: UnitOfWork, reference: str) -> None:
    """Switch a person's one-time codes off, who lost both app and recovery codes."""
    require_admin(uow.actor)
    person = await repository.find(uow.session, reference)
    await second_factor.switch_off(uow, person.id)
