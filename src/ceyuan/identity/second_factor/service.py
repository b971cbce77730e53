"""Use cases of the second factor: set up, confirm, check a code, recovery codes, switch off."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

import pyotp
from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.identity.credentials import fingerprint
from ceyuan.identity.people.tables import Person
from ceyuan.identity.second_factor.tables import RecoveryCode, Totp
from ceyuan.identity.telling import tell
from ceyuan.kernel.errors import Conflict, Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

STEP_S = 30
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class WrongCode(Invalid):
    """The one-time code does not fit."""

    code = "wrong_code"
    title = ("验证码错误", "The code is wrong")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs: the base32 secret and the otpauth address to show as a QR code."""

    secret: str
    uri: str


def _context(person_id: str) -> str:
    return f"totp:{person_id}"


async def is_on(session: AsyncSession, person_id: str) -> bool:
    """Whether sign-in asks this person for a code."""
    row = await session.get(Totp, person_id)
    return row is not None and row.confirmed_at is not None


async def begin(uow: UnitOfWork, person: Person) -> Enrolment:
    """A new secret that waits for its first code; raises `Conflict` while another is in force."""
    row = await uow.session.get(Totp, person.id)
    if row is not None and row.confirmed_at is not None:
        raise Conflict(("动态验证码已启用", "one-time codes are on already"))
    secret = pyotp.random_base32()
    sealed = uow.platform.vault.encrypt(secret.encode(), _context(person.id))
    if row is None:
        uow.session.add(Totp(person_id=person.id, secret=sealed, confirmed_at=None, last_step=0))
    else:
        row.secret = sealed
    await uow.session.flush()
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name="Ceyuan"))


async def confirm(uow: UnitOfWork, person: Person, code: str) -> list[str]:
    """Put the waiting secret in force with its first code; returns the recovery codes, shown once."""
    row = await uow.session.get(Totp, person.id, with_for_update=True)
    if row is None or row.confirmed_at is not None:
        raise Conflict(("没有待确认的动态验证码", "there is no secret waiting for its first code"))
    if not await _fits(uow, row, code):
        raise WrongCode(hint=("请检查手机时间是否准确", "check that the clock of the phone is right"))
    row.confirmed_at = uow.clock.now()
    await uow.audit("identity.second_factor_on", person.id)
    await tell(uow, "identity.person_changed", person_id=person.id)
    return await fresh_recovery_codes(uow, person)


async def check(uow: UnitOfWork, person_id: str, code: str) -> bool:
    """Whether `code` is the app's present code or an unused recovery code; either is used up by this."""
    row = await uow.session.get(Totp, person_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        return False
    return await _fits(uow, row, code) or await _use_recovery_code(uow, person_id, code)


async def _fits(uow: UnitOfWork, row: Totp, code: str) -> bool:
    """A code counts once, one step of 30 s early or late (RFC 6238, §5.2)."""
    digits = re.sub(r"\s", "", code)
    secret = uow.platform.vault.decrypt(row.secret, _context(row.person_id)).decode()
    step = int(uow.clock.now().timestamp()) // STEP_S
    totp = pyotp.TOTP(secret, interval=STEP_S)
    for candidate in (step - 1, step, step + 1):
        if candidate > row.last_step and secrets.compare_digest(totp.generate_otp(candidate), digits):
            row.last_step = candidate
            await uow.session.flush()
            return True
    return False


def _code_hash(person_id: str, code: str) -> str:
    return fingerprint(f"{person_id}:{re.sub(r'[^a-z0-9]', '', code.lower())}")


async def _use_recovery_code(uow: UnitOfWork, person_id: str, code: str) -> bool:
    used: CursorResult[Any] = await uow.session.execute(  # type: ignore[assignment]
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == _code_hash(person_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=uow.clock.now())
        .execution_options(synchronize_session=False)
    )
    return used.rowcount == 1


async def fresh_recovery_codes(uow: UnitOfWork, person: Person) -> list[str]:
    """Ten new codes of 49 bits each; the former ones stop working."""
    await uow.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]
    uow.session.add_all(
        RecoveryCode(id=new_id("rec"), person_id=person.id, code_hash=_code_hash(person.id, code)) for code in codes
    )
    await uow.session.flush()
    return codes


async def recovery_codes_left(session: AsyncSession, person_id: str) -> int:
    left = select(func.count()).select_from(RecoveryCode)
    return await session.scalar(left.where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))) or 0


async def switch_off(uow: UnitOfWork, person_id: str) -> None:
    """Sign-in asks for no code any more."""
    await uow.session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    await uow.session.execute(delete(Totp).where(Totp.person_id == person_id))
    await uow.audit("identity.second_factor_off", person_id)
    await tell(uow, "identity.person_changed", person_id=person_id)
