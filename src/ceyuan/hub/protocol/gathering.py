"""Likes and collections."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.hub.errors import OwnerNotFound
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import BadRequest, Call, Words, kind_of, split_id
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.protocol.shapes import moment, repository_info
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.social import collections, likes
from ceyuan.hub.social.tables import HubCollection
from ceyuan.identity import PersonNotFound, get_person
from ceyuan.kernel.work import UnitOfWork

_ONE = "/api/collections/{owner}/{slug}"


class CollectionIn(BaseModel):
    """A collection to be made."""

    model_config = ConfigDict(extra="ignore")
    title: Words = Field(max_length=120)
    namespace: Words = Field(max_length=96)
    description: Words | None = Field(None, max_length=500)
    private: bool = False


class CollectionChange(BaseModel):
    """What to change of a collection."""

    model_config = ConfigDict(extra="ignore")
    title: Words | None = Field(None, max_length=120)
    description: Words | None = Field(None, max_length=500)
    private: bool | None = None
    theme: Words | None = Field(None, max_length=20)
    position: int | None = Field(None, ge=0, le=10_000)


class ItemRef(BaseModel):
    """What to put into a collection."""

    model_config = ConfigDict(extra="ignore")
    id: Words = Field(max_length=300)
    type: Literal["model", "dataset", "collection"]


class ItemIn(BaseModel):
    """An item with a note."""

    model_config = ConfigDict(extra="ignore")
    item: ItemRef
    note: Words | None = Field(None, max_length=500)


class ItemChange(BaseModel):
    """What to change of an item."""

    model_config = ConfigDict(extra="ignore")
    note: Words | None = Field(None, max_length=500)
    position: int | None = Field(None, ge=0, le=10_000)


@route("POST", "/api/{kinds}/{owner}/{name}/like")
async def like_repo(call: Call) -> Reply:
    """Like a repository."""
    async with call.writing() as uow:
        await likes.like(uow, await call.repository(uow))
    return json_reply({})


@route("DELETE", "/api/{kinds}/{owner}/{name}/like")
async def unlike_repo(call: Call) -> Reply:
    """Like a repository no longer."""
    async with call.writing() as uow:
        await likes.unlike(uow, await call.repository(uow))
    return json_reply({})


@route("GET", "/api/{kinds}/{owner}/{name}/likers")
async def list_likers(call: Call) -> Reply:
    """List the people who like a repository."""
    async with call.reading() as uow:
        people = await likes.likers(uow, await call.repository(uow))
    return json_reply(
        [{"_id": p.id, "user": p.name, "fullname": p.display_name, "type": "user", "isPro": False} for p in people]
    )


@route("GET", "/api/users/{user}/likes")
async def list_likes(call: Call) -> Reply:
    """List what a person likes."""
    async with call.reading() as uow:
        try:
            person = await get_person(uow, call["user"])
        except PersonNotFound as error:
            raise OwnerNotFound() from error
        rows = await likes.liked_by(uow, person.id)
    return json_reply(
        [
            {"createdAt": moment(like.created_at), "repo": {"name": f"{row.owner}/{row.name}", "type": row.kind}}
            for like, row in rows
        ]
    )


async def _collection(uow: UnitOfWork, row: HubCollection) -> dict[str, Any]:
    items = []
    for shown in await collections.items_of(uow, row):
        if isinstance(shown.what, HubRepository):
            about = repository_info(shown.what)
        else:
            about = {"id": shown.what.id, "slug": collections.slug_of(shown.what), "title": shown.what.title}
        item = shown.item
        about |= {"_id": item.id, "type": item.kind, "position": item.position}
        items.append(about | ({"note": {"text": item.note, "html": ""}} if item.note else {}))
    return {
        "slug": collections.slug_of(row),
        "title": row.title,
        "description": row.description or None,
        "owner": {"name": row.owner},
        "items": items,
        "lastUpdated": moment(row.updated_at),
        "position": row.position,
        "private": row.private,
        "theme": row.theme,
        "upvotes": 0,
    }


@route("GET", "/api/collections")
async def list_collections(call: Call) -> Reply:
    """List collections that the caller may see."""
    async with call.reading() as uow:
        item = call.query("item")
        target = None
        if item is not None:
            kinds, _, rest = item.partition("/")
            owner, name = split_id(rest)
            if owner is None:
                raise BadRequest(("条目格式有误", "write the item as models/owner/name"))
            target = (await find_repository(uow, kind_of(kinds), owner, name)).id
        owner = call.query("owner")
        rows = await collections.search(uow, call.paging(10, 100), owner=owner, item=target, text=call.query("q"))
        answer = [await _collection(uow, row) for row in rows.items]
    for each in answer:
        # The stock clients number the rows of a list themselves and refuse one that brings its number along.
        del each["position"]
    return json_reply(answer, headers=call.next_link(rows.next))


@route("POST", "/api/collections", body="application/json")
async def create_collection(call: Call) -> Reply:
    """Make an empty collection."""
    body = await call.model(CollectionIn)
    async with call.writing() as uow:
        row = await collections.create(
            uow, body.namespace, body.title, description=body.description or "", private=body.private
        )
        return json_reply(await _collection(uow, row))


@route("GET", _ONE)
async def get_collection(call: Call) -> Reply:
    """Show a collection."""
    async with call.reading() as uow:
        return json_reply(await _collection(uow, await collections.find(uow, call["slug"])))


@route("PATCH", _ONE, body="application/json")
async def change_collection(call: Call) -> Reply:
    """Change a collection's title, description, visibility or place."""
    body = await call.model(CollectionChange)
    async with call.writing() as uow:
        row = await collections.find(uow, call["slug"], write=True)
        await collections.change(uow, row, **body.model_dump())
        return json_reply({"success": True, "data": await _collection(uow, row)})


@route("DELETE", _ONE)
async def delete_collection(call: Call) -> Reply:
    """Remove a collection."""
    async with call.writing() as uow:
        await collections.remove(uow, await collections.find(uow, call["slug"], write=True))
    return json_reply({})


@route("POST", _ONE + "/items", body="application/json")
async def add_collection_item(call: Call) -> Reply:
    """Put something into a collection."""
    body = await call.model(ItemIn)
    async with call.writing() as uow:
        row = await collections.find(uow, call["slug"], write=True)
        await collections.add_item(uow, row, body.item.type, body.item.id, body.note or "")
        return json_reply(await _collection(uow, row))


@route("PATCH", _ONE + "/items/{item}", body="application/json")
async def change_collection_item(call: Call) -> Reply:
    """Change an item's note or place."""
    body = await call.model(ItemChange)
    async with call.writing() as uow:
        row = await collections.find(uow, call["slug"], write=True)
        await collections.change_item(uow, row, call["item"], note=body.note, position=body.position)
    return json_reply({})


@route("DELETE", _ONE + "/items/{item}")
async def delete_collection_item(call: Call) -> Reply:
    """Take something out of a collection."""
    async with call.writing() as uow:
        row = await collections.find(uow, call["slug"], write=True)
        await collections.remove_item(uow, row, call["item"])
    return json_reply({})
