"""The first administrator of a new platform, and the way back in where nobody knows a password any more."""

from __future__ import annotations

from ceyuan.identity.credentials import readable_password
from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.passwords.service import set_password
from ceyuan.identity.people import repository
from ceyuan.identity.people.accounts import add_person
from ceyuan.identity.second_factor import service as second_factor
from ceyuan.kernel.work import UnitOfWork

NAME = "admin"


async def ensure_first_admin(uow: UnitOfWork) -> tuple[str, str] | None:
    """Create the administrator `admin` if there is none: its name and password, which is kept nowhere else.

    None where an administrator exists already.
    """
    if await repository.any_admin(uow.session):
        return None
    password = readable_password()
    (hasher,) = uow.platform.find(Hasher)
    person = await add_person(
        uow,
        name=NAME,
        display_name="管理员",
        email=None,
        password_hash=await hasher.hash(password),
        official=True,
    )
    person.is_admin = True
    await uow.audit("identity.first_admin", person.id)
    return person.name, password


async def give_new_password(uow: UnitOfWork, reference: str, *, drop_second_factor: bool) -> tuple[str, str]:
    """A person's name and new random password, which is kept nowhere else; all their sessions end.

    For whoever holds the data folder, where nobody can sign in to make a link. With `drop_second_factor` their
    one-time codes are switched off. Raises `PersonNotFound`.
    """
    person = await repository.find(uow.session, reference)
    password = readable_password()
    (hasher,) = uow.platform.find(Hasher)
    await set_password(uow, person.id, await hasher.hash(password), keep_session=None)
    if drop_second_factor and await second_factor.is_on(uow.session, person.id):
        await second_factor.switch_off(uow, person.id)
    await uow.audit("identity.account_rescue", person.id, second_factor_dropped=drop_second_factor)
    return person.name, password
