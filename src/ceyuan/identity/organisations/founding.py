"""Names claimed and organisations made: what sign-up, founding and renaming share."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import IntegrityError

from ceyuan.identity.errors import NameTaken
from ceyuan.identity.names import check_name, clean_text, name_key
from ceyuan.identity.organisations import repository
from ceyuan.identity.organisations.tables import FormerName, Membership, Organisation
from ceyuan.identity.telling import tell
from ceyuan.kernel.actor import Role
from ceyuan.kernel.errors import Invalid, Text
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork


async def claim_name(uow: UnitOfWork, name: str, *, holder: str | None = None, official: bool = False) -> str:
    """Return `name` if it may be borne and nobody else bears or bore it; `holder` is the organisation that may
    take back a name of its own. Raises `NameInvalid`, `NameReserved` or `NameTaken`."""
    check_name(uow.platform, name, official=official)
    found = await repository.name_holder(uow.session, name)
    if found is not None and found != holder:
        raise NameTaken((f"名称“{name}”已被使用", f"the name “{name}” is taken"))
    return name


async def add_organisation(
    uow: UnitOfWork, *, name: str, display_name: str, kind: str, official: bool = False, **fields: Any
) -> Organisation:
    """A new organisation without members; publishes `identity.organisation_created`."""
    await claim_name(uow, name, official=official)
    row = Organisation(
        id=new_id("org"),
        name=name,
        name_key=name_key(name),
        display_name=required_text(display_name, ("显示名称", "display name")),
        kind=kind,
        created_at=uow.clock.now(),
        **fields,
    )
    uow.session.add(row)
    await flush_named(uow, name)
    await tell(uow, "identity.organisation_created", org_id=row.id, name=row.name, kind=row.kind)
    return row


async def add_membership(uow: UnitOfWork, org_id: str, person_id: str, role: Role) -> Membership:
    """Make a person a member; publishes `identity.membership_changed`."""
    row = Membership(id=new_id("mem"), org_id=org_id, person_id=person_id, role=role, created_at=uow.clock.now())
    uow.session.add(row)
    await uow.session.flush()
    await tell(uow, "identity.membership_changed", org_id=org_id, person_id=person_id, role=role)
    return row


async def change_name(uow: UnitOfWork, org: Organisation, name: str) -> None:
    """Rename; the old name leads here for ever. Publishes `identity.organisation_renamed`."""
    await claim_name(uow, name, holder=org.id)
    former, key = org.name, name_key(name)
    if key != org.name_key:
        taken_back = await uow.session.get(FormerName, key)
        if taken_back is not None:
            await uow.session.delete(taken_back)
        uow.session.add(FormerName(name_key=org.name_key, org_id=org.id, given_up_at=uow.clock.now()))
    org.name, org.name_key = name, key
    await flush_named(uow, name)
    await tell(uow, "identity.organisation_renamed", org_id=org.id, name=name, former=former)


async def flush_named(uow: UnitOfWork, name: str) -> None:
    """Write now, so that two who claim the same name at once get a clear answer."""
    try:
        await uow.session.flush()
    except IntegrityError as error:
        raise NameTaken((f"名称“{name}”已被使用", f"the name “{name}” is taken")) from error


def required_text(text: str, field: Text) -> str:
    """`text` cleaned; raises `Invalid` if nothing visible is left."""
    cleaned = clean_text(text)
    if not cleaned:
        raise Invalid((f"{field[0]}不能为空", f"the {field[1]} is empty"))
    return cleaned
