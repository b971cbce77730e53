"""Storing and reading blobs, in a folder and in S3 alike."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ceyuan.kernel.blobs import BlobCorrupt, BlobMissing, BlobSettings, BlobStore, HashMismatch, StorageFull
from ceyuan.kernel.blobs.errors import StoreUnavailable
from ceyuan.kernel.errors import Invalid, TooLarge

BIG = 20 * 1024 * 1024 + 17
"""Longer than one part of a multipart upload and than one block."""


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pattern(size: int) -> bytes:
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def names(store: BlobStore) -> set[str]:
    return {blob.sha256 async for batch in store.backend.walk() for blob in batch}


def leftovers(store: BlobStore) -> list[Path]:
    return list(store.backend.spool.glob("*")) if store.backend.spool.exists() else []


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, BIG])
async def test_what_was_put_is_read_back(store: BlobStore, size: int) -> None:
    data = pattern(size)
    blob = await store.put_bytes(data)
    assert (blob.sha256, blob.size) == (sha(data), size)
    assert await store.read(blob.sha256) == data
    assert (await store.stat(blob.sha256)).size == size
    assert leftovers(store) == []


async def test_a_stream_is_stored_under_its_hash(store: BlobStore) -> None:
    data = pattern(3_000_000)
    blob = await store.put_stream(pieces(data, 70_001), expected=sha(data))
    assert await store.read(blob.sha256) == data


async def test_a_file_is_stored_and_stays(store: BlobStore, tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(pattern(BIG))
    blob = await store.put_file(path)
    assert blob.sha256 == sha(pattern(BIG))
    assert path.exists()
    assert (await store.stat(blob.sha256)).size == BIG


async def test_the_same_content_is_stored_once(store: BlobStore) -> None:
    await asyncio.gather(*(store.put_bytes(b"same") for _ in range(5)), store.put_stream(pieces(b"same", 1)))
    assert await names(store) == {sha(b"same")}


@pytest.mark.parametrize(
    ("start", "end"), [(0, 5), (3, 3), (10, 4_000_000), (2_999_999, 3_000_001), (5_000_000, 6_000_000)]
)
async def test_ranges_are_cut_at_the_end(store: BlobStore, start: int, end: int) -> None:
    data = pattern(3_000_000)
    blob = await store.put_bytes(data)
    assert await store.read_range(blob.sha256, start, end) == data[start:end]
    streamed = b"".join([chunk async for chunk in store.stream(blob.sha256, start, end)])
    assert streamed == data[start:end]


async def test_missing_content_is_named(store: BlobStore) -> None:
    for attempt in (store.read(sha(b"x")), store.stat(sha(b"x")), store.read_range(sha(b"x"), 0, 1)):
        with pytest.raises(BlobMissing):
            await attempt
    assert not await store.exists(sha(b"x"))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "é" * 64])
async def test_a_name_that_is_no_hash_is_refused(store: BlobStore, name: str) -> None:
    with pytest.raises(Invalid):
        await store.exists(name)
    with pytest.raises(Invalid):
        store.local_path(name)


async def test_an_announced_hash_must_be_true(store: BlobStore) -> None:
    with pytest.raises(HashMismatch):
        await store.put_stream(pieces(b"abc", 1), expected=sha(b"abd"))
    assert await names(store) == set()
    assert leftovers(store) == []


async def test_nothing_is_kept_beyond_the_limit(store: BlobStore) -> None:
    with pytest.raises(TooLarge):
        await store.put_stream(pieces(pattern(3_000_000), 100_000), limit=2_999_999)
    assert await names(store) == set()
    assert leftovers(store) == []


async def test_a_broken_sender_leaves_nothing(store: BlobStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield pattern(2_000_000)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await store.put_stream(broken())
    assert await names(store) == set()
    assert leftovers(store) == []


async def test_reading_more_than_wanted_is_refused(store: BlobStore) -> None:
    blob = await store.put_bytes(pattern(1000))
    with pytest.raises(TooLarge):
        await store.read(blob.sha256, limit=999)


async def test_as_file_gives_the_content(store: BlobStore) -> None:
    blob = await store.put_bytes(pattern(100_000))
    async with store.as_file(blob.sha256) as path:
        assert path.read_bytes() == pattern(100_000)
    assert leftovers(store) == []


async def test_corrupted_content_is_never_handed_out_whole(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    blob = await store.put_bytes(pattern(3_000_000))
    path = store.local_path(blob.sha256)
    assert path is not None
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(10)
        file.write(b"!")
    got = 0
    stream = store.stream(blob.sha256)
    try:
        async for chunk in stream:
            got += len(chunk)
    except BlobCorrupt:
        got = -got
    assert -blob.size < got <= 0
    with pytest.raises(BlobCorrupt):
        await store.read(blob.sha256)


async def test_a_truncated_blob_is_healed_by_storing_it_again(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    blob = await store.put_bytes(pattern(1000))
    path = store.local_path(blob.sha256)
    assert path is not None
    path.chmod(0o644)
    os.truncate(path, 10)
    with pytest.raises(BlobCorrupt):
        await store.read(blob.sha256)
    await store.put_bytes(pattern(1000))
    assert await store.read(blob.sha256) == pattern(1000)


async def test_files_of_blobs_are_read_only(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    path = store.local_path((await store.put_bytes(b"x")).sha256)
    assert path is not None
    assert path.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
async def test_a_full_disk_is_one_clear_error_and_no_partial_blob(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str
) -> None:
    store = BlobStore(tmp_path)
    kept = await store.put_bytes(b"kept")

    def full(*_arguments: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(StorageFull):
            await store.put_stream(pieces(pattern(3_000_000), 65_536))
        with pytest.raises(StorageFull):
            await store.put_bytes(b"small")
    assert await names(store) == {kept.sha256}
    assert leftovers(store) == []
    assert await store.read(kept.sha256) == b"kept"


async def test_wrong_credentials_and_a_dead_server_are_explained(bucket: str, s3_settings: BlobSettings) -> None:
    dead = s3_settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})
    store = BlobStore(bucket, dead)
    with pytest.raises(StoreUnavailable) as caught:
        await store.put_bytes(b"x")
    assert caught.value.hint is not None


async def test_a_missing_bucket_is_explained(s3_settings: BlobSettings) -> None:
    store = BlobStore("s3://no-such-bucket-here/x", s3_settings)
    with pytest.raises(StoreUnavailable, match="no such bucket"):
        await store.put_bytes(b"x")


async def test_clients_get_content_from_s3_itself_by_an_address_that_is_signed_for_it_alone(
    bucket: str, s3_settings: BlobSettings
) -> None:
    blob = await BlobStore(bucket, s3_settings).put_bytes(b"weights")
    assert await BlobStore(bucket, s3_settings).address(blob.sha256, 60) is None
    public = s3_settings.model_copy(update={"s3_public_endpoint": s3_settings.s3_endpoint})
    store = BlobStore(bucket, public)
    address = await store.address(blob.sha256, 60)
    assert address is not None
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        assert (await client.get(address)).content == b"weights"
        part = await client.get(address, headers={"range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"igh")
    assert ("X-Amz-Expires=60" in address, "X-Amz-Signature=" in address) == (True, True)
    assert await store.address(sha(b"nothing"), 60) is None
