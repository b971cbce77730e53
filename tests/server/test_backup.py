from __future__ import annotations

import shutil
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from ceyuan.cli.platform import backup_before_upgrade
from ceyuan.kernel.database import Database
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets.keyring import Keyring, write_file
from ceyuan.server import backup, schema
from ceyuan.server.assembly import build_platform
from ceyuan.server.backup import BackupFailed, BackupUnusable, FolderNotEmpty
from ceyuan.server.run import prepare
from ceyuan.server.settings import ServerSettings
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, filled_sqlite: Path, tmp_path: Path) -> str:
    """Only SQLite lies in the data folder."""
    (tmp_path / "data").mkdir(mode=0o700)
    for name in ("ceyuan.sqlite", "jobs.sqlite"):
        shutil.copy(filled_sqlite / name, tmp_path / "data" / name)
    return f"sqlite:///{tmp_path / 'data' / 'ceyuan.sqlite'}"


async def test_a_backup_restores_to_the_same_data_and_the_keys_travel_apart(
    platform: Platform, settings: ServerSettings, tmp_path: Path
) -> None:
    blob = await platform.blobs.put_bytes(b"kept")
    sealed = platform.vault.encrypt(b"secret", "test")
    async with platform.work() as uow:
        await uow.publish("backup.test", sealed=sealed.hex())
    made = backup.create(settings, tmp_path / "to")
    assert made.keys is not None
    with tarfile.open(made.archive) as tar:
        assert not [name for name in tar.getnames() if name.startswith("keys")]
    assert stat.S_IMODE(made.keys.stat().st_mode) == 0o600
    target = ServerSettings(data_dir=tmp_path / "restored")
    backup.restore(made.archive, target, keys=made.keys)
    again = build_platform(target)
    try:
        assert await again.blobs.read(blob.sha256) == b"kept"
        assert again.vault.decrypt(sealed, "test") == b"secret"
        await again.database.ping()
    finally:
        await again.database.close()


async def test_a_damaged_archive_and_a_full_folder_are_refused(
    platform: Platform, settings: ServerSettings, tmp_path: Path
) -> None:
    made = backup.create(settings, tmp_path / "to")
    content = bytearray(made.archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(content)
    with pytest.raises(BackupUnusable):
        backup.restore(damaged, ServerSettings(data_dir=tmp_path / "a"))
    assert list((tmp_path / "a").iterdir()) == []
    with pytest.raises(FolderNotEmpty):
        backup.restore(made.archive, settings)


def write_database(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE kept (word TEXT)")
        connection.execute("INSERT INTO kept VALUES ('yes')")


async def test_blobs_that_lie_elsewhere_are_named_not_left_out_in_silence(tmp_path: Path) -> None:
    settings = ServerSettings(data_dir=tmp_path / "data", blob_url="s3://bucket/blobs")
    write_database(settings.data_dir / "ceyuan.sqlite")
    made = backup.create(settings, tmp_path / "to")
    assert made.blobs_at == "s3://bucket/blobs"
    put = backup.restore(made.archive, ServerSettings(data_dir=tmp_path / "restored"))
    assert put.blobs_at == "s3://bucket/blobs"


def test_a_database_that_lies_outside_the_data_folder_is_backed_up_and_put_back_to_its_place(tmp_path: Path) -> None:
    place, new_place = tmp_path / "elsewhere" / "our.db", tmp_path / "new" / "our.db"
    settings = ServerSettings(data_dir=tmp_path / "data", database_url=f"sqlite:///{place}")
    settings.data_dir.mkdir()
    write_database(place)
    made = backup.create(settings, tmp_path / "to")
    target = ServerSettings(data_dir=tmp_path / "restored", database_url=f"sqlite:///{new_place}")
    backup.restore(made.archive, target)
    with closing(sqlite3.connect(new_place)) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("yes",)]
    with pytest.raises(FolderNotEmpty, match=r"our\.db"):
        backup.restore(made.archive, ServerSettings(data_dir=tmp_path / "third", database_url=f"sqlite:///{new_place}"))


def test_a_backup_into_the_data_folder_holds_neither_itself_nor_earlier_ones(tmp_path: Path) -> None:
    settings = ServerSettings(data_dir=tmp_path / "data")
    write_database(settings.data_dir / "ceyuan.sqlite")
    place = settings.data_dir / "copies"
    place.mkdir()
    (place / "ceyuan-earlier.tar").write_bytes(b"x" * 1000)
    made = backup.create(settings, place)
    with tarfile.open(made.archive) as tar:
        assert set(tar.getnames()) == {"ceyuan.sqlite", "manifest.json"}


def test_the_archive_of_the_keys_alone_is_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ServerSettings(data_dir=tmp_path / "data")
    write_database(settings.data_dir / "ceyuan.sqlite")
    key = tmp_path / "vault" / "master.json"
    write_file(key, Keyring.fresh(), replace=False)
    monkeypatch.setenv("CEYUAN_KEY_FILE", str(key))
    made = backup.create(settings, tmp_path / "to")
    assert made.keys is not None, "a key file that lies elsewhere is kept too"
    with pytest.raises(BackupUnusable, match="no database"):
        backup.restore(made.keys, ServerSettings(data_dir=tmp_path / "restored"))
    assert backup.restore(made.archive, ServerSettings(data_dir=tmp_path / "without")).keys is False
    put = backup.restore(made.archive, ServerSettings(data_dir=tmp_path / "with"), keys=made.keys)
    assert put.keys
    assert (tmp_path / "with" / "keys" / "master.json").read_bytes() == key.read_bytes()


def test_where_there_is_no_platform_nothing_is_backed_up(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="there is no platform"):
        backup.create(ServerSettings(data_dir=tmp_path / "nowhere"), tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.skipif(shutil.which("pg_dump") is None, reason="pg_dump is not installed")
async def test_a_postgresql_database_is_dumped_and_loaded(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with postgres_server.fresh_database() as url, postgres_server.fresh_database() as other:
        settings = ServerSettings(data_dir=tmp_path / "data", database_url=url)
        settings.data_dir.mkdir()
        before = Database(url)
        await schema.upgrade(before, "0001")
        async with before.connection() as connection:
            await connection.execute(
                text("INSERT INTO outbox_event (topic, data, created_at) VALUES ('kept', '{}', '2026-01-01')")
            )
        await before.close()
        made = backup.create(settings, tmp_path / "to")
        backup.restore(made.archive, ServerSettings(data_dir=tmp_path / "restored", database_url=other))
        after = Database(other)
        async with after.connection() as connection:
            assert (await connection.execute(text("SELECT topic FROM outbox_event"))).scalars().all() == ["kept"]
        assert await schema.current(after) == "0001"
        await after.close()


async def test_an_older_database_is_backed_up_before_it_comes_forward(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ServerSettings(data_dir=tmp_path / "data")
    platform = build_platform(settings)
    await schema.upgrade(platform.database, "0001")
    await prepare(platform, backup=lambda version: backup_before_upgrade(settings, version))
    assert await schema.current(platform.database) == schema.head()
    await platform.database.close()
    (archive,) = (settings.data_dir / "backups").glob("ceyuan-*Z.tar")
    backup.restore(archive, ServerSettings(data_dir=tmp_path / "restored"))
    again = Database(f"sqlite:///{tmp_path / 'restored' / 'ceyuan.sqlite'}")
    assert await schema.current(again) == "0001"
    await again.close()
    assert "0001" in capsys.readouterr().err
