"""Where clients put large content into the object store themselves, by signed addresses, under names that pass.

What lies there is nobody's content yet: it becomes a blob when the platform has read it and found the hash that was
announced. What is never finished is swept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ceyuan.kernel.blobs.staging import BLOCK

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from obstore.store import S3Store

_FOLDER = "incoming"


class Landing:
    """Objects `incoming/NAME` of the bucket; `public` is the bucket as clients reach it."""

    largest = 5 * 1024**3
    """Bytes that one upload takes: limit of S3 itself (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""

    def __init__(
        self, store: Callable[[], S3Store], public: Callable[[], S3Store], explained: Callable[[], Any]
    ) -> None:
        self._store = store
        self._public = public
        self._explained: Callable[[], AbstractContextManager[None]] = explained

    async def address(self, name: str, seconds: int) -> str:
        """A signed address that takes content for `name` by PUT, at most `largest` bytes, for so long."""
        import obstore

        return str(await obstore.sign_async(self._public(), "PUT", _key(name), timedelta(seconds=seconds)))

    async def size(self, name: str) -> int | None:
        """The bytes that came for `name`; None if nothing did."""
        import obstore

        with self._explained():
            try:
                return int((await obstore.head_async(self._store(), _key(name)))["size"])
            except FileNotFoundError:
                return None

    async def content(self, names: Sequence[str]) -> AsyncIterator[bytes]:
        """What came for `names`, one after the other. It may be changed by its sender until the moment it is read."""
        import obstore

        with self._explained():
            for name in names:
                result = await obstore.get_async(self._store(), _key(name))
                async for chunk in result.stream(min_chunk_size=BLOCK):
                    yield bytes(chunk)

    async def clear(self, names: Sequence[str]) -> None:
        """Remove what came for `names`."""
        import obstore

        with self._explained():
            for name in names:
                try:
                    await obstore.delete_async(self._store(), _key(name))
                except FileNotFoundError:
                    pass

    async def sweep(self, before: datetime) -> int:
        """Remove what came before and was never taken in; returns how many objects."""
        import obstore

        old: list[str] = []
        with self._explained():
            async for batch in obstore.list(self._store(), _FOLDER, chunk_size=1000):
                old += [meta["path"] for meta in batch if meta["last_modified"] < before]
            for path in old:
                await obstore.delete_async(self._store(), path)
        return len(old)


def _key(name: str) -> str:
    return f"{_FOLDER}/{name}"
