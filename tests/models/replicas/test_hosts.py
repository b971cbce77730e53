"""Replicas on a host behind a real sshd: served, found again when killed, counted and paid for like those here."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ceyuan.compute.pools.hosts import NewHost
from ceyuan.compute.pools.service import NewPool, add_host, register_pool
from ceyuan.models.deployments import service
from tests.compute.executors.sshd import Sshd, why_not
from tests.models.replicas.conftest import ADMIN, STAND_IN, Scale, Yard

pytestmark = pytest.mark.slow


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    if reason := why_not():
        pytest.skip(reason)
    (tmp_path / "sshd").mkdir()
    server = Sshd(tmp_path / "sshd")
    yield server
    server.stop()


async def _open_pool(yard: Yard, sshd: Sshd) -> None:
    platform = yard.house.platform
    pool = await register_pool(platform, ADMIN, NewPool("hosts", "ssh"))
    await add_host(
        platform,
        ADMIN,
        pool.id,
        NewHost(
            address="127.0.0.1",
            user=getpass.getuser(),
            host_key=(sshd.folder / "host.pub").read_text(),
            private_key=(sshd.folder / "client").read_text(),
            port=sshd.port,
            root=str(sshd.folder / "runs"),
        ),
    )


async def test_a_revision_is_served_on_a_host_and_replaced_there_without_a_failed_call(yard: Yard, sshd: Sshd) -> None:
    await _open_pool(yard, sshd)
    served_id = await yard.deploy(pool=replace(STAND_IN, pool="hosts"), scale=Scale(1, 2, 200))
    assert await yard.ask() == (200, "first")
    (replica,) = await yard.ready(served_id)
    task = await yard.task(replica.task_id)
    assert (task.spec["pools"], str(replica.address).split(":")[0]) == (["hosts"], "127.0.0.1")
    assert list((sshd.folder / "runs").rglob("words"))

    await yard.kill(replica)
    assert await yard.ask() == (200, "first")
    (other,) = await yard.ready(served_id)
    assert other.task_id != replica.task_id

    answers: list[tuple[int, str]] = []
    over = asyncio.Event()

    async def go_on() -> None:
        while not over.is_set():
            answers.append(await yard.ask("20"))

    asking = [asyncio.create_task(go_on()) for _ in range(2)]
    await yard.do(lambda uow: service.bring(uow, served_id, model=yard.revisions["second"]))
    row, _ = await yard.updated(served_id)
    await yard.until(lambda: answers[-1] == (200, "second"))
    over.set()
    await asyncio.gather(*asking)
    assert {status for status, _ in answers} == {200}
    assert row.revision == yard.revisions["second"]
    await yard.do(lambda uow: service.remove(uow, served_id))
    await yard.until(lambda: not yard.directory.engine_states(served_id))
    assert (await yard.task(other.task_id)).state == "cancelled"
