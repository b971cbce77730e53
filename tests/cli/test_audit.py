"""`ceyuan audit` on a data folder and on an export, without a running platform."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from ceyuan.cli.audit import app
from ceyuan.kernel.audit.tables import AuditEntry
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.tables import Base
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with three entries and a signed head."""

    async def fill(platform: Platform) -> None:
        async with platform.database.connection() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with platform.work() as uow:
            for number in range(3):
                await uow.audit("thing.rename", f"thing_{number}")
        async with platform.work() as uow:
            (tmp_path / "head.txt").write_text((await platform.audit.sign_head(uow)).note)

    run(tmp_path / "data", fill)
    return tmp_path / "data"


def run(data: Path, work: object) -> None:
    async def go() -> None:
        platform = build_platform(ServerSettings(data_dir=data))
        try:
            await work(platform)  # type: ignore[operator]
        finally:
            await platform.database.close()

    asyncio.run(go())


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, result.stdout


def test_a_sound_log_is_verified_in_its_data_folder(data: Path) -> None:
    code, out = call("verify", "--data", data, "--head", data.parent / "head.txt")
    assert code == 0
    assert json.loads(out[out.index("{") :])["size"] == 3


def test_a_forged_entry_is_named_and_the_exit_status_says_so(data: Path) -> None:
    async def forge(platform: Platform) -> None:
        async with platform.work() as uow:
            await uow.session.execute(update(AuditEntry).where(AuditEntry.seq == 1).values(subject="thing_9"))

    run(data, forge)
    code, out = call("verify", "--data", data)
    assert code == 1
    assert json.loads(out[out.index("{") : out.rindex("}") + 1])["fault"]["first"] == 1


def test_an_export_is_verified_anywhere(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert call("export", "--data", data, "-o", file)[0] == 0
    assert call("verify", "--file", file)[0] == 0
    file.write_bytes(file.read_bytes().replace(b"thing_1", b"thing_7"))
    assert call("verify", "--file", file)[0] == 1
