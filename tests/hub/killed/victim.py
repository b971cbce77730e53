"""A process that does one deed of the hub and dies by SIGKILL at a given point of it: a fork, which costs no start."""

from __future__ import annotations

import asyncio
import os
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from ceyuan.hub.commits import contents, service
from ceyuan.hub.commits.service import Add
from ceyuan.hub.git import Limits, Pack
from ceyuan.hub.history import repository as history
from ceyuan.hub.mirrors import taking, tasks
from ceyuan.hub.owners import Owner, OwnerDirectory
from ceyuan.hub.receiving.commands import Command, Request
from ceyuan.hub.receiving.service import receive
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.settings import HubSettings
from ceyuan.kernel.jobs import Job, JobContext
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from tests.hub.conftest import MEMBER, ORGANISATIONS, OUTSIDER

PART = b"z" * 100_000


def die(*_: Any) -> None:
    os.kill(os.getpid(), 9)


def _before(place: Any, name: str) -> None:
    setattr(place, name, die)


def _after(place: Any, name: str) -> None:
    inner = getattr(place, name)

    async def then_die(*given: Any, **named: Any) -> Any:
        await inner(*given, **named)
        die()

    setattr(place, name, then_die)


POINTS: dict[str, Callable[[], None]] = {
    "before the transaction": lambda: _before(service.DatabaseTrees, "keep"),
    "within the transaction": lambda: _after(history, "move_ref"),
    "after the commit": lambda: None,
    "while it comes": lambda: None,
    "when a part is here": lambda: _after(contents, "record_uploads"),
}


async def _push(platform: Platform, deed: dict[str, Any]) -> None:
    pack = Pack(memoryview(bytes.fromhex(deed["pack"])), Limits())
    pack.read()
    request = Request((Command(deed["old"], deed["new"], "refs/heads/main"),), frozenset())
    await receive(platform, MEMBER, ("model", "demo", deed["name"]), request, pack)


async def _commit(platform: Platform, deed: dict[str, Any]) -> None:
    blob = await platform.blobs.put_bytes(PART)
    async with platform.work(MEMBER) as uow:
        row = await find_repository(uow, "model", "demo", deed["name"])
        await contents.record_uploads(uow, row.id, [await contents.describe_blob(platform, blob.sha256, blob.size)])
        await service.commit(uow, row, [Add("z.txt", blob.sha256)], message="A change")


async def _upload(platform: Platform, _deed: dict[str, Any]) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield PART
        yield PART
        die()

    await platform.blobs.put_stream(parts())


async def _mirror(platform: Platform, deed: dict[str, Any]) -> None:
    taking._BATCH = taking._AT_ONCE = 1  # type: ignore[misc]
    platform.sections[HubSettings] = HubSettings(mirror_networks=["127.0.0.0/8"])
    async with platform.work(write=False) as uow:
        job = await uow.session.get(Job, deed["job"])
        assert job is not None
    await tasks.mirror(JobContext(platform, job, OUTSIDER), {"mirror_id": deed["mirror"]})


async def _do(folder: Path, url: str, deed: dict[str, Any]) -> None:
    platform = build_platform(ServerSettings(data_dir=folder, database_url=url))

    async def find(_uow: UnitOfWork, name: str) -> Owner | None:
        return Owner(ORGANISATIONS[name], name) if name in ORGANISATIONS else None

    platform.hooks[OwnerDirectory] = [OwnerDirectory(find)]
    POINTS[deed["point"]]()
    await {"push": _push, "commit": _commit, "upload": _upload, "mirror": _mirror}[deed["do"]](platform, deed)
    die()


def fork_and_do(folder: Path, url: str, deed: dict[str, Any]) -> int:
    """The id of a new process that does a deed over the same database and dies in it; its status is 1 if it lives."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(_do(folder, url, deed))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    return child
