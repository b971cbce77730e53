"""Use cases of passwords: change one's own, ask for a reset, reset by a mailed link.

Hashes are worked out outside of transactions, as at sign-in.
"""

from __future__ import annotations

from sqlalchemy import select

from ceyuan.identity.access.credential import require_own_hands
from ceyuan.identity.credentials import fingerprint
from ceyuan.identity.errors import LinkInvalid, PasswordWrong
from ceyuan.identity.links import service as links
from ceyuan.identity.links.tables import MailedLink
from ceyuan.identity.notices.inbox import notify
from ceyuan.identity.notices.outbox import mail_to_person
from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.passwords.rules import check_password
from ceyuan.identity.people import repository as people
from ceyuan.identity.people.tables import Person
from ceyuan.identity.sessions.pauses import Pauses, counted
from ceyuan.identity.sessions.service import end_sessions
from ceyuan.identity.settings import IdentitySettings
from ceyuan.identity.telling import tell
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork


def accept_password(platform: Platform, password: str, person: Person | None = None, *known: str | None) -> str:
    """The normalised password if the rules accept it for this person; raises `WeakPassword`."""
    personal = [p for p in known if p]
    if person is not None:
        personal += [p for p in (person.name, person.email, person.display_name) if p]
    least = platform.section(IdentitySettings).password_min_length
    return check_password(password, min_length=least, personal=personal)


class Passwords:
    """Changes passwords."""

    def __init__(self, platform: Platform, hasher: Hasher, pauses: Pauses) -> None:
        self._platform = platform
        self._hasher = hasher
        self._pauses = pauses

    async def require_password(self, actor: Actor, password: str) -> Person:
        """The actor's account, once `password` has proved that its owner sits there; raises `SignInFailed`,
        and `TooManyAttempts` during the pause that wrong ones bring.

        A person without a password (single sign-on) has nothing to prove here.
        """
        require_own_hands(actor)
        async with self._platform.work(actor, write=False) as uow:
            person = await people.get(uow.session, actor.id)
        if person.password_hash is None:
            return person
        subject = counted("own password", person.id, self._platform.section(IdentitySettings).attempts_per_account)
        async with self._pauses.turn([subject]):
            if not await self._hasher.verify(person.password_hash, password):
                await self._pauses.count([subject], subject_id=person.id)
                raise PasswordWrong()
        return person

    async def change(self, actor: Actor, current: str, new: str, *, keep_session: str | None) -> None:
        """Change one's own password; all other sessions end. Raises `SignInFailed`, `WeakPassword`."""
        person = await self.require_password(actor, current)
        encoded = await self._hasher.hash(accept_password(self._platform, new, person))
        async with self._platform.work(actor) as uow:
            await set_password(uow, person.id, encoded, keep_session=keep_session)

    async def forgot(self, name_or_email: str) -> None:
        """Mail a link for a new password, if there is such a person with an address; the answer never tells."""
        async with self._platform.work() as uow:
            person = await people.by_sign_in(uow.session, name_or_email)
            if person is None or person.state != "active" or person.email is None:
                return
            link = await reset_link(uow, person)
            minutes = uow.platform.section(IdentitySettings).link_minutes
            await mail_to_person(
                uow,
                person,
                "identity.password_reset",
                ("重置密码", "Reset your password"),
                (
                    f"有人(希望是您)请求重置账号 {person.name} 的密码。链接 {minutes} 分钟内有效;若不是您,请忽略。",
                    f"Somebody, hopefully you, asked for a new password for {person.name}. "
                    f"The link is valid for {minutes} minutes; if it was not you, ignore this mail.",
                ),
                link,
            )

    async def reset(self, secret: str, new: str) -> None:
        """Set a new password with a link; every session ends. Raises `LinkInvalid`, `WeakPassword`."""
        async with self._platform.work(write=False) as uow:
            row = await uow.session.scalar(select(MailedLink).where(MailedLink.secret_hash == fingerprint(secret)))
            if row is None:
                raise LinkInvalid()
            person = await people.get(uow.session, row.person_id)
        encoded = await self._hasher.hash(accept_password(self._platform, new, person))
        async with self._platform.work(Actor(kind="person", id=person.id, label=person.name)) as uow:
            used = await links.redeem(uow, "reset_password", secret)
            await set_password(uow, used.person_id, encoded, keep_session=None)


async def reset_link(uow: UnitOfWork, person: Person) -> str:
    """The console path of a fresh link for a new password."""
    secret = await links.issue(uow, "reset_password", person.id)
    return f"/console/reset-password?token={secret}"


async def set_password(uow: UnitOfWork, person_id: str, encoded: str, *, keep_session: str | None) -> None:
    """Give a person the password of this hash; every session but `keep_session` ends, and the person is told."""
    person = await people.get(uow.session, person_id, lock=True)
    person.password_hash, person.password_changed_at = encoded, uow.clock.now()
    await end_sessions(uow, person.id, keep=keep_session)
    await links.void(uow, person.id, "reset_password")
    await uow.audit("identity.password_change", person.id)
    await tell(uow, "identity.person_changed", person_id=person.id)
    await notify(
        uow,
        "identity.password_changed",
        ("密码已修改", "Your password was changed"),
        body=(
            "其他会话已退出登录。若不是您本人操作,请立即联系管理员。",
            "Your other sessions were signed out. If it was not you, tell an administrator at once.",
        ),
        to=[person.id],
        level="warning",
    )
