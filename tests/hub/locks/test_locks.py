"""Locks as git-lfs asks for them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ceyuan.hub.locks.tables import HubLock
from ceyuan.hub.privacy import HubPersonalData
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, As
from tests.hub.protocol.world import HubClient

pytestmark = pytest.mark.engine_bound

LOCKS = "/demo/m.git/info/lfs/locks"


@pytest.fixture
async def member(signed_in: As) -> httpx.AsyncClient:
    await HubClient(signed_in("member")).create()
    return signed_in("member")


async def _lock(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.post(LOCKS, json={"path": path, "ref": {"name": "refs/heads/main"}})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["lock"])


@pytest.mark.parametrize(("word", "status"), [("", 401), ("outsider", 404), ("viewer", 403), ("reader", 403)])
async def test_only_members_lock_and_outsiders_learn_nothing(
    signed_in: As, member: httpx.AsyncClient, word: str, status: int
) -> None:
    client, lock = signed_in(word), await _lock(member, "a.bin")
    assert (await client.post(LOCKS, json={"path": "b.bin"})).status_code == status
    assert (await client.post(f"{LOCKS}/verify", json={})).status_code == status
    assert (await client.post(f"{LOCKS}/{lock['id']}/unlock", json={"force": True})).status_code == status
    assert (await client.get(LOCKS)).status_code == (200 if status == 403 else status)


async def test_who_pushes_is_told_what_others_have_locked(signed_in: As, member: httpx.AsyncClient) -> None:
    maintainer = signed_in("maintainer")
    own, other = await _lock(member, "own.bin"), await _lock(maintainer, "模型/权重.bin")
    verified = (await member.post(f"{LOCKS}/verify", json={"ref": {"name": "refs/heads/main"}})).json()
    assert (verified["ours"], verified["theirs"]) == ([own], [other])
    assert other["owner"] == {"name": "maintainer"}
    again = await maintainer.post(LOCKS, json={"path": "own.bin"})
    assert (again.status_code, again.json()["lock"], again.json()["message"]) == (409, own, "already locked by member")
    assert (await member.get(LOCKS, params={"path": "own.bin"})).json() == {"locks": [own]}
    first = (await member.get(LOCKS, params={"limit": 1})).json()
    then = (await member.get(LOCKS, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert (first["locks"], then) == ([own], {"locks": [other]})


async def test_a_lock_is_given_up_by_its_owner_and_by_force_of_a_maintainer(
    signed_in: As, member: httpx.AsyncClient
) -> None:
    maintainer = signed_in("maintainer")
    own, other = await _lock(member, "own.bin"), await _lock(maintainer, "other.bin")
    git_lfs = {"user-agent": "git-lfs/3.3.0"}
    refused = await member.post(f"{LOCKS}/{other['id']}/unlock", json={}, headers=git_lfs)
    assert refused.status_code == 403
    assert "other.bin was locked by maintainer" in refused.json()["message"]
    assert (await member.post(f"{LOCKS}/{other['id']}/unlock", json={"force": True})).status_code == 403
    assert (await maintainer.post(f"{LOCKS}/{own['id']}/unlock", json={})).status_code == 403
    assert (await maintainer.post(f"{LOCKS}/{own['id']}/unlock", json={"force": True})).json() == {"lock": own}
    assert (await maintainer.post(f"{LOCKS}/{other['id']}/unlock")).status_code == 200
    assert (await member.post(f"{LOCKS}/{other['id']}/unlock", json={})).status_code == 404
    assert (await member.get(LOCKS)).json() == {"locks": []}
    assert (await member.post(LOCKS, json={"path": "../x"})).status_code == 422
    assert (await member.get(LOCKS, params={"cursor": "?"})).status_code == 422


async def test_the_locks_of_a_person_who_is_erased_go(platform: Platform, member: httpx.AsyncClient) -> None:
    lock = await _lock(member, "own.bin")
    async with platform.work() as uow:
        await HubPersonalData().erase(uow, MEMBER.id)
    async with platform.work(write=False) as uow:
        assert await uow.session.get(HubLock, lock["id"]) is None
