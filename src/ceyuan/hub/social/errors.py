"""What likes and collections refuse."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, NotFound


class CollectionNotFound(NotFound):
    """No such collection, or none that this actor may know of."""

    code = "collection_not_found"
    title = ("合集不存在", "No such collection")


class ItemNotFound(NotFound):
    """The collection has no such item."""

    code = "collection_item_not_found"
    title = ("合集中没有该条目", "No such item in the collection")


class ItemPresent(Conflict):
    """The collection has the item."""

    code = "collection_item_exists"
    title = ("条目已在合集中", "The item is in the collection")
