"""Trees in the database: a `TreeSource` for one repository, with a small cache of what never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.hub.history.tables import HubPage, HubTree
from ceyuan.hub.trees import Sealed
from ceyuan.hub.trees.folders import Contents, decode
from ceyuan.kernel.upserts import insert_missing

_CHUNK = 100


class _Cache:
    """Decoded folders and pages by content id, the least recently used dropped first."""

    LIMIT_BYTES = 8 * 1024 * 1024
    LARGEST_BYTES = 256 * 1024

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Contents, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: str) -> Contents | None:
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: str, contents: Contents, size: int) -> None:
        if size > self.LARGEST_BYTES or key in self._kept:
            return
        self._kept[key] = (contents, size)
        self._bytes += size
        while self._bytes > self.LIMIT_BYTES:
            self._bytes -= self._kept.popitem(last=False)[1][1]


_cache = _Cache()


class DatabaseTrees:
    """The trees of one repository. Whoever may read the repository may read them all."""

    def __init__(self, session: AsyncSession, repository_id: str) -> None:
        self._session = session
        self._repository_id = repository_id

    async def tree(self, tree_id: str) -> Contents:
        known = _cache.get(tree_id)
        if known is None:
            body = await self._session.scalar(
                select(HubTree.body).where(HubTree.repository_id == self._repository_id, HubTree.id == tree_id)
            )
            if body is None:
                raise KeyError(tree_id)
            known = decode(body)
            _cache.put(tree_id, known, len(body))
        return known

    async def pages(self, page_ids: Sequence[str]) -> Sequence[Contents]:
        found: dict[str, Contents] = {}
        for page_id in page_ids:
            known = _cache.get(page_id)
            if known is not None:
                found[page_id] = known
        missing = [page_id for page_id in page_ids if page_id not in found]
        for start in range(0, len(missing), _CHUNK):
            rows = await self._session.execute(
                select(HubPage.id, HubPage.body).where(
                    HubPage.repository_id == self._repository_id, HubPage.id.in_(missing[start : start + _CHUNK])
                )
            )
            for page_id, body in rows:
                found[page_id] = decode(body)
                _cache.put(page_id, found[page_id], len(body))
        return [found[page_id] for page_id in page_ids]

    async def keep(self, sealed: Sealed) -> None:
        """Store the folders and pages of a draft that are not stored yet."""
        await self._insert(HubPage, ((page.id, page.body) for page in sealed.pages))
        await self._insert(HubTree, ((tree.folder.tree_id, tree.body) for tree in sealed.trees))

    async def _insert(self, table: type[HubPage | HubTree], rows: Iterable[tuple[str, bytes]]) -> None:
        values = [{"repository_id": self._repository_id, "id": key, "body": body} for key, body in rows]
        for start in range(0, len(values), _CHUNK):
            await self._session.execute(insert_missing(self._session, table, values[start : start + _CHUNK]))
