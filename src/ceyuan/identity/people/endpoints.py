"""Routes of people: oneself, and others."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy import select

from ceyuan.identity.access.credential import Credential, credential_of, require_own_hands
from ceyuan.identity.errors import (
    EmailTaken,
    NameInvalid,
    NameReserved,
    NameTaken,
    OwnHandsOnly,
    PersonNotFound,
    SignInFailed,
    TooManyAttempts,
)
from ceyuan.identity.passwords.service import Passwords
from ceyuan.identity.people import accounts, repository, sign_up
from ceyuan.identity.people.schemas import MeOut, NewEmail, NewName, PersonOut, ProfileChange
from ceyuan.identity.people.tables import Person
from ceyuan.identity.sessions import cookies
from ceyuan.kernel.errors import Invalid, Unauthenticated
from ceyuan.kernel.pages import Page, fetch_page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1", tags=["people"])


def describe_me(found: Credential, csrf_token: str | None) -> dict[str, Any]:
    """The content of `MeOut`, from memory alone."""
    actor, profile = found.actor, found.profile
    common: dict[str, Any] = {
        "kind": actor.kind,
        "id": actor.id,
        "is_admin": actor.is_admin,
        "duties": sorted(actor.duties),
        "scopes": None if actor.scopes is None else sorted(actor.scopes),
        "session_id": found.id if found.kind == "session" else None,
        "expires_at": found.expires_at,
        "csrf_token": csrf_token,
        "impersonation": found.impersonation,
    }
    if profile is None:
        return common | {
            "name": actor.label,
            "display_name": actor.label,
            "email": None,
            "email_confirmed": False,
            "affiliation": "",
            "bio": "",
            "language": "zh",
            "wants_mail": False,
            "org_id": found.org_id,
            "organisations": [],
            "has_password": False,
            "second_factor": False,
        }
    fields = ("name", "display_name", "email", "email_confirmed", "affiliation", "bio", "language", "wants_mail")
    shown = {field: getattr(profile, field) for field in fields}
    places = [place for place in profile.places if place.id in actor.roles]
    return (
        common
        | shown
        | {
            "org_id": profile.org_id,
            "organisations": places,
            "has_password": profile.has_password,
            "second_factor": profile.second_factor,
        }
    )


@router.get("/me", response_model=MeOut, responses=problems(Unauthenticated))
async def get_me(actor: CurrentActor, platform: CurrentPlatform, request: Request) -> Any:
    """Say who sends the request and what they may do."""
    actor.require_known()
    found = credential_of(request)
    if found is None:
        raise Unauthenticated()
    secret = cookies.read(platform, request, cookies.SESSION) if found.kind == "session" else None
    return describe_me(found, cookies.csrf_token(secret) if secret else None)


@router.patch("/me", response_model=PersonOut, responses=problems(Unauthenticated, Invalid))
async def change_me(body: ProfileChange, uow: WriteWork) -> Person:
    """Change one's own profile."""
    person = await _own(uow)
    await accounts.change_profile(uow, person, body.model_dump(exclude_none=True))
    return person


async def _own(uow: WriteWork) -> Person:
    uow.actor.require_known()
    if uow.actor.kind != "person":
        raise OwnHandsOnly()
    return await repository.get(uow.session, uow.actor.id, lock=True)


@router.put(
    "/me/name",
    response_model=PersonOut,
    responses=problems(Unauthenticated, OwnHandsOnly, NameTaken, NameReserved, NameInvalid),
)
async def rename_me(body: NewName, uow: WriteWork) -> Person:
    """Take another name; the old one goes on leading to one's things."""
    require_own_hands(uow.actor)
    person = await _own(uow)
    former = person.name
    await accounts.rename_person(uow, person, body.name)
    await uow.audit("identity.person_rename", person.id, person.org_id, changed=former != person.name)
    await accounts.told(uow, person)
    return person


@router.put(
    "/me/email",
    response_model=PersonOut,
    responses=problems(Unauthenticated, SignInFailed, OwnHandsOnly, EmailTaken, TooManyAttempts, Invalid),
)
async def change_my_email(body: NewEmail, actor: CurrentActor, platform: CurrentPlatform) -> Person:
    """Change one's e-mail address; a link is mailed to the new one to confirm it."""
    (passwords,) = platform.find(Passwords)
    await passwords.require_password(actor, body.password)
    async with platform.work(actor) as uow:
        person = await repository.get(uow.session, actor.id, lock=True)
        await accounts.set_email(uow, person, body.email, confirmed=False)
        await uow.audit("identity.email_change", person.id)
        await accounts.told(uow, person)
        await sign_up.ask_to_confirm(uow, person)
    return person


@router.post("/me/email/confirmation", status_code=202, responses=problems(Unauthenticated, OwnHandsOnly))
async def ask_email_confirmation(uow: WriteWork) -> dict[str, bool]:
    """Mail the link that confirms one's address once more."""
    require_own_hands(uow.actor)
    return {"mailed": await sign_up.ask_to_confirm(uow, await _own(uow))}


@router.get("/people", response_model=Page[PersonOut], responses=problems(Unauthenticated, Invalid))
async def list_people(
    uow: ReadWork,
    paging: Paging,
    q: Annotated[str, Query(min_length=2, max_length=80, description="start of a name or part of a display name")],
) -> Any:
    """Find people by name."""
    uow.actor.require_known()
    query = select(Person).where(Person.state == "active", repository.matching(q))
    sorts = {"name": Person.name_key, "created_at": Person.created_at}
    rows = await fetch_page(uow.session, query, paging, key=Person.id, sorts=sorts, default="name")
    return rows.page(PersonOut)


@router.get("/people/{person}", response_model=PersonOut, responses=problems(PersonNotFound))
async def get_person(person: str, uow: ReadWork) -> Person:
    """Show a person's public profile, by id or name."""
    found = await repository.find(uow.session, person)
    if found.state != "active" and not uow.actor.is_admin:
        raise PersonNotFound()
    return found
