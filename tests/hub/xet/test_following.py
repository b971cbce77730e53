from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ceyuan.hub.chunks import packing
from ceyuan.hub.grants import Grant
from ceyuan.hub.xet import following, keeping, reading
from ceyuan.hub.xet.following import Trails
from ceyuan.kernel.actor import Actor
from tests.hub.conftest import As
from tests.hub.protocol.world import HubClient
from tests.hub.xet.test_store import Uploader

pytestmark = pytest.mark.engine_bound

DATA = random.Random(3).randbytes(900_000)
OID = hashlib.sha256(DATA).hexdigest()
GRANT = Grant("xet-write", "repo", "org", Actor(kind="person", id="one", label="one"), {})


@pytest.fixture
async def uploader(signed_in: As, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uploader:
    """Uploads whose files are of several xorbs and count as large."""
    monkeypatch.setattr(packing, "_FULL", 200_000)
    monkeypatch.setattr(keeping, "LARGE_BYTES", 1000)
    member = HubClient(signed_in("member"))
    await member.create(private=False)
    made = Uploader(member.http, tmp_path)
    await made.sign_in()
    return made


@pytest.fixture
def read_again(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many runs each description had read again."""
    found: list[int] = []
    real = reading.pass_on

    async def counted(platform: Any, where: Any, runs: Any, take: Callable[[Any], object]) -> None:
        found.append(len(runs))
        await real(platform, where, runs, take)

    monkeypatch.setattr(reading, "pass_on", counted)
    return found


async def test_what_came_in_order_is_not_read_again(uploader: Uploader, read_again: list[int]) -> None:
    packed = await uploader.upload(DATA)
    assert len(packed.made) > 3
    assert read_again == [0]
    member = HubClient(uploader.http)
    assert (await member.commit(lfs={"w.safetensors": OID})).status_code == 200
    assert (await uploader.http.get("/demo/m/resolve/main/w.safetensors")).content == DATA


async def test_what_came_in_another_order_is_read_from_where_it_differs(
    uploader: Uploader, read_again: list[int]
) -> None:
    packed = uploader.pack(DATA)
    packed.made.insert(1, packed.made.pop())  # type: ignore[attr-defined]
    await uploader.xorbs(packed)
    assert (await uploader.shard(packed, DATA)).status_code == 200
    assert read_again == [len(packed.made) - 1]


async def test_a_wrong_announcement_is_refused_though_all_was_followed(uploader: Uploader) -> None:
    packed = uploader.pack(DATA)
    await uploader.xorbs(packed)
    wrong = await uploader.shard(packed, DATA, sha256=bytes(range(32)))
    assert (wrong.status_code, wrong.json()["code"]) == (400, "xet_invalid")
    assert (await uploader.shard(packed, DATA)).status_code == 200


async def test_a_xorb_that_fails_leaves_no_trace_in_the_hash(uploader: Uploader, read_again: list[int]) -> None:
    packed = uploader.pack(DATA)
    path = packed.made[1][1]
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert [answer.status_code for answer in await uploader.xorbs(packed)][:3] == [200, 400, 200]
    path.write_bytes(whole)
    await uploader.xorbs(packed)
    assert (await uploader.shard(packed, DATA)).status_code == 200
    assert read_again == [len(packed.made) - 1]


async def test_who_waits_in_vain_goes_on_unfollowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PATIENCE_S", 0.0)
    trails = Trails()
    async with trails.step(GRANT) as first, trails.step(GRANT) as second:
        assert first is not None
        assert second is None
        first.done(b"x")
    async with trails.step(GRANT) as third:
        assert third is None


async def test_uploads_of_one_repository_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    trails, order = Trails(), []

    async def send(name: bytes) -> None:
        async with trails.step(GRANT) as step:
            assert step is not None
            await asyncio.sleep(0)
            step.digest.update(name)
            step.done(name)
            order.append(name)

    await asyncio.gather(*(send(name) for name in (b"a", b"b", b"c")))
    trail = trails.finish(GRANT)
    assert (order, trail.xorbs) == ([b"a", b"b", b"c"], [b"a", b"b", b"c"])
    assert trail.states[2].digest() == hashlib.sha256(b"abc").digest()
