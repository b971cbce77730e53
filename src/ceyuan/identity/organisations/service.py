"""Use cases of organisations: found, show, change, rename, close."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from ceyuan.identity.errors import OrganisationNotFound, PersonalOrganisation
from ceyuan.identity.names import clean_text
from ceyuan.identity.organisations import repository
from ceyuan.identity.organisations.founding import add_membership, add_organisation, change_name, required_text
from ceyuan.identity.organisations.kinds import check_credit_code
from ceyuan.identity.organisations.tables import Organisation
from ceyuan.identity.settings import IdentitySettings
from ceyuan.identity.telling import tell
from ceyuan.kernel.actor import Role
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

SORTS = {"name": Organisation.name_key, "created_at": Organisation.created_at}


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """An organisation as the actor sees it; `credit_code`, `member_count` and `role` are for its members."""

    id: str
    name: str
    display_name: str
    kind: str
    description: str
    website: str
    is_listed: bool
    verified_at: datetime | None
    created_at: datetime
    credit_code: str | None
    member_count: int | None
    role: Role | None


async def view(uow: UnitOfWork, org: Organisation) -> OrganisationView:
    """What the actor may see of `org`."""
    inside = uow.actor.is_known and uow.actor.may(org.id)
    return OrganisationView(
        id=org.id,
        name=org.name,
        display_name=org.display_name,
        kind=org.kind,
        description=org.description,
        website=org.website,
        is_listed=org.is_listed,
        verified_at=org.verified_at,
        created_at=org.created_at,
        credit_code=org.credit_code if inside else None,
        member_count=await repository.count_members(uow.session, org.id) if inside else None,
        role=uow.actor.roles.get(org.id),
    )


async def found_organisation(
    uow: UnitOfWork, *, name: str, display_name: str, kind: str, credit_code: str | None = None, **fields: Any
) -> Organisation:
    """Found an organisation; the person who does becomes its first owner."""
    actor = uow.actor
    actor.require_known()
    if actor.kind != "person":
        raise Forbidden(("只有个人可以创建组织", "only a person can found an organisation"))
    if uow.platform.section(IdentitySettings).organisations_by == "administrators" and not actor.is_admin:
        raise Forbidden(
            ("本平台由管理员创建组织", "on this platform administrators found organisations"),
            hint=("请联系平台管理员", "ask an administrator"),
        )
    row = await add_organisation(
        uow,
        name=name,
        display_name=display_name,
        kind=kind,
        credit_code=check_credit_code(credit_code) if credit_code else None,
        **_cleaned(fields),
    )
    await add_membership(uow, row.id, actor.id, "owner")
    await uow.audit("identity.organisation_found", row.id, row.id, name=name, kind=kind)
    return row


async def find_visible(uow: UnitOfWork, reference: str) -> Organisation:
    """The organisation by id or name: listed ones for everybody, others for members."""
    org = await repository.find(uow.session, reference)
    if org.is_listed or (uow.actor.is_known and uow.actor.may(org.id)):
        return org
    raise OrganisationNotFound()


async def list_organisations(
    uow: UnitOfWork, paging: PageRequest, *, kind: str | None, q: str | None, mine: bool
) -> Rows[OrganisationView]:
    """Listed organisations, or with `mine` those the actor belongs to (the personal one too)."""
    query: Select[Organisation] = select(Organisation).where(Organisation.closed_at.is_(None))
    if mine:
        uow.actor.require_known()
        query = query.where(Organisation.id.in_(list(uow.actor.roles)))
    else:
        query = query.where(Organisation.kind != "personal")
        if not uow.actor.is_admin:
            query = query.where(or_(Organisation.is_listed, Organisation.id.in_(list(uow.actor.roles))))
    if kind:
        query = query.where(Organisation.kind == kind)
    if q:
        pattern = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(
            or_(
                Organisation.name_key.like(f"%{pattern.casefold()}%", escape="\\"),
                Organisation.display_name.ilike(f"%{pattern}%", escape="\\"),
            )
        )
    rows = await fetch_page(uow.session, query, paging, key=Organisation.id, sorts=SORTS, default="name")
    return Rows([await view(uow, row) for row in rows.items], rows.next)


async def change_organisation(uow: UnitOfWork, reference: str, changes: dict[str, Any]) -> Organisation:
    """Change the profile; a changed credit code loses its verification."""
    org = await repository.find(uow.session, reference, lock=True)
    uow.actor.require_role(org.id, "owner")
    if "credit_code" in changes:
        code = check_credit_code(changes["credit_code"]) if changes["credit_code"] else None
        if code != org.credit_code:
            org.credit_code, org.verified_at = code, None
    if "is_listed" in changes:
        org.is_listed = changes["is_listed"]
    if "kind" in changes and changes["kind"] != org.kind:
        if org.kind == "personal":
            raise PersonalOrganisation()
        org.kind, org.verified_at = changes["kind"], None
    for field, value in _cleaned(changes).items():
        setattr(org, field, value)
    await uow.audit("identity.organisation_change", org.id, org.id, fields=sorted(changes))
    await tell(uow, "identity.organisation_changed", org_id=org.id)
    return org


def _cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if "display_name" in fields:
        out["display_name"] = required_text(fields["display_name"], ("显示名称", "display name"))
    if "description" in fields:
        out["description"] = clean_text(fields["description"], lines=True)
    if "website" in fields:
        out["website"] = fields["website"]
    return out


async def rename_organisation(uow: UnitOfWork, reference: str, name: str) -> Organisation:
    """Give the organisation another name; old addresses go on leading to it."""
    org = await repository.find(uow.session, reference, lock=True)
    uow.actor.require_role(org.id, "owner")
    if org.kind == "personal":
        raise PersonalOrganisation(hint=("请修改用户名", "change your own name instead"))
    former = org.name
    await change_name(uow, org, name)
    await uow.audit("identity.organisation_rename", org.id, org.id, name=name, former=former)
    return org


async def close_organisation(uow: UnitOfWork, reference: str) -> None:
    """Close it: it vanishes from lists and roles, its name stays taken, its records stay for the auditors."""
    org = await repository.find(uow.session, reference, lock=True)
    uow.actor.require_role(org.id, "owner")
    if org.kind == "personal":
        raise PersonalOrganisation()
    org.closed_at = uow.clock.now()
    await uow.audit("identity.organisation_close", org.id, org.id)
    await tell(uow, "identity.organisation_closed", org_id=org.id)


async def verify_organisation(uow: UnitOfWork, reference: str, *, verified: bool) -> Organisation:
    """Staff confirm (or withdraw) that the organisation is who it says."""
    uow.actor.require_duty("operator")
    org = await repository.find(uow.session, reference, lock=True)
    if org.kind == "personal":
        raise PersonalOrganisation()
    org.verified_at = uow.clock.now() if verified else None
    await uow.audit("identity.organisation_verify", org.id, org.id, verified=verified)
    await tell(uow, "identity.organisation_changed", org_id=org.id)
    return org
