"""Who owns repositories: organisations and people, by the name that begins an address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ceyuan.hub.errors import OwnerNotFound
from ceyuan.identity import org_by_name
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner: the organisation's id (people have one of their own) and its name as it writes it."""

    org_id: str
    name: str


@dataclass(frozen=True, slots=True)
class OwnerDirectory:
    """Hook: finds the owner of a name (also of one that it gave up) or None."""

    find: Callable[[UnitOfWork, str], Awaitable[Owner | None]]


async def find_organisation(uow: UnitOfWork, name: str) -> Owner | None:
    """The open organisation (people have one of their own) that bears, or gave up, this name."""
    found = await org_by_name(uow, name)
    return Owner(found.id, found.name) if found is not None else None


async def find_owner(uow: UnitOfWork, name: str) -> Owner:
    """The owner of this name; raises `OwnerNotFound`."""
    for directory in uow.platform.find(OwnerDirectory):
        found = await directory.find(uow, name)
        if found is not None:
            return found
    raise OwnerNotFound((f"没有名为“{name[:80]}”的组织或个人", f"no organisation or person is called “{name[:80]}”"))
