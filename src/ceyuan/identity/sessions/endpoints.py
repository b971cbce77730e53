"""Routes of sign-in, sign-up, sign-out, passwords and sessions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from ceyuan.identity.access.credential import credential_of
from ceyuan.identity.errors import (
    AccountSuspended,
    CsrfFailed,
    EmailTaken,
    InvitationInvalid,
    LinkInvalid,
    NameInvalid,
    NameReserved,
    NameTaken,
    OwnHandsOnly,
    SecondFactorRequired,
    SignInFailed,
    SignUpClosed,
    TooManyAttempts,
    WeakPassword,
)
from ceyuan.identity.origin import client_address
from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.passwords.service import Passwords, accept_password
from ceyuan.identity.people import sign_up as signing_up
from ceyuan.identity.people.schemas import SignUpIn
from ceyuan.identity.sessions import cookies, service
from ceyuan.identity.sessions.browser import hand_over, refuse_other_sites, where_from
from ceyuan.identity.sessions.pauses import counted, network_of
from ceyuan.identity.sessions.schemas import (
    Ended,
    ForgottenIn,
    LinkIn,
    PasswordChange,
    ProviderOption,
    ResetIn,
    SessionOut,
    SignedIn,
    SignInIn,
    SignInOptions,
)
from ceyuan.identity.sessions.sign_in import DEVICE_DAYS, Attempt, SignIn
from ceyuan.identity.sessions.tables import Session
from ceyuan.identity.settings import IdentitySettings, MailSettings
from ceyuan.identity.sign_on.repository import enabled_providers
from ceyuan.kernel.errors import Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page, Rows
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1", tags=["auth"])


@router.get("/auth/options", response_model=SignInOptions)
async def get_sign_in_options(uow: ReadWork) -> SignInOptions:
    """Say what the sign-in page can offer."""
    settings = uow.platform.section(IdentitySettings)
    rows = await enabled_providers(uow.session)
    return SignInOptions(
        sign_up=settings.sign_up,
        mail=uow.platform.section(MailSettings).is_on,
        password_min_length=settings.password_min_length,
        providers=[ProviderOption(name=p.name, title_zh=p.title_zh, title_en=p.title_en) for p in rows],
    )


@router.post(
    "/auth/sign-in",
    response_model=SignedIn,
    responses=problems(SignInFailed, SecondFactorRequired, AccountSuspended, CsrfFailed, TooManyAttempts, Invalid),
)
async def sign_in(body: SignInIn, platform: CurrentPlatform, request: Request, response: Response) -> SignedIn:
    """Sign in with name and password; the session's cookies come with the answer."""
    refuse_other_sites(request)
    (signer,) = platform.find(SignIn)
    device = cookies.read(platform, request, cookies.DEVICE)
    opened = await signer.sign_in(Attempt(**body.model_dump(), **where_from(request), device=device))
    fresh = signer.device_cookie(opened.person_id)
    cookies.put(platform, request, response, cookies.DEVICE, fresh, seconds=DEVICE_DAYS * 86_400)
    return hand_over(platform, request, response, opened)


async def _count_by_address(platform: Platform, request: Request, what: str) -> None:
    """Slow down an address that asks for accounts or mails again and again."""
    (signer,) = platform.find(SignIn)
    limit = platform.section(IdentitySettings).attempts_per_address
    subject = counted(what, network_of(client_address(request)), limit)
    await signer.pauses.check([subject])
    await signer.pauses.count([subject])


@router.post(
    "/auth/sign-up",
    response_model=SignedIn,
    status_code=201,
    responses=problems(
        SignUpClosed, CsrfFailed, NameTaken, EmailTaken, NameReserved, NameInvalid, WeakPassword, InvitationInvalid,
        TooManyAttempts,
    ),
)  # fmt: skip
async def sign_up(body: SignUpIn, platform: CurrentPlatform, request: Request, response: Response) -> SignedIn:
    """Make an account, as the operator allows it, and sign in."""
    refuse_other_sites(request)
    await _count_by_address(platform, request, "sign-up")
    (hasher,) = platform.find(Hasher)
    password = accept_password(platform, body.password, None, body.name, body.email, body.display_name)
    encoded = await hasher.hash(password)
    async with platform.work() as uow:
        fields = body.model_dump(exclude={"password"})
        person = await signing_up.sign_up(uow, password_hash=encoded, **fields)
        opened = await service.open_session(uow, person, method="sign-up", **where_from(request))
    return hand_over(platform, request, response, opened)


@router.post("/auth/sign-out", status_code=204, responses=problems(CsrfFailed))
async def sign_out(uow: WriteWork, request: Request, response: Response) -> None:
    """End this browser's session; it is no error if there is none."""
    found = credential_of(request)
    if found is not None and found.kind == "session":
        await service.end_sessions(uow, found.actor.id, only=found.id)
        await uow.audit("identity.sign_out", found.id)
    cookies.end_session(uow.platform, request, response)


@router.post("/auth/password/forgotten", status_code=202, responses=problems(CsrfFailed, TooManyAttempts, Invalid))
async def forget_password(body: ForgottenIn, platform: CurrentPlatform, request: Request) -> dict[str, bool]:
    """Ask for a link to set a new password; the answer does not tell whether the account exists."""
    refuse_other_sites(request)
    await _count_by_address(platform, request, "forgotten")
    (passwords,) = platform.find(Passwords)
    mail = platform.section(MailSettings).is_on
    if mail:
        await passwords.forgot(body.name)
    return {"mail": mail}


@router.post(
    "/auth/password/reset", status_code=204, responses=problems(LinkInvalid, WeakPassword, CsrfFailed, TooManyAttempts)
)
async def reset_password(body: ResetIn, platform: CurrentPlatform, request: Request) -> None:
    """Set a new password by a mailed link; every session of the person ends."""
    refuse_other_sites(request)
    await _count_by_address(platform, request, "reset")
    (passwords,) = platform.find(Passwords)
    await passwords.reset(body.token, body.password)


@router.post("/auth/email/confirm", status_code=204, responses=problems(LinkInvalid))
async def confirm_email(body: LinkIn, platform: CurrentPlatform) -> None:
    """Confirm an e-mail address by a mailed link."""
    async with platform.work() as uow:
        await signing_up.confirm_email(uow, body.token)


@router.put(
    "/me/password",
    status_code=204,
    responses=problems(Unauthenticated, SignInFailed, OwnHandsOnly, WeakPassword, TooManyAttempts),
)
async def change_password(
    body: PasswordChange, actor: CurrentActor, platform: CurrentPlatform, request: Request
) -> None:
    """Change one's own password; all other sessions end."""
    (passwords,) = platform.find(Passwords)
    found = credential_of(request)
    await passwords.change(actor, body.current, body.new, keep_session=found.id if found else None)


def _session_out(row: Session, current: str | None) -> SessionOut:
    fields = {name: getattr(row, name) for name in SessionOut.model_fields if hasattr(row, name)}
    return SessionOut(**fields, impersonated=row.impersonator_id is not None, is_current=row.id == current)


@router.get("/sessions", response_model=Page[SessionOut], responses=problems(Unauthenticated, Invalid))
async def list_sessions(
    uow: ReadWork,
    paging: Paging,
    request: Request,
    open_only: Annotated[bool, Query(description="leave out those that ended")] = True,
) -> Any:
    """List the browsers in which one is signed in."""
    rows = await service.list_sessions(uow, paging, open_only=open_only)
    found = credential_of(request)
    current = found.id if found else None
    return Rows([_session_out(row, current) for row in rows.items], rows.next).page(SessionOut)


@router.delete("/sessions/{session_id}", status_code=204, responses=problems(Unauthenticated, NotFound))
async def end_session(session_id: str, uow: WriteWork) -> None:
    """Sign one of one's own browsers out."""
    await service.end_session(uow, session_id)


@router.delete("/sessions", response_model=Ended, responses=problems(Unauthenticated))
async def end_other_sessions(uow: WriteWork, request: Request) -> Ended:
    """Sign out everywhere else."""
    uow.actor.require_known()
    found = credential_of(request)
    ended = await service.end_sessions(uow, uow.actor.id, keep=found.id if found else None)
    await uow.audit("identity.sessions_end", uow.actor.id, ended=ended)
    return Ended(ended=ended)
