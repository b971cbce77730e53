"""Routes of the second factor."""

from __future__ import annotations

from pydantic import BaseModel, Field

from ceyuan.identity.access.credential import require_own_hands
from ceyuan.identity.errors import OwnHandsOnly, SignInFailed, TooManyAttempts
from ceyuan.identity.passwords.service import Passwords
from ceyuan.identity.people import repository as people
from ceyuan.identity.second_factor import service
from ceyuan.identity.second_factor.service import WrongCode
from ceyuan.kernel.errors import Conflict, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/me/second-factor", tags=["auth"])


class SecondFactorOut(BaseModel):
    """Whether sign-in asks for a one-time code, and how many recovery codes are left."""

    is_on: bool
    recovery_codes_left: int


class EnrolmentOut(BaseModel):
    """What an authenticator app needs; `uri` is to be shown as a QR code."""

    secret: str
    uri: str


class CodeIn(BaseModel, extra="forbid"):
    """A one-time code."""

    code: str = Field(min_length=6, max_length=20)


class PasswordIn(BaseModel, extra="forbid"):
    """The current password, to prove who asks; empty for a person without one."""

    password: str = Field("", max_length=256)


class RecoveryCodes(BaseModel):
    """Codes that replace the app once each; shown this once."""

    codes: list[str]


@router.get("", response_model=SecondFactorOut, responses=problems(Unauthenticated))
async def get_second_factor(uow: ReadWork) -> SecondFactorOut:
    """Say whether a one-time code is asked for at sign-in."""
    uow.actor.require_known()
    return SecondFactorOut(
        is_on=await service.is_on(uow.session, uow.actor.id),
        recovery_codes_left=await service.recovery_codes_left(uow.session, uow.actor.id),
    )


@router.post(
    "",
    response_model=EnrolmentOut,
    status_code=201,
    responses=problems(Unauthenticated, SignInFailed, OwnHandsOnly, Conflict, TooManyAttempts),
)
async def begin_second_factor(body: PasswordIn, actor: CurrentActor, platform: CurrentPlatform) -> service.Enrolment:
    """Make a secret for an authenticator app; it is in force once confirmed."""
    (passwords,) = platform.find(Passwords)
    await passwords.require_password(actor, body.password)
    async with platform.work(actor) as uow:
        return await service.begin(uow, await people.get(uow.session, actor.id))


@router.post(
    "/confirm", response_model=RecoveryCodes, responses=problems(Unauthenticated, OwnHandsOnly, Conflict, WrongCode)
)
async def confirm_second_factor(body: CodeIn, uow: WriteWork) -> RecoveryCodes:
    """Put the secret in force with a first code; answers the recovery codes."""
    require_own_hands(uow.actor)
    return RecoveryCodes(codes=await service.confirm(uow, await people.get(uow.session, uow.actor.id), body.code))


@router.post(
    "/recovery-codes",
    response_model=RecoveryCodes,
    responses=problems(Unauthenticated, SignInFailed, OwnHandsOnly, Conflict, TooManyAttempts),
)
async def renew_recovery_codes(body: PasswordIn, actor: CurrentActor, platform: CurrentPlatform) -> RecoveryCodes:
    """Make new recovery codes; the former stop working."""
    (passwords,) = platform.find(Passwords)
    await passwords.require_password(actor, body.password)
    async with platform.work(actor) as uow:
        if not await service.is_on(uow.session, actor.id):
            raise Conflict(("未启用动态验证码", "one-time codes are off"))
        codes = await service.fresh_recovery_codes(uow, await people.get(uow.session, actor.id))
        await uow.audit("identity.recovery_codes_renew", actor.id)
    return RecoveryCodes(codes=codes)


@router.post("/off", status_code=204, responses=problems(Unauthenticated, SignInFailed, OwnHandsOnly, TooManyAttempts))
async def switch_off_second_factor(body: PasswordIn, actor: CurrentActor, platform: CurrentPlatform) -> None:
    """Stop asking for one-time codes."""
    (passwords,) = platform.find(Passwords)
    await passwords.require_password(actor, body.password)
    async with platform.work(actor) as uow:
        await service.switch_off(uow, actor.id)
