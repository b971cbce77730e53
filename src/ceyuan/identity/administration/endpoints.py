"""Routes of administrators: accounts, duties, impersonation, mail check."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from ceyuan.identity.access.credential import credential_of, require_admin
from ceyuan.identity.administration import impersonation, service
from ceyuan.identity.credentials import SESSION_PREFIX, is_credential
from ceyuan.identity.errors import EmailTaken, NameInvalid, NameReserved, NameTaken, OwnHandsOnly, PersonNotFound
from ceyuan.identity.notices.outbox import queue_mail
from ceyuan.identity.people.accounts import check_email
from ceyuan.identity.people.duties import known_duties
from ceyuan.identity.people.schemas import Email, Language, Name
from ceyuan.identity.sessions import cookies
from ceyuan.identity.sessions.browser import hand_over, where_from
from ceyuan.identity.sessions.schemas import Ended, SignedIn
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1", tags=["admin"])
_FAULTS = problems(Unauthenticated, Forbidden, PersonNotFound, Conflict, Invalid)
State = Literal["active", "suspended"]


class AccountOut(BaseModel):
    """An account as administrators see it."""

    id: str
    name: str
    display_name: str
    email: str | None
    email_confirmed: bool
    affiliation: str
    state: Literal["active", "suspended", "erased"]
    is_admin: bool
    duties: list[str]
    has_password: bool
    second_factor: bool
    created_at: datetime


class AccountIn(BaseModel, extra="forbid"):
    """An account to be made; its person sets the password by a link."""

    name: Name
    display_name: str = Field("", max_length=80)
    email: Email | None = None
    language: Language = "zh"


class AccountMade(BaseModel):
    """A new account, and the link by which its person sets the first password."""

    account: AccountOut
    link: str


class AccountChange(BaseModel, extra="forbid"):
    """What to change of an account."""

    state: State | None = None
    is_admin: bool | None = None
    duties: list[Annotated[str, Field(max_length=40)]] | None = Field(None, max_length=50)


class LinkOut(BaseModel):
    """A link to be handed to a person; shown this once."""

    link: str


class DutyOut(BaseModel):
    """A platform duty that can be granted."""

    name: str
    title_zh: str
    title_en: str


class ReasonIn(BaseModel, extra="forbid"):
    """Why an administrator acts as a person."""

    reason: str = Field(min_length=3, max_length=300)


class MailTestIn(BaseModel, extra="forbid"):
    """Where to send a test mail."""

    to: Email


@router.get("/admin/accounts", response_model=Page[AccountOut], responses=_FAULTS)
async def list_accounts(
    uow: ReadWork,
    paging: Paging,
    q: Annotated[str | None, Query(max_length=80, description="start of a name or part of a display name")] = None,
    state: Annotated[Literal["active", "suspended", "erased"] | None, Query()] = None,
    duty: Annotated[str | None, Query(max_length=40)] = None,
    admins: Annotated[bool, Query(description="only administrators")] = False,
) -> Any:
    """List accounts."""
    return (await service.list_accounts(uow, paging, q=q, state=state, duty=duty, admins=admins)).page(AccountOut)


@router.post(
    "/admin/accounts",
    response_model=AccountMade,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NameTaken, EmailTaken, NameReserved, NameInvalid, Invalid),
)
async def create_account(body: AccountIn, uow: WriteWork) -> Any:
    """Make an account; the answer holds the link by which its person sets a password."""
    account, link = await service.create_account(uow, **body.model_dump())
    return {"account": AccountOut.model_validate(account, from_attributes=True), "link": link}


@router.get("/admin/accounts/{person}", response_model=AccountOut, responses=_FAULTS)
async def get_account(person: str, uow: ReadWork) -> Any:
    """Show an account."""
    return await service.get_account(uow, person)


@router.patch("/admin/accounts/{person}", response_model=AccountOut, responses=_FAULTS)
async def change_account(person: str, body: AccountChange, uow: WriteWork) -> Any:
    """Suspend or readmit an account, set its duties, make it an administrator."""
    return await service.change_account(uow, person, **body.model_dump())


@router.post("/admin/accounts/{person}/reset-link", response_model=LinkOut, responses=_FAULTS)
async def make_reset_link(person: str, uow: WriteWork) -> LinkOut:
    """Make a link for a new password, to hand to the person."""
    return LinkOut(link=await service.make_reset_link(uow, person))


@router.post("/admin/accounts/{person}/sign-out", response_model=Ended, responses=_FAULTS)
async def sign_out_everywhere(
    person: str, uow: WriteWork, tokens: Annotated[bool, Query(description="revoke the tokens too")] = False
) -> Ended:
    """End all sessions of a person."""
    return Ended(ended=await service.sign_out_everywhere(uow, person, tokens=tokens))


@router.delete("/admin/accounts/{person}/second-factor", status_code=204, responses=_FAULTS)
async def remove_second_factor(person: str, uow: WriteWork) -> None:
    """Switch a person's one-time codes off."""
    await service.remove_second_factor(uow, person)


@router.get("/admin/duties", response_model=list[DutyOut], responses=problems(Unauthenticated, Forbidden))
async def list_duties(uow: ReadWork) -> list[DutyOut]:
    """List the platform duties that can be granted."""
    require_admin(uow.actor)
    known = known_duties(uow.platform).values()
    return [DutyOut(name=d.name, title_zh=d.title[0], title_en=d.title[1]) for d in known]


@router.post(
    "/admin/accounts/{person}/impersonation",
    response_model=SignedIn,
    responses=problems(Unauthenticated, Forbidden, OwnHandsOnly, PersonNotFound, Conflict),
)
async def begin_impersonation(
    person: str, body: ReasonIn, uow: WriteWork, request: Request, response: Response
) -> SignedIn:
    """Act as a person for a while; it is recorded and the person is told."""
    platform = uow.platform
    own = cookies.read(platform, request, cookies.SESSION)
    opened = await impersonation.begin(uow, person, body.reason, **where_from(request))
    cookies.put(platform, request, response, cookies.OWN_SESSION, own or "")
    return hand_over(platform, request, response, opened)


@router.post("/auth/impersonation/end", status_code=204, responses=problems(Unauthenticated, Conflict))
async def end_impersonation(uow: WriteWork, request: Request, response: Response) -> None:
    """Stop acting as the person, or leave it when its time is over, and go back to one's own session."""
    platform = uow.platform
    own = cookies.read(platform, request, cookies.OWN_SESSION)
    if uow.actor.is_known or not own:
        await impersonation.end(uow, credential_of(request))
    if own and is_credential(own, SESSION_PREFIX):
        cookies.start_session(platform, request, response, own, None)
    else:
        cookies.end_session(platform, request, response)
    cookies.drop(platform, request, response, cookies.OWN_SESSION)


@router.post("/admin/mail/test", status_code=202, responses=problems(Unauthenticated, Forbidden, Invalid))
async def send_test_mail(body: MailTestIn, uow: WriteWork) -> dict[str, bool]:
    """Send a test mail; says whether a mail server is set."""
    require_admin(uow.actor)
    to = check_email(body.to)
    text = "这是一封测试邮件。\nThis is a test."
    return {"queued": await queue_mail(uow, uow.actor.id, to, "identity.mail_test", "策源 Ceyuan", text)}
