"""Use cases of collections."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from ceyuan.hub.naming import Kind
from ceyuan.hub.owners import find_owner
from ceyuan.hub.repositories.access import can_read
from ceyuan.hub.repositories.cards import clean
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.social.errors import CollectionNotFound, ItemNotFound, ItemPresent
from ceyuan.hub.social.tables import HubCollection, HubCollectionItem
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork

THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")
_MOST_ITEMS = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """An item with what it stands for."""

    item: HubCollectionItem
    what: HubRepository | HubCollection


def slug_of(row: HubCollection) -> str:
    """The collection's address: owner, title in plain letters, and the token that never changes."""
    plain = unicodedata.normalize("NFKD", row.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "collection"
    return f"{row.owner}/{words}-{row.token}"


async def create(
    uow: UnitOfWork, owner: str, title: str, *, description: str = "", private: bool = False
) -> HubCollection:
    """Make an empty collection; the actor must be a member of the owner."""
    uow.actor.require_known()
    uow.actor.require_scope("hub:write")
    found = await find_owner(uow, owner)
    uow.actor.require_role(found.org_id, "member")
    now = uow.clock.now()
    row = HubCollection(
        id=new_id("col"),
        token=secrets.token_hex(12),
        org_id=found.org_id,
        owner=found.name,
        title=_title(title),
        description=clean(description)[:500],
        private=private,
        theme=THEMES[0],
        position=0,
        created_by=uow.actor.id,
        created_at=now,
        updated_at=now,
    )
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("hub.collection_create", row.id, row.org_id)
    return row


def _title(title: str) -> str:
    text = clean(title).strip()
    if not 1 <= len(text) <= 120:
        raise Invalid(("标题须为 1-120 个字符", "a title has 1 to 120 characters"))
    return text


async def find(uow: UnitOfWork, slug: str, *, write: bool = False) -> HubCollection:
    """The collection of this address, also of one with an older title; raises `CollectionNotFound`."""
    token = slug.rpartition("-")[2]
    row: HubCollection | None = await uow.session.scalar(select(HubCollection).where(HubCollection.token == token))
    if row is None or (row.private and not uow.actor.may(row.org_id)):
        raise CollectionNotFound()
    if write:
        uow.actor.require_known()
        uow.actor.require_scope("hub:write")
        uow.actor.require_role(row.org_id, "member")
    return row


async def change(
    uow: UnitOfWork,
    row: HubCollection,
    *,
    title: str | None = None,
    description: str | None = None,
    private: bool | None = None,
    theme: str | None = None,
    position: int | None = None,
) -> HubCollection:
    """Change what is given."""
    if theme is not None and theme not in THEMES:
        raise Invalid((f"配色须为:{'、'.join(THEMES)}", f"the theme is one of {', '.join(THEMES)}"))
    row.title = row.title if title is None else _title(title)
    row.description = row.description if description is None else clean(description)[:500]
    row.private = row.private if private is None else private
    row.theme = theme or row.theme
    row.position = row.position if position is None else position
    row.updated_at = uow.clock.now()
    return row


async def remove(uow: UnitOfWork, row: HubCollection) -> None:
    """Remove a collection; what is in it stays where it is."""
    await uow.session.delete(row)
    await uow.audit("hub.collection_delete", row.id, row.org_id)


async def items_of(uow: UnitOfWork, row: HubCollection) -> list[Shown]:
    """The items that the actor may know of, in order."""
    items = list(
        await uow.session.scalars(
            select(HubCollectionItem)
            .where(HubCollectionItem.collection_id == row.id)
            .order_by(HubCollectionItem.position, HubCollectionItem.id)
        )
    )
    ids = [item.item_id for item in items]
    repositories = await uow.session.scalars(
        select(HubRepository).where(HubRepository.id.in_(ids), HubRepository.deleted_at.is_(None))
    )
    nested = await uow.session.scalars(select(HubCollection).where(HubCollection.id.in_(ids)))
    known: dict[str, HubRepository | HubCollection] = {r.id: r for r in repositories if can_read(uow.actor, r)}
    known |= {c.id: c for c in nested if not c.private or uow.actor.may(c.org_id)}
    return [Shown(item, known[item.item_id]) for item in items if item.item_id in known]


async def counts(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, int]:
    """How many items these collections have, by their id."""
    rows = await uow.session.execute(
        select(HubCollectionItem.collection_id, func.count())
        .where(HubCollectionItem.collection_id.in_(ids))
        .group_by(HubCollectionItem.collection_id)
    )
    return {key: int(count) for key, count in rows}


async def add_item(uow: UnitOfWork, row: HubCollection, kind: str, name: str, note: str) -> HubCollectionItem:
    """Put a model, dataset or collection at the end; raises `ItemPresent`."""
    if kind == "collection":
        target = (await find(uow, name)).id
    else:
        owner, _, rest = name.partition("/")
        chosen: Kind = "model" if kind == "model" else "dataset"
        target = (await find_repository(uow, chosen, owner, rest)).id
    present = list(
        await uow.session.scalars(select(HubCollectionItem).where(HubCollectionItem.collection_id == row.id))
    )
    if any(item.item_id == target and item.kind == kind for item in present):
        raise ItemPresent()
    if len(present) >= _MOST_ITEMS or target == row.id:
        raise Invalid((f"合集最多 {_MOST_ITEMS} 项", f"a collection has at most {_MOST_ITEMS} other items"))
    now = uow.clock.now()
    item = HubCollectionItem(
        id=new_id("cit"),
        collection_id=row.id,
        kind=kind,
        item_id=target,
        note=clean(note)[:500],
        position=len(present),
        created_at=now,
    )
    uow.session.add(item)
    row.updated_at = now
    await uow.session.flush()
    return item


async def _items(
    uow: UnitOfWork, row: HubCollection, item_id: str
) -> tuple[HubCollectionItem, list[HubCollectionItem]]:
    items = list(
        await uow.session.scalars(
            select(HubCollectionItem)
            .where(HubCollectionItem.collection_id == row.id)
            .order_by(HubCollectionItem.position, HubCollectionItem.id)
        )
    )
    for item in items:
        if item.id == item_id:
            return item, [other for other in items if other.id != item_id]
    raise ItemNotFound()


def _ordered(items: Sequence[HubCollectionItem]) -> None:
    for position, item in enumerate(items):
        item.position = position


async def change_item(
    uow: UnitOfWork, row: HubCollection, item_id: str, *, note: str | None, position: int | None
) -> None:
    """Change an item's note or place."""
    item, others = await _items(uow, row, item_id)
    if note is not None:
        item.note = clean(note)[:500]
    if position is not None:
        others.insert(max(0, min(position, len(others))), item)
        _ordered(others)


async def remove_item(uow: UnitOfWork, row: HubCollection, item_id: str) -> None:
    """Take an item out."""
    item, others = await _items(uow, row, item_id)
    await uow.session.delete(item)
    _ordered(others)


async def search(
    uow: UnitOfWork, paging: PageRequest, *, owner: str | None, item: str | None, text: str | None
) -> Rows[HubCollection]:
    """Collections that the actor may see: of an owner, with an item (its repository's id), with words in the title."""
    query = select(HubCollection)
    actor = uow.actor
    if not actor.is_admin and actor.kind != "system":
        query = query.where(or_(HubCollection.private.is_(False), HubCollection.org_id.in_(list(actor.roles))))
    if owner is not None:
        query = query.where(HubCollection.owner == clean(owner))
    if item is not None:
        holding = select(HubCollectionItem.collection_id).where(HubCollectionItem.item_id == item)
        query = query.where(HubCollection.id.in_(holding))
    if text:
        query = query.where(HubCollection.title.icontains(clean(text), autoescape=True))
    return await fetch_page(
        uow.session,
        query,
        paging,
        key=HubCollection.id,
        sorts={"updated_at": HubCollection.updated_at},
        default="-updated_at",
    )
