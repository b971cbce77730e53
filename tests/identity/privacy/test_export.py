"""Exports, as jobs on the running platform."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ceyuan.identity import OrganisationData, json_file
from ceyuan.identity.privacy.hooks import ExportFile
from ceyuan.kernel.blobs import BlobReferences
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.server.assembly import build_platform, running
from ceyuan.server.settings import ServerSettings
from tests.identity.actors import Browser, People

SignedIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def platform(settings: ServerSettings) -> AsyncIterator[Platform]:
    """The whole platform, jobs and all."""
    built = build_platform(settings)
    async with running(built):
        yield built


async def finished(asking: Browser, path: str) -> dict[str, object]:
    """The newest request once it is settled."""
    async with asyncio.timeout(60):
        while True:
            row: dict[str, object] = (await asking.get(path)).json()["items"][0]
            if row["state"] not in ("waiting", "running"):
                return row
            await asyncio.sleep(0.05)


async def test_a_person_takes_their_data_out(signed_in: SignedIn, people: People, platform: Platform) -> None:
    await people.add("li", email="li@example.cn")
    await people.organisation("acme", li="member")
    li, wang = await signed_in("li"), await signed_in("wang")
    assert (await li.post("/me/export")).status_code == 202
    row = await finished(li, "/me/data-requests")
    assert row["state"] == "done", row
    archive = await li.get(f"/me/data-requests/{row['id']}/archive")
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as content:
        account = content.read("identity/account.json").decode()
        assert "li@example.cn" in account
        assert "password_hash" not in account
        assert "acme" in content.read("identity/memberships.json").decode()
    assert (await wang.get(f"/me/data-requests/{row['id']}/archive")).status_code == 404
    assert [n["kind"] for n in (await li.get("/notices")).json()["items"]] == ["identity.export_ready"]
    references = [r for r in platform.find(BlobReferences) if type(r).__module__.startswith("ceyuan.identity")]  # type: ignore[type-abstract]
    async with platform.work(write=False) as uow:
        kept = [sha256 async for sha256 in references[0].references(uow)]
    assert len(kept) == 1


async def test_an_organisation_s_owners_take_its_data_out(
    signed_in: SignedIn, people: People, platform: Platform
) -> None:
    class Ledger:
        room = "metering"

        async def export(self, uow: UnitOfWork, org_id: str) -> AsyncIterator[ExportFile]:
            yield json_file("ledger.json", {"org": org_id})

    platform.provide(OrganisationData, Ledger())  # type: ignore[type-abstract]
    org_id = await people.organisation("acme", boss="owner", li="maintainer")
    boss, li = await signed_in("boss"), await signed_in("li")
    assert (await li.post("/organisations/acme/exports")).status_code == 403
    assert (await boss.post("/organisations/acme/exports")).status_code == 202
    row = await finished(boss, "/organisations/acme/exports")
    assert row["state"] == "done", row
    archive = await boss.get(f"/me/data-requests/{row['id']}/archive")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as content:
        assert org_id in content.read("metering/ledger.json").decode()
        assert "boss" in content.read("identity/members.json").decode()
    assert (await li.get(f"/me/data-requests/{row['id']}/archive")).status_code == 404


async def test_a_failed_export_can_be_asked_for_again(
    signed_in: SignedIn, people: People, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ceyuan.identity.privacy import export
    from ceyuan.kernel.errors import Conflict

    async def fail(*_arguments: object) -> int:
        raise Conflict(("坏了", "broken"))

    li = await signed_in("li")
    with monkeypatch.context() as broken:
        broken.setattr(export, "write_archive", fail)
        await li.post("/me/export")
        assert (await li.post("/me/export")).status_code == 409
        assert (await finished(li, "/me/data-requests"))["state"] == "failed"
    assert (await li.post("/me/export")).status_code == 202
    assert (await finished(li, "/me/data-requests"))["state"] == "done"
