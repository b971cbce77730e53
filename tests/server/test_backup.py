from __future__ import annotations

import stat
import tarfile
from pathlib import Path

import pytest

from ceyuan.kernel.platform import Platform
from ceyuan.server import backup
from ceyuan.server.assembly import build_platform
from ceyuan.server.backup import BackupUnusable, FolderNotEmpty
from ceyuan.server.settings import ServerSettings


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, filled_sqlite: Path, tmp_path: Path) -> str:
    """Only SQLite lies in the data folder."""
    import shutil

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
