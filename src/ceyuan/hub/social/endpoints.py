"""Likes and collections over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from ceyuan.hub.addresses import REPOSITORY, Address, ReadRepository
from ceyuan.hub.errors import OwnerNotFound, RepositoryNotFound
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.social import collections, likes
from ceyuan.hub.social.errors import CollectionNotFound, ItemNotFound, ItemPresent
from ceyuan.hub.social.schemas import (
    CollectionChange,
    CollectionIn,
    CollectionOut,
    CollectionView,
    ItemChange,
    ItemIn,
    LikeOut,
    collection_out,
    item_out,
)
from ceyuan.hub.social.tables import HubCollection
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork

router = Router(tags=["hub"])
_COLLECTIONS = "/api/v1/collections"
_KNOWN = (Unauthenticated, Forbidden, RepositoryNotFound, Invalid)
_WRITING = (Unauthenticated, Forbidden, CollectionNotFound, Invalid)
_Token = Annotated[str, Path(max_length=160, description="the collection's address, or the token at its end")]
_ItemId = Annotated[str, Path(max_length=40)]


async def _liking(uow: UnitOfWork, row: HubRepository) -> dict[str, Any]:
    await uow.session.refresh(row, ["likes"])
    return {"likes": row.likes, "liked": await likes.is_liked(uow, row)}


@router.get(f"{REPOSITORY}/like", response_model=LikeOut, responses=problems(RepositoryNotFound))
async def get_repository_like(row: ReadRepository, uow: ReadWork) -> Any:
    """Say how many people like a repository, and whether the caller does."""
    return await _liking(uow, row)


@router.put(f"{REPOSITORY}/like", response_model=LikeOut, responses=problems(*_KNOWN))
async def like_repository(address: Address, uow: WriteWork) -> Any:
    """Like a repository."""
    row = await find_repository(uow, *address)
    await likes.like(uow, row)
    return await _liking(uow, row)


@router.delete(f"{REPOSITORY}/like", response_model=LikeOut, responses=problems(*_KNOWN))
async def unlike_repository(address: Address, uow: WriteWork) -> Any:
    """Like a repository no longer."""
    row = await find_repository(uow, *address)
    await likes.unlike(uow, row)
    return await _liking(uow, row)


async def _view(uow: UnitOfWork, row: HubCollection) -> dict[str, Any]:
    shown = await collections.items_of(uow, row)
    changes = uow.actor.is_known and uow.actor.has_scope("hub:write") and uow.actor.may(row.org_id, "member")
    return {
        **collection_out(row, len(shown)),
        "items": [item_out(each) for each in shown],
        "may_change": changes,
    }


@router.get(_COLLECTIONS, response_model=Page[CollectionOut], responses=problems(Invalid))
async def list_collections(
    uow: ReadWork,
    paging: Paging,
    owner: Annotated[str | None, Query(max_length=96)] = None,
    text: Annotated[str | None, Query(max_length=200, description="words of the title")] = None,
) -> Any:
    """List collections that the caller may see."""
    found = await collections.search(uow, paging, owner=owner, item=None, text=text)
    counts = await collections.counts(uow, [row.id for row in found.items])
    return {"items": [collection_out(row, counts.get(row.id, 0)) for row in found.items], "next": found.next}


@router.post(
    _COLLECTIONS,
    response_model=CollectionView,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, OwnerNotFound, Invalid),
)
async def create_collection(body: CollectionIn, uow: WriteWork) -> Any:
    """Make an empty collection."""
    row = await collections.create(uow, body.owner, body.title, description=body.description, private=body.private)
    return await _view(uow, row)


@router.get(f"{_COLLECTIONS}/{{token}}", response_model=CollectionView, responses=problems(CollectionNotFound))
async def get_collection(token: _Token, uow: ReadWork) -> Any:
    """Show a collection."""
    return await _view(uow, await collections.find(uow, token))


@router.patch(f"{_COLLECTIONS}/{{token}}", response_model=CollectionView, responses=problems(*_WRITING))
async def change_collection(token: _Token, body: CollectionChange, uow: WriteWork) -> Any:
    """Change a collection's title, description or visibility."""
    row = await collections.find(uow, token, write=True)
    await collections.change(uow, row, title=body.title, description=body.description, private=body.private)
    return await _view(uow, row)


@router.delete(f"{_COLLECTIONS}/{{token}}", status_code=204, responses=problems(*_WRITING))
async def delete_collection(token: _Token, uow: WriteWork) -> None:
    """Remove a collection; what is in it stays where it is."""
    await collections.remove(uow, await collections.find(uow, token, write=True))


@router.post(
    f"{_COLLECTIONS}/{{token}}/items",
    response_model=CollectionView,
    status_code=201,
    responses=problems(*_WRITING, RepositoryNotFound, ItemPresent),
)
async def add_collection_item(token: _Token, body: ItemIn, uow: WriteWork) -> Any:
    """Put a repository into a collection."""
    row = await collections.find(uow, token, write=True)
    await collections.add_item(uow, row, body.kind, f"{body.owner}/{body.name}", body.note)
    return await _view(uow, row)


@router.patch(
    f"{_COLLECTIONS}/{{token}}/items/{{item_id}}",
    response_model=CollectionView,
    responses=problems(*_WRITING, ItemNotFound),
)
async def change_collection_item(token: _Token, item_id: _ItemId, body: ItemChange, uow: WriteWork) -> Any:
    """Change an item's note or place."""
    row = await collections.find(uow, token, write=True)
    await collections.change_item(uow, row, item_id, note=body.note, position=body.position)
    await uow.session.flush()
    return await _view(uow, row)


@router.delete(
    f"{_COLLECTIONS}/{{token}}/items/{{item_id}}",
    response_model=CollectionView,
    responses=problems(*_WRITING, ItemNotFound),
)
async def remove_collection_item(token: _Token, item_id: _ItemId, uow: WriteWork) -> Any:
    """Take an item out of a collection."""
    row = await collections.find(uow, token, write=True)
    await collections.remove_item(uow, row, item_id)
    await uow.session.flush()
    return await _view(uow, row)
