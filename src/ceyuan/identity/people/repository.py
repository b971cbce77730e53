"""All SQL of people."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.identity.errors import PersonNotFound
from ceyuan.identity.names import name_key
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.people.tables import Person, PersonDuty
from ceyuan.kernel.ids import is_id


def email_key(email: str) -> str:
    """The form under which an address is unique: lower case."""
    return email.strip().casefold()


async def get(session: AsyncSession, person_id: str, *, lock: bool = False) -> Person:
    """The person with this id; raises `PersonNotFound`."""
    found = await session.get(Person, person_id, with_for_update=lock or None)
    if found is None:
        raise PersonNotFound()
    return found


async def find(session: AsyncSession, reference: str) -> Person:
    """The person that `reference` (id or name) means, not an erased one; raises `PersonNotFound`."""
    found = await session.get(Person, reference) if is_id(reference, "per") else await by_name(session, reference)
    if found is None or found.state == "erased":
        raise PersonNotFound()
    return found


async def by_name(session: AsyncSession, name: str) -> Person | None:
    """The person who bears, or gave up, this name."""
    found: Person | None = await session.scalar(select(Person).where(Person.name_key == name_key(name)))
    if found is None and (org := await organisations.by_name(session, name)) is not None:
        found = await session.scalar(select(Person).where(Person.org_id == org.id))
    return found


async def by_email(session: AsyncSession, email: str) -> Person | None:
    found: Person | None = await session.scalar(select(Person).where(Person.email_key == email_key(email)))
    return found


async def by_sign_in(session: AsyncSession, name_or_email: str) -> Person | None:
    """The person who signs in with this name or e-mail address."""
    text = name_or_email.strip()
    return await by_email(session, text) if "@" in text else await by_name(session, text)


async def many(session: AsyncSession, ids: Iterable[str]) -> dict[str, Person]:
    """The people with these ids, erased ones too."""
    rows = await session.scalars(select(Person).where(Person.id.in_(list(ids))))
    return {row.id: row for row in rows}


async def duties_of(session: AsyncSession, person_id: str) -> frozenset[str]:
    return frozenset(await session.scalars(select(PersonDuty.duty).where(PersonDuty.person_id == person_id)))


async def duties_of_many(session: AsyncSession, ids: Iterable[str]) -> dict[str, list[str]]:
    """Sorted duties by person id."""
    rows = await session.execute(
        select(PersonDuty.person_id, PersonDuty.duty)
        .where(PersonDuty.person_id.in_(list(ids)))
        .order_by(PersonDuty.duty)
    )
    out: dict[str, list[str]] = {}
    for person_id, duty in rows:
        out.setdefault(person_id, []).append(duty)
    return out


async def ids_with_duty(session: AsyncSession, duty: str) -> list[str]:
    """Active people who hold the office."""
    rows = await session.scalars(
        select(PersonDuty.person_id)
        .join(Person, Person.id == PersonDuty.person_id)
        .where(PersonDuty.duty == duty, Person.state == "active")
        .order_by(PersonDuty.person_id)
    )
    return list(rows)


async def admin_ids(session: AsyncSession, *, lock: bool = False) -> list[str]:
    """Active administrators; with `lock` they stay so until the commit: two of them must not unmake each other."""
    query = select(Person.id).where(Person.is_admin, Person.state == "active").order_by(Person.id)
    return list(await session.scalars(query.with_for_update() if lock else query))


async def any_admin(session: AsyncSession) -> bool:
    return bool(await session.scalar(select(exists().where(Person.is_admin, Person.state != "erased"))))


async def drop_duties(session: AsyncSession, person_id: str) -> None:
    await session.execute(delete(PersonDuty).where(PersonDuty.person_id == person_id))


def matching(text: str) -> ColumnElement[bool]:
    """The condition that a person's name or display name begins with `text`, whatever the case."""
    pattern = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return or_(
        Person.name_key.like(f"{pattern.casefold()}%", escape="\\"),
        func.lower(Person.display_name).like(f"%{pattern.lower()}%", escape="\\"),
    )
