from __future__ import annotations

import hashlib
import random
import struct
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from ceyuan.hub.chunks import PackedFile, pack_file, term_hash, text_of
from ceyuan.hub.xet.forms import evict, forget
from ceyuan.hub.xet.tables import HubXetFile, HubXorb
from ceyuan.kernel.blobs import collect_garbage
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from tests.hub.chunks.test_shards import END, HEAD, row
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient

DATA = random.Random(1).randbytes(700_000) + bytes(300_000)
OID = hashlib.sha256(DATA).hexdigest()


class Uploader:
    """The Xet side of a client."""

    def __init__(self, http: httpx.AsyncClient, folder: Path) -> None:
        self.http = http
        self.folder = folder
        self.headers: dict[str, str] = {}

    async def sign_in(self, kind: str = "write", repo: str = "demo/m") -> None:
        answer = await self.http.get(f"/api/models/{repo}/xet-{kind}-token/main")
        token = answer.headers["x-xet-access-token"]
        assert token == answer.json()["accessToken"]
        self.headers = {"authorization": f"Bearer {token}"}

    def pack(self, data: bytes) -> PackedFile:
        source = self.folder / "source"
        source.write_bytes(data)
        return pack_file(source, self.folder, {})

    async def xorbs(self, packed: PackedFile) -> list[httpx.Response]:
        return [
            await self.http.post(
                f"/xet/v1/xorbs/default/{text_of(xorb.hash)}", content=path.read_bytes(), headers=self.headers
            )
            for xorb, path in packed.made
        ]

    async def shard(self, packed: PackedFile, data: bytes, **wrong: bytes) -> httpx.Response:
        chunks = {xorb.hash: xorb.chunks for xorb, _ in packed.made}
        body = HEAD + row(wrong.get("file", packed.hash), 3 << 30, len(packed.runs), 0, 0)
        for xorb, first, last, size in packed.runs:
            body += row(xorb, 0, size, first, last)
        for xorb, first, last, _ in packed.runs:
            proof = term_hash([c.hash for c in chunks[xorb][first:last]])
            body += row(wrong.get("proof", proof), 0, 0, 0, 0)
        sha256 = wrong.get("sha256", hashlib.sha256(data).digest())
        body += row(struct.pack("<4Q", *struct.unpack(">4Q", sha256)), 0, 0, 0, 0) + END
        for xorb, _ in packed.made:
            body += row(xorb.hash, 0, len(xorb.chunks), xorb.size, xorb.stored)
            body += b"".join(row(chunk.hash, 0, chunk.size, 0, 0) for chunk in xorb.chunks)
        return await self.http.post("/xet/v1/shards", content=body + END, headers=self.headers)

    async def upload(self, data: bytes) -> PackedFile:
        packed = self.pack(data)
        for answer in await self.xorbs(packed):
            assert answer.status_code == 200, answer.text
        answer = await self.shard(packed, data)
        assert answer.status_code == 200, answer.text
        return packed


@pytest.fixture
async def member(signed_in: As) -> HubClient:
    client = HubClient(signed_in("member"))
    await client.create(private=False)
    return client


@pytest.fixture
async def uploader(member: HubClient, tmp_path: Path) -> Uploader:
    made = Uploader(member.http, tmp_path)
    await made.sign_in()
    return made


async def test_a_file_lands_as_xorbs_and_is_read_back_whole_and_in_parts(
    member: HubClient, uploader: Uploader, platform: Platform
) -> None:
    packed = await uploader.upload(DATA)
    assert (await member.commit(lfs={"w.safetensors": OID})).status_code == 200
    assert not await platform.blobs.exists(OID)
    url = "/demo/m/resolve/main/w.safetensors"
    head = await member.http.head(url)
    assert head.headers["x-xet-hash"] == text_of(packed.hash)
    assert "xet-read-token" in head.links["xet-auth"]["url"]
    assert (await member.http.get(url)).content == DATA
    for start, end in ((0, 1), (5, 200_001), (699_999, 700_001), (999_999, 1_000_000)):
        part = await member.http.get(url, headers={"range": f"bytes={start}-{end - 1}"})
        assert part.content == DATA[start:end]
    await platform.blobs.ensure(OID)
    assert (await member.http.get(url)).content == DATA
    assert await platform.blobs.read(OID) == DATA


async def test_a_reconstruction_names_signed_ranges_that_give_the_content(
    member: HubClient, uploader: Uploader
) -> None:
    packed = await uploader.upload(DATA)
    await member.commit(lfs={"w.safetensors": OID})
    await uploader.sign_in("read")
    for version in ("v1", "v2"):
        url = f"/xet/{version}/reconstructions/{text_of(packed.hash)}"
        answer = (await member.http.get(url, headers=uploader.headers)).json()
        assert sum(term["unpacked_length"] for term in answer["terms"]) == len(DATA)
    fetch = next(iter(answer["xorbs"].values()))[0]
    span = fetch["ranges"][0]["bytes"]
    asked = f"bytes={span['start']}-{span['end']}"
    body = await member.http.get(fetch["url"], headers={"range": asked})
    assert (body.status_code, len(body.content)) == (206, span["end"] + 1 - span["start"])
    beyond = await member.http.get(fetch["url"], headers={"range": f"bytes=0-{span['end'] + 10_000_000}"})
    assert beyond.status_code in (206, 401)
    url = f"/xet/v1/reconstructions/{text_of(packed.hash)}"
    part = await member.http.get(url, headers=uploader.headers | {"range": "bytes=500000-500009"})
    assert sum(term["unpacked_length"] for term in part.json()["terms"]) < 300_000
    past = await member.http.get(url, headers=uploader.headers | {"range": "bytes=2000000-"})
    assert past.status_code == 416


async def test_nothing_is_believed_unverified(member: HubClient, uploader: Uploader) -> None:
    packed = uploader.pack(DATA)
    (xorb, path), *_ = packed.made
    body = path.read_bytes()
    url = f"/xet/v1/xorbs/default/{text_of(xorb.hash)}"
    broken = body[:5000] + bytes([body[5000] ^ 1]) + body[5001:]
    for wrong in (broken, body[:-1], b""):
        assert (await member.http.post(url, content=wrong, headers=uploader.headers)).status_code == 400
    early = await uploader.shard(packed, DATA)
    assert (early.status_code, early.json()["code"]) == (400, "xet_invalid")
    await uploader.xorbs(packed)
    for fault in ("file", "proof", "sha256"):
        assert (await uploader.shard(packed, DATA, **{fault: bytes(range(32))})).status_code == 400, fault
    assert (await member.commit(lfs={"w.safetensors": OID})).status_code == 422


async def test_tokens_open_one_repository_for_one_purpose(
    member: HubClient, uploader: Uploader, signed_in: As, tmp_path: Path
) -> None:
    packed = await uploader.upload(DATA)
    await member.commit(lfs={"w.safetensors": OID})
    await uploader.sign_in("read")
    (xorb, path), *_ = packed.made
    url = f"/xet/v1/xorbs/default/{text_of(xorb.hash)}"
    assert (await member.http.post(url, content=path.read_bytes(), headers=uploader.headers)).status_code == 403
    other = HubClient(signed_in("outsider"))
    await other.create("other/x")
    theirs = Uploader(other.http, tmp_path)
    await theirs.sign_in("read", "other/x")
    hidden = await other.http.get(f"/xet/v1/reconstructions/{text_of(packed.hash)}", headers=theirs.headers)
    assert hidden.status_code == 404
    assert (await other.http.get("/api/models/demo/m/xet-write-token/main")).status_code == 403
    nobody = await signed_in("").get(f"/xet/v1/reconstructions/{text_of(packed.hash)}")
    assert nobody.status_code == 401


async def test_a_token_expires(member: HubClient, uploader: Uploader, platform: Platform) -> None:
    clock = ManualClock(platform.clock.now())
    platform.clock = clock
    packed = uploader.pack(DATA)
    clock.advance(timedelta(hours=2))
    assert {answer.status_code for answer in await uploader.xorbs(packed)} == {401}


async def test_stored_chunks_are_found_by_others_without_telling_their_hashes(
    member: HubClient, uploader: Uploader, signed_in: As, tmp_path: Path
) -> None:
    packed = await uploader.upload(DATA)
    first = packed.made[0][0].chunks[0].hash
    other = HubClient(signed_in("outsider"))
    await other.create("other/x")
    theirs = Uploader(other.http, tmp_path)
    await theirs.sign_in(repo="other/x")
    answer = await other.http.get(f"/xet/v1/chunks/default/{text_of(first)}", headers=theirs.headers)
    assert answer.status_code == 200
    assert packed.made[0][0].hash in answer.content
    assert first not in answer.content
    absent = await other.http.get(f"/xet/v1/chunks/default/{'0' * 64}", headers=theirs.headers)
    assert absent.status_code == 404
    again = await theirs.xorbs(packed)
    assert [r.json() for r in again] == [{"was_inserted": False}]


async def test_the_flat_form_is_a_cache_and_collection_spares_what_is_held(
    member: HubClient, uploader: Uploader, platform: Platform
) -> None:
    await uploader.upload(DATA)
    await member.commit(lfs={"w.safetensors": OID})
    await platform.blobs.ensure(OID)
    clock = ManualClock(platform.clock.now() + timedelta(days=10))
    platform.clock = clock
    for _ in range(2):
        await forget(platform)
        await collect_garbage(platform)
    await evict(platform)
    assert (await member.http.get("/demo/m/resolve/main/w.safetensors")).content == DATA


async def test_what_nobody_commits_is_forgotten(uploader: Uploader, platform: Platform) -> None:
    from ceyuan.hub.commits.contents import forget_uploads

    await uploader.upload(DATA)
    platform.clock = ManualClock(platform.clock.now() + timedelta(days=10))
    await forget_uploads(platform)
    await forget(platform)
    async with platform.work(write=False) as uow:
        files = await uow.session.scalar(select(func.count()).select_from(HubXetFile))
        xorbs = await uow.session.scalar(select(func.count()).select_from(HubXorb))
    assert (files, xorbs) == (0, 0)


async def test_a_damaged_xorb_is_never_handed_out_as_content(
    member: HubClient, uploader: Uploader, platform: Platform
) -> None:
    packed = await uploader.upload(DATA)
    await member.commit(lfs={"w.safetensors": OID})
    blob = hashlib.sha256(packed.made[0][1].read_bytes()).hexdigest()
    path = platform.blobs.local_path(blob)
    assert path is not None
    path.chmod(0o600)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    answer = await member.http.get("/demo/m/resolve/main/w.safetensors")
    assert (answer.status_code, answer.json()["code"]) == (500, "blob_corrupt")
