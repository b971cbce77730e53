"""Sign-up: an account of one's own, for everybody or for the invited, as the operator has set."""

from __future__ import annotations

from ceyuan.identity.errors import LinkInvalid, SignUpClosed
from ceyuan.identity.invitations import service as invitations
from ceyuan.identity.links import service as links
from ceyuan.identity.notices.outbox import mail_to_person
from ceyuan.identity.people import repository
from ceyuan.identity.people.accounts import add_person, told
from ceyuan.identity.people.tables import Person
from ceyuan.identity.settings import IdentitySettings
from ceyuan.kernel.work import UnitOfWork


async def sign_up(
    uow: UnitOfWork,
    *,
    name: str,
    display_name: str,
    email: str | None,
    password_hash: str,
    language: str,
    invitation: str | None,
) -> Person:
    """A new account; an invitation brings its membership with it. Raises `SignUpClosed` without one where it is due."""
    offer = await invitations.for_sign_up(uow, invitation) if invitation else None
    if offer is None and uow.platform.section(IdentitySettings).sign_up != "open":
        raise SignUpClosed(
            hint=("请向平台管理员或您的组织索取邀请", "ask an administrator or your organisation for one")
        )
    person = await add_person(
        uow, name=name, display_name=display_name, email=email, password_hash=password_hash, language=language
    )
    if offer is not None:
        await invitations.settle_acceptance(uow, offer, person.id)
    await uow.audit("identity.sign_up", person.id, person.org_id, invited=offer is not None)
    await ask_to_confirm(uow, person)
    return person


async def ask_to_confirm(uow: UnitOfWork, person: Person) -> bool:
    """Mail a link that proves the address is the person's; False where no mail is sent."""
    if person.email is None or person.email_confirmed_at is not None:
        return False
    secret = await links.issue(uow, "confirm_email", person.id, email=person.email)
    return await mail_to_person(
        uow,
        person,
        "identity.confirm_email",
        ("请确认邮箱", "Confirm your e-mail address"),
        ("打开链接以确认这是您的邮箱。", "Open the link to confirm that this address is yours."),
        f"/console/confirm-email?token={secret}",
    )


async def confirm_email(uow: UnitOfWork, secret: str) -> Person:
    """Note that the bearer of the link reads the address; raises `LinkInvalid`."""
    link = await links.redeem(uow, "confirm_email", secret)
    person = await repository.get(uow.session, link.person_id, lock=True)
    if person.email != link.data.get("email"):
        raise LinkInvalid()
    person.email_confirmed_at = uow.clock.now()
    await uow.audit("identity.email_confirm", person.id)
    await told(uow, person)
    return person
