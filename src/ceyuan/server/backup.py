"""Backup and restore: one archive of everything but the keys, and the keys apart.

The database is copied first, by its own means and consistently; blobs are immutable and only added, so
those that the copied database names are all there when they are copied after it. The key file travels
in a second archive: whoever holds both can read every secret, whoever holds one cannot. Blobs that are kept
outside the data folder (S3, another folder) stay where they are: the archive names the place.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from ceyuan import __version__
from ceyuan.kernel.errors import CeyuanError, Conflict, Invalid
from ceyuan.kernel.secrets import SecretSettings
from ceyuan.server.settings import ServerSettings

MANIFEST = "manifest.json"
KEYS = "keys"
"""The folder under the data folder that holds keys."""
JOBS = "jobs.sqlite"
_SQLITE = ("ceyuan.sqlite", JOBS)
"""Their names in the archive, wherever the first of them lies."""
_SKIP = {"lock", "tmp", "backups", KEYS}
FORMAT = 1


class BackupUnusable(Invalid):
    code = "backup_unusable"
    title = ("备份不可用", "The backup cannot be used")


class BackupFailed(CeyuanError):
    code = "backup_failed"
    title = ("备份失败", "The backup failed")


class FolderNotEmpty(Conflict):
    code = "folder_not_empty"
    title = ("目录不为空", "The folder is not empty")


@dataclass(frozen=True, slots=True)
class Backup:
    """The two archives, and what the first holds; `blobs_at` is where blobs lie that are not in it."""

    archive: Path
    keys: Path | None
    files: int
    bytes: int
    blobs_at: str | None


@dataclass(frozen=True, slots=True)
class Restored:
    """How many files were put back; `blobs_at` is where the backup's blobs lie, if they were not in it; whether keys
    were among them."""

    files: int
    blobs_at: str | None
    keys: bool


def create(settings: ServerSettings, to: Path) -> Backup:
    """Write a backup into the folder `to`; may run while the platform runs.

    Raises `BackupFailed` (no platform, no space, pg_dump missing or failing); nothing half-written is left.
    """
    if not settings.data_dir.is_dir():
        raise BackupFailed(
            (f"{settings.data_dir} 中没有平台数据", f"there is no platform in {settings.data_dir}"),
            hint=("请用 --data 指定数据目录", "name its folder with --data"),
        )
    blobs_at = _blobs_elsewhere(settings)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    archive, keys = to / f"ceyuan-{stamp}.tar", to / f"ceyuan-{stamp}.keys.tar"
    try:
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _Writer(archive) as writer:
            _add_databases(settings, writer)
            for path in _plain_files(settings, to):
                writer.add(path, str(path.relative_to(settings.data_dir.absolute())))
            writer.finish(stamp, blobs_at)
        key_files = _key_files(settings)
        if key_files:
            with _Writer(keys) as sealed:
                for name, path in sorted(key_files.items()):
                    sealed.add(path, name)
                sealed.finish(stamp, None)
    except OSError as error:
        raise BackupFailed(
            (f"备份写入失败:{error.strerror or error}", f"the backup could not be written: {error.strerror or error}"),
            hint=("请换一个空间足够的目录", "choose a folder with enough space"),
        ) from error
    return Backup(archive, keys if key_files else None, len(writer.entries), writer.bytes, blobs_at)


def _key_files(settings: ServerSettings) -> dict[str, Path]:
    """The keys by their names in the archive; a key file that lies elsewhere comes under its usual name."""
    found = {f"{KEYS}/{p.name}": p for p in (settings.data_dir / KEYS).glob("*") if p.is_file()}
    elsewhere = SecretSettings().key_file
    return found if elsewhere is None else found | {f"{KEYS}/master.json": elsewhere}


def _blobs_elsewhere(settings: ServerSettings) -> str | None:
    url = settings.effective_blob_url
    inside = "://" not in url and Path(url).absolute().is_relative_to(settings.data_dir.absolute())
    return None if inside else url


class _Writer:
    """A tar file with a manifest of hashes, named only when it is whole."""

    def __init__(self, target: Path) -> None:
        self._target, self._partial = target, target.with_suffix(".partial")
        self.entries: list[dict[str, object]] = []
        self.bytes = 0

    def __enter__(self) -> _Writer:
        descriptor = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)
        return self

    def add(self, path: Path, name: str) -> None:
        try:
            source = path.open("rb")
        except FileNotFoundError:  # collected or rotated away since it was listed
            return
        with source:
            info = self._tar.gettarinfo(arcname=name, fileobj=source)
            if not info.isreg():
                return
            hashed = _Hashing(source, info.size)
            self._tar.addfile(info, hashed)
        self.bytes += info.size
        self.entries.append({"name": name, "size": info.size, "sha256": hashed.digest.hexdigest()})

    def finish(self, stamp: str, blobs_at: str | None) -> None:
        about = {"format": FORMAT, "ceyuan": __version__, "created": stamp, "blobs_at": blobs_at}
        manifest = orjson.dumps(about | {"files": self.entries}, option=orjson.OPT_INDENT_2)
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(manifest), 0o600
        self._tar.addfile(info, io.BytesIO(manifest))

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._tar.close()
                self._file.flush()
                os.fsync(self._file.fileno())
                self._partial.rename(self._target)
        finally:
            # On a full disk closing fails as well, and what is half-written must not go on filling it.
            with contextlib.suppress(OSError):
                self._file.close()
            self._partial.unlink(missing_ok=True)


class _Hashing(io.RawIOBase):
    """Hashes what is read through it, and reads exactly `size` bytes of a file that may still grow."""

    def __init__(self, source: io.BufferedReader, size: int) -> None:
        self._source, self._left = source, size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        chunk = self._source.read(wanted)
        self._left -= len(chunk)
        self.digest.update(chunk)
        return chunk


def _add_databases(settings: ServerSettings, writer: _Writer) -> None:
    scratch = settings.data_dir / "tmp"
    scratch.mkdir(exist_ok=True, mode=0o700)
    copy = scratch / f"backup-{os.getpid()}"
    try:
        if settings.sqlite_path is not None:
            for name, source in zip(_SQLITE, (settings.sqlite_path, settings.data_dir / JOBS), strict=True):
                if source.exists():
                    _copy_sqlite(source, copy)
                    writer.add(copy, name)
        else:
            _dump_postgres(settings.effective_database_url, copy)
            writer.add(copy, "postgresql.dump")
    finally:
        copy.unlink(missing_ok=True)


def _copy_sqlite(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        with sqlite3.connect(source, timeout=60) as live, sqlite3.connect(target) as copied:
            live.backup(copied)
            verdict = copied.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BackupFailed((f"{source.name} 无法复制:{error}", f"{source.name} cannot be copied: {error}")) from error
    if verdict != "ok":
        raise BackupFailed((f"{source.name} 已损坏:{verdict}", f"{source.name} is corrupted: {verdict}"))


def _dump_postgres(url: str, target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupFailed(
            ("未找到 pg_dump", "pg_dump was not found"),
            hint=("请安装 PostgreSQL 客户端工具", "install PostgreSQL's client programs"),
        )
    place, environment = _postgres(url)
    done = subprocess.run(
        [program, "--format=custom", f"--file={target}", place],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()[-1:] or ["?"]
        raise BackupFailed((f"pg_dump 失败:{words[0]}", f"pg_dump failed: {words[0]}"))


def _postgres(url: str) -> tuple[str, dict[str, str]]:
    """The address as libpq takes it, and the environment with the password: an argument would show in `ps`."""
    place = sa.make_url(url).set(drivername="postgresql")
    password = {"PGPASSWORD": str(place.password)} if place.password is not None else {}
    without = sa.URL.create("postgresql", place.username, None, place.host, place.port, place.database, place.query)
    return without.render_as_string(hide_password=False), {**os.environ, **password}


def _plain_files(settings: ServerSettings, to: Path) -> Iterator[Path]:
    """What is copied as it lies: no databases, no keys, and no earlier backups."""
    data_dir, backups = settings.data_dir.absolute(), to.absolute()
    databases = {str(data_dir / name) for name in _SQLITE} | {str(settings.sqlite_path)}
    beside = databases | {f"{name}{end}" for name in databases for end in ("-wal", "-shm", "-journal", ".lock")}
    for path in sorted(data_dir.rglob("*")):
        if path.relative_to(data_dir).parts[0] in _SKIP or str(path) in beside or path.is_relative_to(backups):
            continue
        if path.is_file() and not path.is_symlink():
            yield path


def restore(archive: Path, settings: ServerSettings, *, keys: Path | None = None) -> Restored:
    """Put a backup into the empty data folder of `settings`.

    Every file is checked against the manifest before anything takes its place. Raises `BackupUnusable`,
    `FolderNotEmpty`.
    """
    target = settings.data_dir
    _require_free(settings)
    partial = target.with_name(f"{target.name}.restoring-{os.getpid()}")
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        manifest = _unpack(archive, partial)
        if keys is not None:
            _unpack(keys, partial)
        _put_database(settings, partial, archive)
        target.rmdir()
        partial.rename(target)
    except OSError as error:
        raise BackupUnusable(
            (f"无法写入 {target}:{error.strerror or error}", f"cannot write {target}: {error.strerror or error}"),
            hint=("请检查权限与磁盘空间", "check rights and space"),
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Restored(len(manifest["files"]), manifest.get("blobs_at"), (target / KEYS).is_dir())


def _require_free(settings: ServerSettings) -> None:
    """Raise `FolderNotEmpty` where something would be overwritten."""
    target, database = settings.data_dir, settings.sqlite_path
    taken = target if target.is_file() or (target.is_dir() and any(target.iterdir())) else None
    if taken is None and database is not None and database.exists():
        taken = database
    if taken is not None:
        raise FolderNotEmpty(
            (f"{taken} 不为空", f"{taken} is not empty"),
            hint=("请恢复到新目录:--data 新目录", "restore into a new folder: --data NEW"),
        )


def _put_database(settings: ServerSettings, partial: Path, archive: Path) -> None:
    """Bring the unpacked database to where the settings look for it."""
    dump, file = partial / "postgresql.dump", partial / _SQLITE[0]
    if dump.exists():
        _load_postgres(settings.effective_database_url, dump)
        dump.unlink()
    elif not file.exists():
        raise BackupUnusable(
            (f"{archive.name} 中没有数据库", f"there is no database in {archive.name}"),
            hint=(
                "请先给出备份本身,密钥备份用 --keys 给出",
                "name the backup itself, and the archive of its keys with --keys",
            ),
        )
    elif settings.sqlite_path is None:
        raise BackupUnusable(
            ("该备份来自 SQLite,而配置的是 PostgreSQL", "this backup is of SQLite, but PostgreSQL is set"),
            hint=("请去掉 CEYUAN_DATABASE_URL 后重试", "try again without CEYUAN_DATABASE_URL"),
        )
    elif settings.sqlite_path != (settings.data_dir / _SQLITE[0]).absolute():
        settings.sqlite_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.move(file, settings.sqlite_path)


def _unpack(archive: Path, into: Path) -> dict[str, Any]:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(into, filter="data")
        manifest: dict[str, Any] = orjson.loads((into / MANIFEST).read_bytes())
        (into / MANIFEST).unlink()
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']}")
        for entry in manifest["files"]:
            with (into / entry["name"]).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != entry["sha256"]:
                    raise ValueError(f"{entry['name']} is damaged")
        return manifest
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise BackupUnusable(
            (f"{archive.name} 无法恢复:{why}", f"{archive.name} cannot be restored: {why}"),
            hint=("请使用另一份备份", "use another backup"),
        ) from error


def _load_postgres(url: str, dump: Path) -> None:
    program = shutil.which("pg_restore")
    if program is None or url.startswith("sqlite"):
        raise BackupUnusable(
            (
                "该备份来自 PostgreSQL,需要 pg_restore 与 PostgreSQL 地址",
                "this backup is of PostgreSQL: it needs pg_restore and a PostgreSQL URL",
            ),
            hint=("请设置 CEYUAN_DATABASE_URL", "set CEYUAN_DATABASE_URL"),
        )
    place, environment = _postgres(url)
    done = subprocess.run(
        [program, "--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={place}", str(dump)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()[-1:] or ["?"]
        raise BackupUnusable((f"pg_restore 失败:{words[0]}", f"pg_restore failed: {words[0]}"))
