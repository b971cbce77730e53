"""Blobs in an S3-compatible object store, through obstore; large ones are uploaded in parts.

An object appears only when its upload is complete, so a broken upload leaves no partial blob. Content is
staged in a local folder first, because its name is its hash: known content is then never sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from ceyuan.kernel.blobs.backend import StoredBlob
from ceyuan.kernel.blobs.errors import BlobMissing, StoreUnavailable
from ceyuan.kernel.blobs.landing import Landing
from ceyuan.kernel.blobs.settings import BlobSettings
from ceyuan.kernel.blobs.signing import Credentials, signed_range
from ceyuan.kernel.blobs.staging import BLOCK, hash_file
from ceyuan.kernel.errors import Conflict

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

PART = 8 << 20
SMALL_AT_ONCE = 16
MAX_PARTS = 10_000
"""Limit of S3 itself (docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html)."""


class S3Backend:
    """Blobs as objects `sha256/ab/abcdef…` under the prefix of the URL."""

    def __init__(self, url: str, settings: BlobSettings) -> None:
        self._url = url
        self._settings = settings
        self._opened: S3Store | None = None
        self._public: S3Store | None = None

    @property
    def spool(self) -> Path:
        return (self._settings.blob_spool or Path(gettempdir())) / "ceyuan-blob-spool"

    @property
    def _store(self) -> S3Store:
        if self._opened is None:
            self._opened = self._open(self._settings.s3_endpoint)
        return self._opened

    def _open(self, endpoint: str | None) -> S3Store:
        # obstore is imported here, so that a platform on a folder never loads it.
        from obstore.store import S3Store

        chosen = self._settings
        config = {
            "endpoint": endpoint,
            "region": chosen.s3_region,
            "access_key_id": chosen.s3_access_key,
            "secret_access_key": chosen.s3_secret_key and chosen.s3_secret_key.get_secret_value(),
        }
        plain = bool(endpoint and endpoint.startswith("http://"))
        return S3Store.from_url(
            self._url,
            config=cast("S3Config", {name: value for name, value in config.items() if value is not None}),
            client_options={"allow_http": plain, "timeout": "1h", "connect_timeout": "10s"},
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=60)},
        )

    def local_path(self, sha256: str) -> Path | None:
        return None

    @property
    def _clients_store(self) -> S3Store:
        if self._public is None:
            self._public = self._open(self._settings.s3_public_endpoint)
        return self._public

    async def address(self, sha256: str, seconds: int) -> str | None:
        import obstore

        if self._settings.s3_public_endpoint is None:
            return None
        return str(await obstore.sign_async(self._clients_store, "GET", _key(sha256), timedelta(seconds=seconds)))

    async def range_address(self, sha256: str, start: int, end: int, seconds: int) -> str | None:
        signed = await self.address(sha256, seconds)
        if signed is None:
            return None
        url, _, query = signed.partition("?")
        said = dict(parse_qsl(query))
        key_id, _, region = said["X-Amz-Credential"].split("/")[:3]
        secret = self._secret_of(key_id)
        if secret is None:
            return None
        signer = Credentials(key_id, secret, region, said.get("X-Amz-Security-Token"))
        return signed_range(url, start, end, signer, datetime.now(UTC), seconds)

    def _secret_of(self, key_id: str) -> str | None:
        """The secret of a key that was set; None for one that the machine is lent by its cloud."""
        chosen = self._settings
        if chosen.s3_secret_key is not None and chosen.s3_access_key == key_id:
            return chosen.s3_secret_key.get_secret_value()
        return os.environ.get("AWS_SECRET_ACCESS_KEY") if os.environ.get("AWS_ACCESS_KEY_ID") == key_id else None

    @property
    def landing(self) -> Landing | None:
        if self._settings.s3_public_endpoint is None:
            return None
        return Landing(lambda: self._store, lambda: self._clients_store, _explained)

    async def stat(self, sha256: str) -> StoredBlob | None:
        import obstore

        with _explained():
            try:
                meta = await obstore.head_async(self._store, _key(sha256))
            except FileNotFoundError:
                return None
        return StoredBlob(sha256, meta["size"], meta["last_modified"])

    async def adopt(self, staged: Path, sha256: str, size: int) -> None:
        import obstore

        part = max(PART, -(-size // (MAX_PARTS - 100)))
        with _explained():
            try:
                await obstore.put_async(self._store, _key(sha256), staged, chunk_size=part, max_concurrency=4)
            except FileNotFoundError as error:
                raise StoreUnavailable(
                    (f"存储桶不存在:{self._url}", f"there is no such bucket: {self._url}"),
                    hint=("请先创建存储桶或检查 CEYUAN_BLOB_URL", "create the bucket or check CEYUAN_BLOB_URL"),
                ) from error

    async def put_small(self, contents: Mapping[str, bytes]) -> None:
        import obstore

        turns = asyncio.Semaphore(SMALL_AT_ONCE)

        async def put(sha256: str, data: bytes) -> None:
            async with turns:
                there = await self.stat(sha256)
                if there is None or there.size != len(data):
                    await obstore.put_async(self._store, _key(sha256), data)

        with _explained():
            await asyncio.gather(*(put(sha256, data) for sha256, data in contents.items()))

    async def copy_in(self, source: Path) -> tuple[str, int] | None:
        before = os.stat(source)
        sha256, size = await asyncio.to_thread(hash_file, source)
        existing = await self.stat(sha256)
        if existing is None or existing.size != size:
            await self.adopt(source, sha256, size)
            after = os.stat(source)
            if (after.st_mtime_ns, after.st_size) != (before.st_mtime_ns, before.st_size):
                await self.delete(sha256)
                raise Conflict((f"文件 {source.name} 在上传时被改动", f"{source.name} changed while it was uploaded"))
        return sha256, size

    async def touch(self, sha256: str) -> None:
        """Objects cannot be touched; `BlobStore.refer` checks that the object is there instead."""

    async def stream(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        import obstore

        if start >= end:
            return
        with _explained():
            try:
                result = await obstore.get_async(self._store, _key(sha256), options={"range": (start, end)})
            except FileNotFoundError as error:
                raise BlobMissing(sha256) from error
            async for chunk in result.stream(min_chunk_size=BLOCK):
                yield bytes(chunk)

    async def delete(self, sha256: str) -> None:
        import obstore

        with _explained():
            try:
                await obstore.delete_async(self._store, _key(sha256))
            except FileNotFoundError:
                pass

    async def set_aside(self, sha256: str) -> None:
        import obstore

        with _explained():
            try:
                await obstore.rename_async(self._store, _key(sha256), f"corrupt/{sha256}")
            except FileNotFoundError:
                pass

    async def walk(self) -> AsyncIterator[list[StoredBlob]]:
        import obstore

        with _explained():
            async for batch in obstore.list(self._store, "sha256", chunk_size=1000):
                yield [
                    StoredBlob(name, meta["size"], meta["last_modified"])
                    for meta in batch
                    if len(name := meta["path"].rpartition("/")[2]) == 64
                ]


def _key(sha256: str) -> str:
    return f"sha256/{sha256[:2]}/{sha256}"


@contextmanager
def _explained() -> Iterator[None]:
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreUnavailable(
            ("对象存储拒绝了访问凭据", "the object store refused our credentials"),
            hint=(
                "请检查 CEYUAN_S3_ACCESS_KEY 与 CEYUAN_S3_SECRET_KEY",
                "check CEYUAN_S3_ACCESS_KEY and ..._SECRET_KEY",
            ),
        ) from error
    except BaseError as error:
        raise StoreUnavailable(
            ("对象存储没有正常应答", "the object store did not answer properly"),
            hint=("请检查网络与 CEYUAN_S3_ENDPOINT", "check the network and CEYUAN_S3_ENDPOINT"),
        ) from error
