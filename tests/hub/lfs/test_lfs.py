from __future__ import annotations

import hashlib

import pytest

from ceyuan.hub.settings import HubSettings
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient

DATA = bytes(range(256)) * 100
OID = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
async def member(signed_in: As) -> HubClient:
    client = HubClient(signed_in("member"))
    await client.create(private=False)
    return client


async def test_a_large_file_is_uploaded_by_a_signed_address_verified_and_committed(member: HubClient) -> None:
    (found,) = (await member.batch(DATA)).json()["objects"]
    upload, verify = found["actions"]["upload"]["href"], found["actions"]["verify"]["href"]
    assert (await member.http.put(upload, content=DATA)).status_code == 200
    assert (await member.http.post(verify, json={"oid": OID, "size": len(DATA)})).status_code == 200
    assert (await member.commit(lfs={"w.bin": OID})).status_code == 200
    assert "actions" not in (await member.batch(DATA)).json()["objects"][0]
    assert (await member.http.get("/demo/m/resolve/main/w.bin")).content == DATA


async def test_other_bytes_than_announced_are_refused_and_not_kept(member: HubClient, platform: Platform) -> None:
    (found,) = (await member.batch(DATA)).json()["objects"]
    answer = await member.http.put(found["actions"]["upload"]["href"], content=DATA[:-1] + b"!")
    assert (answer.status_code, answer.json()["code"]) == (422, "hash_mismatch")
    assert not await platform.blobs.exists(OID)
    assert (await member.commit(lfs={"w.bin": OID})).status_code == 422


async def test_a_permit_is_for_its_object_and_its_purpose_only(member: HubClient) -> None:
    first, second = (await member.batch(DATA, DATA + b"x")).json()["objects"]
    href = first["actions"]["upload"]["href"]
    assert (await member.http.put(href.replace(OID, second["oid"]), content=DATA)).status_code == 401
    assert (await member.http.put(href[:-5] + "AAAAA", content=DATA)).status_code == 401
    assert (await member.http.get(href)).status_code == 401


async def test_parts_come_in_any_order_may_be_sent_again_and_make_one_verified_file(
    member: HubClient, platform: Platform
) -> None:
    part = 5 * 1024 * 1024
    platform.sections[HubSettings] = HubSettings(lfs_part_bytes=part)
    data = DATA * 600
    oid = hashlib.sha256(data).hexdigest()
    answer = (await member.batch(data)).json()
    assert answer["transfer"] == "multipart"
    upload = answer["objects"][0]["actions"]["upload"]
    assert upload["header"]["chunk_size"] == str(part)
    pieces = [data[at : at + part] for at in range(0, len(data), part)]
    tags = {}
    cut = await member.http.put(upload["header"]["00002"], content=pieces[1][:100])
    assert cut.status_code == 422
    for number in reversed(range(len(pieces))):
        sent = await member.http.put(upload["header"][f"{number + 1:05d}"], content=pieces[number])
        tags[number + 1] = sent.headers["etag"]
    parts = [{"partNumber": number, "etag": tag} for number, tag in sorted(tags.items())]
    early = await member.http.post(upload["href"], json={"oid": oid, "parts": parts[:-1]})
    assert early.status_code == 422
    done = await member.http.post(upload["href"], json={"oid": oid, "parts": parts})
    assert done.json() == {"oid": oid, "size": len(data)}
    assert (await member.commit(lfs={"big.bin": oid})).status_code == 200


async def test_a_full_quota_is_told_before_anything_is_sent(member: HubClient, platform: Platform) -> None:
    platform.sections[HubSettings] = HubSettings(quota_logical_bytes=20_000)
    answer = await member.batch(DATA)
    assert (answer.status_code, answer.json()["code"]) == (413, "storage_quota_full")


async def test_an_outsider_gets_no_addresses(signed_in: As, member: HubClient) -> None:
    assert (await HubClient(signed_in("outsider")).batch(DATA)).status_code == 403
    assert (await HubClient(signed_in("")).batch(DATA)).status_code == 401
