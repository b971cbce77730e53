"""`ceyuan secrets` and `ceyuan blobs` on the folder of a stopped platform."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ceyuan.cli.main import run as command
from ceyuan.identity import ensure_first_admin
from ceyuan.identity.passwords.hashing import Hasher
from ceyuan.identity.people import repository as people
from ceyuan.kernel.platform import Platform
from ceyuan.server import rooms, schema
from ceyuan.server.assembly import build_platform
from ceyuan.server.run import exclusive
from ceyuan.server.settings import ServerSettings


def on(data: Path, work: Callable[[Platform], Awaitable[None]]) -> None:
    async def go() -> None:
        platform = build_platform(ServerSettings(data_dir=data))
        try:
            await work(platform)
        finally:
            await platform.database.close()

    asyncio.run(go())


def ran(*arguments: str) -> int:
    try:
        command(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a platform that never ran, with its tables."""
    data = tmp_path_factory.mktemp("made") / "data"
    rooms.load_tables()
    on(data, lambda platform: schema.upgrade(platform.database))
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "data")
    return tmp_path / "data"


def test_a_rotation_makes_a_new_key_and_may_be_repeated(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (data / "keys" / "master.json").read_bytes()
    assert ran("secrets", "rotate", "--data", str(data)) == 0
    assert "new master key" in capsys.readouterr().err
    after = (data / "keys" / "master.json").read_bytes()
    assert after != before
    assert ran("secrets", "rotate", "--data", str(data), "--retire") == 0
    assert len((data / "keys" / "master.json").read_bytes()) < len(after)


def test_a_running_platform_is_left_alone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with exclusive(data):
        assert ran("secrets", "rotate", "--data", str(data)) == 1
    assert "another process uses" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("blobs", "scrub"), ("upgrade",)])
def test_a_folder_without_a_platform_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert ran(*words, "--data", str(tmp_path / "nothing")) == 1
    assert "there is no platform" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_a_setting_that_cannot_be_is_named_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("up", "--port", "99999", "--data", str(tmp_path / "new")) == 1
    said = capsys.readouterr().err
    assert "the setting port is not valid" in said
    assert said.count("\n") == 1


def test_what_is_no_backup_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.tar").write_text("not an archive")
    assert ran("restore", str(tmp_path / "letter.tar"), "--data", str(tmp_path / "new")) == 1
    said = capsys.readouterr().err
    assert "letter.tar cannot be restored" in said
    assert said.count("\n") == 1


def test_a_scrub_finds_what_the_disk_changed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored: list[str] = []

    async def put(platform: Platform) -> None:
        for content in (b"one" * 1000, b"two" * 1000):
            stored.append((await platform.blobs.put_bytes(content)).sha256)

    on(data, put)
    assert ran("blobs", "scrub", "--data", str(data)) == 0
    assert "checked 2 pieces" in capsys.readouterr().err
    (victim,) = (path for path in data.rglob(f"*{stored[0][-50:]}") if path.is_file())
    victim.chmod(0o600)
    victim.write_bytes(b"One" + victim.read_bytes()[3:])
    assert ran("blobs", "scrub", "--data", str(data)) == 1
    said = capsys.readouterr().err
    assert stored[0] in said
    assert stored[1] not in said


def test_collecting_counts_what_it_would_delete(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("blobs", "collect", "--data", str(data), "--dry-run") == 0
    assert "would delete 0 pieces" in capsys.readouterr().err


def test_a_fault_of_the_program_is_one_line_with_the_trace_in_a_file(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("ceyuan.kernel.blobs.scrub", lambda _platform: 1 / 0)
    assert ran("blobs", "scrub", "--data", str(data)) == 70
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "ZeroDivisionError" in said
    (trace,) = tmp_path.glob("ceyuan-*.log")
    assert "Traceback" in trace.read_text()


def test_who_holds_the_data_folder_gets_back_in(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEYUAN_IDENTITY_ARGON2_MEMORY_KIB", "64")
    told: list[str] = []

    async def begin(platform: Platform) -> None:
        async with platform.work() as uow:
            first = await ensure_first_admin(uow)
        assert first is not None
        told.append(first[1])

    async def compare(platform: Platform) -> None:
        (hasher,) = platform.find(Hasher)
        async with platform.work(write=False) as uow:
            admin = await people.find(uow.session, "admin")
        assert await hasher.verify(admin.password_hash, told[1])
        assert not await hasher.verify(admin.password_hash, told[0])

    on(data, begin)
    assert ran("accounts", "new-password", "--data", str(data)) == 0
    told.append(capsys.readouterr().err.strip().rpartition(": ")[2])
    on(data, compare)
    assert ran("accounts", "new-password", "nobody", "--data", str(data)) == 1
    assert "No such person" in capsys.readouterr().err
