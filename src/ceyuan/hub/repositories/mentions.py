"""Names of repositories that stand beside something else: a served model's revision, an assistant's dataset. Who may
use that need not know of the repository, and its name must not tell him."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from ceyuan.hub.errors import NameRefused
from ceyuan.hub.naming import KINDS, Reference, path_key
from ceyuan.hub.repositories.access import visible_to
from ceyuan.hub.repositories.tables import HubRedirect, HubRepository
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.work import UnitOfWork


async def tellable(uow: UnitOfWork, references: Iterable[str | None], actor: Actor | None = None) -> set[str]:
    """Those of these texts that the actor (null: the work's own) may be shown: references to repositories that he may
    know of, and what is no reference, such as the hash of a file."""
    actor = actor or uow.actor
    texts = {text for text in references if text}
    if actor.is_admin or actor.kind == "system":
        return texts
    found: set[str] = set()
    keys: dict[str, list[str]] = {}
    for text in texts:
        try:
            named = Reference.parse(text)
        except NameRefused:
            found.add(text)
            continue
        for kind in [named.kind] if named.kind else KINDS:
            keys.setdefault(path_key(kind, named.owner, named.name), []).append(text)
    if not keys:
        return found
    seen = visible_to(actor)
    now = select(HubRepository.path_key).where(HubRepository.path_key.in_(keys), seen)
    before = (
        select(HubRedirect.path_key)
        .join(HubRepository, HubRepository.id == HubRedirect.repository_id)
        .where(HubRedirect.path_key.in_(keys), HubRepository.deleted_at.is_(None), seen)
    )
    for key in await uow.session.scalars(now.union(before)):
        found.update(keys[str(key)])
    return found
