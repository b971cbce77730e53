"""Uploads that go to the object store itself: a real S3 server (moto) on loopback."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from ceyuan.hub.settings import HubSettings
from ceyuan.kernel.blobs import BlobSettings, BlobStore
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient

pytestmark = pytest.mark.engine_bound
DATA = bytes(range(256)) * 100
OID = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
async def member(platform: Platform, signed_in: As, bucket: str, s3_settings: BlobSettings) -> HubClient:
    public = s3_settings.model_copy(update={"s3_public_endpoint": s3_settings.s3_endpoint})
    platform.blobs = BlobStore(bucket, public)
    client = HubClient(signed_in("member"))
    await client.create(private=False)
    return client


async def put(address: str, data: bytes) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        return await client.put(address, content=data)


async def actions(member: HubClient, data: bytes) -> dict[str, Any]:
    (found,) = (await member.batch(data)).json()["objects"]
    answer: dict[str, Any] = found["actions"]
    return answer


async def finish(member: HubClient, address: str, data: bytes, **more: Any) -> httpx.Response:
    oid = hashlib.sha256(data).hexdigest()
    return await member.http.post(address, json={"oid": oid, "size": len(data), **more})


async def test_a_file_put_into_the_object_store_is_verified_before_a_commit_may_name_it(
    member: HubClient, platform: Platform
) -> None:
    asked = await actions(member, DATA)
    address = asked["upload"]["href"]
    assert "/incoming/" in address
    assert "X-Amz-Signature=" in address
    early = await finish(member, asked["verify"]["href"], DATA)
    assert (early.status_code, early.json()["code"]) == (422, "upload_missing")
    assert (await put(address, DATA)).status_code == 200
    assert not await platform.blobs.exists(OID)
    assert (await member.commit(lfs={"w.bin": OID})).status_code == 422
    for _ in range(2):
        assert (await finish(member, asked["verify"]["href"], DATA)).status_code == 200
    assert (await member.commit(lfs={"w.bin": OID})).status_code == 200
    assert await platform.blobs.read(OID) == DATA


@pytest.mark.parametrize("sent", [DATA[:-1] + b"!", DATA + b"more", b""])
async def test_what_is_not_as_announced_is_refused_and_removed(
    member: HubClient, platform: Platform, sent: bytes
) -> None:
    asked = await actions(member, DATA)
    await put(asked["upload"]["href"], sent)
    wrong = await finish(member, asked["verify"]["href"], DATA)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "hash_mismatch")
    assert (await finish(member, asked["verify"]["href"], DATA)).json()["code"] == "upload_missing"
    assert not await platform.blobs.exists(OID)


async def test_who_knows_the_hash_of_a_strangers_file_does_not_get_it_by_claiming_an_upload(
    member: HubClient, platform: Platform, signed_in: As
) -> None:
    await platform.blobs.put_bytes(DATA)
    asked = await actions(member, DATA)
    await put(asked["upload"]["href"], bytes(len(DATA)))
    assert (await finish(member, asked["verify"]["href"], DATA)).status_code == 422
    assert (await member.commit(lfs={"w.bin": OID})).status_code == 422


async def test_parts_go_to_the_object_store_and_make_one_verified_file(member: HubClient, platform: Platform) -> None:
    part = 5 * 1024 * 1024
    platform.sections[HubSettings] = HubSettings(lfs_part_bytes=part)
    data = DATA * 300
    upload = (await actions(member, data))["upload"]
    assert upload["header"].pop("chunk_size") == str(part)
    tags = []
    for number in sorted(upload["header"], reverse=True):
        at = (int(number) - 1) * part
        sent = await put(upload["header"][number], data[at : at + part])
        tags.append({"partNumber": int(number), "etag": sent.headers["etag"]})
        if int(number) == 2:
            assert (await finish(member, upload["href"], data, parts=tags)).status_code == 422
    done = await finish(member, upload["href"], data, parts=tags)
    assert done.json() == {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
    assert (await member.commit(lfs={"big.bin": done.json()["oid"]})).status_code == 200


async def test_what_nobody_finished_is_swept(member: HubClient, platform: Platform) -> None:
    asked = await actions(member, DATA)
    await put(asked["upload"]["href"], DATA)
    landing = platform.blobs.landing
    assert landing is not None
    assert await landing.sweep(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await landing.sweep(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert (await finish(member, asked["verify"]["href"], DATA)).json()["code"] == "upload_missing"
