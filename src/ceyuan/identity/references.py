"""What upper rooms may know of people and organisations: small frozen values, fetched together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ceyuan.identity.access.credential import Credential
from ceyuan.identity.access.gate import Gate
from ceyuan.identity.access.loading import credential_of_token, load_person
from ceyuan.identity.errors import OrganisationNotFound, PersonNotFound
from ceyuan.identity.organisations import repository as organisations
from ceyuan.identity.organisations.tables import Organisation
from ceyuan.identity.people import repository as people
from ceyuan.identity.people.tables import Person
from ceyuan.identity.tokens.tables import Token
from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor, Role
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.ids import is_id
from ceyuan.kernel.jobs import ActorResolver
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person. `state` is active, suspended or erased; `org_id` is the personal organisation."""

    id: str
    name: str
    display_name: str
    email: str | None
    language: str
    org_id: str
    state: str


@dataclass(frozen=True, slots=True)
class OrganisationRef:
    """An organisation; of kind `personal` for a person's namespace. `name` is its owner name in addresses."""

    id: str
    name: str
    display_name: str
    kind: str
    is_verified: bool
    is_open: bool


def _person(row: Person) -> PersonRef:
    return PersonRef(row.id, row.name, row.display_name, row.email, row.language, row.org_id, row.state)


def _organisation(row: Organisation) -> OrganisationRef:
    return OrganisationRef(
        row.id, row.name, row.display_name, row.kind, row.verified_at is not None, row.closed_at is None
    )


async def get_person(uow: UnitOfWork, reference: str) -> PersonRef:
    """The person with this id or name, former names too; raises `PersonNotFound`."""
    return _person(await people.find(uow.session, reference))


async def get_organisation(uow: UnitOfWork, reference: str) -> OrganisationRef:
    """The open organisation with this id or name, former names too; raises `OrganisationNotFound`. Whether the actor
    may know of it is for the caller to ask (`actor.require_role`)."""
    return _organisation(await organisations.find(uow.session, reference))


async def require_role_in(uow: UnitOfWork, org_id: str, role: Role = "viewer") -> None:
    """Raise unless the actor holds `role` in the organisation, and this is there and open: administrators and the
    platform hold every role in any, so that for them alone it is looked up.

    Raises what `Actor.require_role` does, and `OrganisationNotFound`.
    """
    uow.actor.require_role(org_id, role)
    if org_id not in uow.actor.roles:
        found = await organisations.get(uow.session, org_id)
        if found.closed_at is not None:
            raise OrganisationNotFound()


async def org_by_name(uow: UnitOfWork, name: str) -> OrganisationRef | None:
    """The open organisation that bears, or gave up, this owner name."""
    try:
        return _organisation(await organisations.find(uow.session, name)) if not is_id(name) else None
    except OrganisationNotFound:
        return None


async def people_by_id(uow: UnitOfWork, ids: Iterable[str]) -> dict[str, PersonRef]:
    """The people with these ids, erased ones too."""
    return {key: _person(row) for key, row in (await people.many(uow.session, set(ids))).items()}


async def organisations_by_id(uow: UnitOfWork, ids: Iterable[str]) -> dict[str, OrganisationRef]:
    """The organisations with these ids, closed ones too."""
    return {key: _organisation(row) for key, row in (await organisations.many(uow.session, set(ids))).items()}


async def resolve_names(uow: UnitOfWork, ids: Iterable[str]) -> dict[str, str]:
    """Display names of people, organisations and service tokens by their ids, for lists; unknown ids are left out."""
    wanted = set(ids)
    out = {key: ref.display_name for key, ref in (await people_by_id(uow, wanted)).items()}
    out |= {key: ref.display_name for key, ref in (await organisations_by_id(uow, wanted)).items()}
    for token_id in sorted(i for i in wanted if is_id(i, "tok")):
        token = await uow.session.get(Token, token_id)
        if token is not None:
            out[token_id] = token.name
    return out


async def organisations_of(uow: UnitOfWork, person_id: str) -> list[tuple[OrganisationRef, Role]]:
    """The open organisations of a person with the role held there; the personal one leads."""
    rows = await organisations.memberships_of(uow.session, person_id)
    return [(_organisation(org), member.role) for member, org in rows]  # type: ignore[misc]


async def member_ids(uow: UnitOfWork, org_id: str, roles: Sequence[Role] = ("maintainer", "owner")) -> list[str]:
    """The ids of the members who hold one of these roles."""
    return await organisations.person_ids_with(uow.session, org_id, roles)


async def first_admin_actor(uow: UnitOfWork) -> Actor:
    """The actor of the longest-standing active administrator; raises `PersonNotFound` where there is none."""
    ids = await people.admin_ids(uow.session)
    if not ids:
        raise PersonNotFound()
    return await actor_for(uow, ids[0])


async def people_with_duty(uow: UnitOfWork, duty: str) -> list[PersonRef]:
    """Active people who hold a platform duty; workflows choose reviewers from them."""
    rows = await people.many(uow.session, await people.ids_with_duty(uow.session, duty))
    return [_person(row) for _, row in sorted(rows.items())]


async def team_ids_of(uow: UnitOfWork, person_id: str) -> list[str]:
    """The ids of all teams that a person is in."""
    return await organisations.team_ids_of(uow.session, person_id)


async def actor_for(uow: UnitOfWork, actor_id: str) -> Actor:
    """Who this id stands for, with today's rights; raises `Forbidden` for suspended people and revoked tokens."""
    if actor_id == SYSTEM.id:
        return SYSTEM
    if is_id(actor_id, "per"):
        person = await people.get(uow.session, actor_id)
        if person.state == "active":
            return (await load_person(uow.session, person))[0]
    elif is_id(actor_id, "tok"):
        token = await uow.session.get(Token, actor_id)
        found = await credential_of_token(uow.session, token) if token is not None else None
        if found is not None and not found.is_over(uow.clock.now()):
            return found.actor
    elif actor_id == ANONYMOUS.id:
        return ANONYMOUS
    raise Forbidden(("该账号或令牌已停用", "this account or token is no longer active"), actor_id=actor_id)


class JobActors(ActorResolver):
    """Lets jobs run as who submitted them."""

    async def actor(self, platform: Platform, actor_id: str) -> Actor:
        """The actor with today's rights."""
        async with platform.work(write=False) as uow:
            return await actor_for(uow, actor_id)


async def verify_token(platform: Platform, plain: str) -> Actor:
    """Who presents this access token; from memory where it can be. Raises `TokenRejected`."""
    return (await token_credential(platform, plain)).actor


async def token_credential(platform: Platform, plain: str) -> Credential:
    """The same with id, expiry and the one organisation (`org_id`) that the token is bound to, for byte paths that
    keep a cache of their own; they drop it on `identity.token_revoked` and its like (see `CREDENTIAL_TOPICS`)."""
    (gate,) = platform.find(Gate)
    return await gate.token(plain)


def credential_changes(platform: Platform) -> Callable[[], int]:
    """What tells a cache of credentials whether it may still be right: a number that grows with every change."""
    (gate,) = platform.find(Gate)
    return lambda: gate.changes
