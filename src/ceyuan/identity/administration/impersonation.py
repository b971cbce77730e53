"""Impersonation: an administrator sees and does what a person can, for a while, on the record.

It is a session of its own: every audit entry made in it names the administrator, the person is told, and
what could outlive it (passwords, tokens, second factor, erasure) is refused.
"""

from __future__ import annotations

from datetime import timedelta

from ceyuan.identity.access.credential import Credential, require_admin, require_own_hands
from ceyuan.identity.notices.inbox import notify
from ceyuan.identity.people import repository
from ceyuan.identity.sessions.service import Opened, end_sessions, open_session
from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.errors import Conflict, Forbidden
from ceyuan.kernel.work import UnitOfWork


async def begin(uow: UnitOfWork, reference: str, reason: str, *, address: str, client: str) -> Opened:
    """A session as the person; `reason` goes into the audit log. Administrators are not impersonated."""
    require_admin(uow.actor)
    require_own_hands(uow.actor)
    person = await repository.find(uow.session, reference)
    if person.is_admin:
        raise Forbidden(("不能代入管理员账号", "an administrator cannot be impersonated"))
    if person.state != "active":
        raise Conflict(("账号已停用", "the account is suspended"))
    minutes = uow.platform.section(IdentitySettings).impersonation_minutes
    opened = await open_session(
        uow,
        person,
        method="impersonation",
        address=address,
        client=client,
        lasts=timedelta(minutes=minutes),
        impersonator_id=uow.actor.id,
        reason=reason,
    )
    await uow.audit("identity.impersonation_begin", person.id, reason=reason, session_id=opened.session_id)
    await notify(
        uow,
        "identity.impersonated",
        ("管理员以您的身份登录", "An administrator signed in as you"),
        body=(f"原因:{reason}", f"Reason: {reason}"),
        link="/console/settings/sessions",
        to=[person.id],
        level="warning",
    )
    return opened


async def end(uow: UnitOfWork, found: Credential | None) -> None:
    """End the impersonation in whose session this is asked; raises `Conflict` outside of one."""
    uow.actor.require_known()
    if found is None or found.impersonation is None:
        raise Conflict(("当前没有代入会话", "nobody is being impersonated"))
    await end_sessions(uow, found.actor.id, only=found.id)
    await uow.audit("identity.impersonation_end", found.actor.id, session_id=found.id)
