"""The first administrator of a new platform."""

from __future__ import annotations

from ceyuan.identity.credentials import readable_password
from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.people import repository
from ceyuan.identity.people.accounts import add_person
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
