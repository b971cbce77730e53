"""Accounts made and changed: what sign-up, invitations, single sign-on and administration share."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.exc import IntegrityError

from ceyuan.identity.errors import EmailTaken, NameTaken
from ceyuan.identity.names import clean_text, name_key
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.organisations.founding import add_membership, add_organisation, change_name, required_text
from ceyuan.identity.people import repository
from ceyuan.identity.people.tables import Person
from ceyuan.identity.telling import tell
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

_EMAIL = re.compile(r"^[^@\s\"(),:;<>\[\]\\]{1,64}@(?:[^@\s.\"(),:;<>\[\]\\]{1,63}\.)+[^@\s.\"(),:;<>\[\]\\]{2,63}\Z")
_PERSONAL_KIND = "personal"


def check_email(email: str) -> str:
    """Return the address trimmed, or raise `Invalid` if no mail could reach it."""
    text = email.strip()
    if len(text) > 254 or not _EMAIL.fullmatch(text) or any(ord(c) < 33 for c in text):
        raise Invalid(("邮箱地址无效", "this is not an e-mail address"))
    return text


async def add_person(
    uow: UnitOfWork,
    *,
    name: str,
    display_name: str,
    email: str | None,
    password_hash: str | None,
    language: str = "zh",
    email_confirmed: bool = False,
    official: bool = False,
) -> Person:
    """A new account with its personal organisation; publishes `identity.person_created`.

    Raises `NameTaken`, `NameReserved`, `NameInvalid`, `EmailTaken`.
    """
    shown = required_text(display_name or name, ("显示名称", "display name"))
    address = await _free_email(uow, email) if email else None
    org = await add_organisation(
        uow, name=name, display_name=shown, kind=_PERSONAL_KIND, is_listed=False, official=official
    )
    now = uow.clock.now()
    person = Person(
        id=new_id("per"),
        org_id=org.id,
        name=name,
        name_key=name_key(name),
        display_name=shown,
        email=address,
        email_key=repository.email_key(address) if address else None,
        email_confirmed_at=now if address and email_confirmed else None,
        password_hash=password_hash,
        password_changed_at=now if password_hash else None,
        language=language,
        created_at=now,
    )
    uow.session.add(person)
    await _flush(uow, name)
    await add_membership(uow, org.id, person.id, "owner")
    await tell(uow, "identity.person_created", person_id=person.id, org_id=org.id)
    return person


async def _free_email(uow: UnitOfWork, email: str, *, person_id: str | None = None) -> str:
    address = check_email(email)
    holder = await repository.by_email(uow.session, address)
    if holder is not None and holder.id != person_id:
        raise EmailTaken()
    return address


async def _flush(uow: UnitOfWork, name: str) -> None:
    try:
        await uow.session.flush()
    except IntegrityError as error:
        if "email" in str(error.orig).lower():
            raise EmailTaken() from error
        raise NameTaken((f"名称“{name}”已被使用", f"the name “{name}” is taken")) from error


async def rename_person(uow: UnitOfWork, person: Person, name: str) -> None:
    """Rename the person and the personal namespace; the old name leads to the new one."""
    org = await organisations.get(uow.session, person.org_id, lock=True)
    await change_name(uow, org, name)
    person.name, person.name_key = name, name_key(name)
    await _flush(uow, name)


async def set_email(uow: UnitOfWork, person: Person, email: str | None, *, confirmed: bool) -> None:
    """Set the address; raises `EmailTaken`."""
    address = await _free_email(uow, email, person_id=person.id) if email else None
    person.email = address
    person.email_key = repository.email_key(address) if address else None
    person.email_confirmed_at = uow.clock.now() if address and confirmed else None
    await _flush(uow, person.name)


async def change_profile(uow: UnitOfWork, person: Person, changes: dict[str, Any]) -> None:
    """Apply changes of display name, affiliation, bio, language and wish for mail."""
    if "display_name" in changes:
        person.display_name = required_text(changes["display_name"], ("显示名称", "display name"))
        org = await organisations.get(uow.session, person.org_id)
        org.display_name = person.display_name
    if "affiliation" in changes:
        person.affiliation = clean_text(changes["affiliation"])
    if "bio" in changes:
        person.bio = clean_text(changes["bio"], lines=True)
    if "language" in changes:
        person.language = changes["language"]
    if "wants_mail" in changes:
        person.wants_mail = changes["wants_mail"]
    await told(uow, person)


async def told(uow: UnitOfWork, person: Person) -> None:
    """Publish `identity.person_changed`: caches forget what they know of the person."""
    await tell(uow, "identity.person_changed", person_id=person.id)
