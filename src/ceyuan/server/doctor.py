"""The doctor: looks at everything that the platform stands on, names each fault and its mend."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import socket
import sqlite3
import stat
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Literal

from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import CeyuanError, Text
from ceyuan.kernel.secrets import SecretSettings, open_vault
from ceyuan.server import schema
from ceyuan.server.app import CONSOLE_DIR
from ceyuan.server.lag import lag, words
from ceyuan.server.run import AlreadyRunning, exclusive, require_safe
from ceyuan.server.settings import ServerSettings

State = Literal["ok", "warning", "fault"]
_NEEDED_BYTES = 2_000_000_000
_LEAST_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, how it is, what was seen, and how to mend it."""

    name: Text
    state: State
    seen: Text
    mend: Text | None = None


def examine(settings: ServerSettings) -> Iterator[Check]:
    """Run all checks; a check that breaks is itself a fault."""
    for name, check in _CHECKS.items():
        try:
            yield check(name, settings)
        except CeyuanError as error:
            yield Check(name, "fault", error.message, error.hint)
        except Exception as error:
            yield Check(name, "fault", (f"{type(error).__name__}: {error}",) * 2)


def _python(name: Text, _: ServerSettings) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(name, "ok", (version, version))


def _address(name: Text, settings: ServerSettings) -> Check:
    require_safe(settings)
    return Check(name, "ok", (settings.origin,) * 2)


def _folder(name: Text, settings: ServerSettings) -> Check:
    folder = settings.data_dir
    if not folder.exists():
        return Check(name, "ok", (f"{folder}(尚未创建)", f"{folder} (not made yet)"))
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(
            name, "fault", (f"{folder} 不可写", f"{folder} cannot be written"), ("请修正目录权限", "correct its rights")
        )
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return Check(
            name,
            "warning",
            (f"{folder} 可被其他用户读取", f"{folder} is open to other accounts"),
            (f"chmod 700 {folder}",) * 2,
        )
    return Check(name, "ok", (str(folder),) * 2)


def _space(name: Text, settings: ServerSettings) -> Check:
    place = next(p for p in (settings.data_dir, *settings.data_dir.parents) if p.exists())
    free = shutil.disk_usage(place).free
    seen: Text = (f"剩余 {free / 1e9:.2f} GB", f"{free / 1e9:.2f} GB free")
    if free < _LEAST_BYTES:
        mend = "空间将尽,数据库即将无法写入:请立即释放空间", "free some now: soon nothing can be written any more"
        return Check(name, "fault", seen, mend)
    if free < _NEEDED_BYTES:
        return Check(
            name,
            "warning",
            seen,
            ("请释放空间,演示约需 2 GB", "free some: the demo needs about 2 GB"),
        )
    return Check(name, "ok", seen)


def _keys(name: Text, settings: ServerSettings) -> Check:
    secrets = SecretSettings()
    if secrets.master_key is not None:
        open_vault(secrets, settings.data_dir, create=False)
        return Check(name, "ok", ("来自环境变量 CEYUAN_MASTER_KEY", "from the environment, CEYUAN_MASTER_KEY"))
    path = secrets.key_file or settings.data_dir / "keys" / "master.json"
    if not path.exists():
        database = settings.sqlite_path
        if database is not None and database.exists():
            return Check(
                name,
                "fault",
                (f"{path} 不存在,但数据库已存在", f"{path} is missing, yet the database exists"),
                ("请从密钥备份恢复该文件", "bring it back from the backup of the keys"),
            )
        return Check(name, "ok", ("首次启动时创建", "made at the first start"))
    open_vault(secrets, settings.data_dir, create=False)
    return Check(name, "ok", (str(path),) * 2)


def _database(name: Text, settings: ServerSettings) -> Check:
    path = settings.sqlite_path
    if path is None:
        asyncio.run(_ping(settings.effective_database_url))
        return Check(name, "ok", ("PostgreSQL 可连接", "PostgreSQL answers"))
    if not path.exists():
        return Check(name, "ok", ("首次启动时创建", "made at the first start"))
    for file in (path, settings.data_dir / "jobs.sqlite"):
        if file.exists() and (verdict := _integrity(file)) != "ok":
            return Check(
                name,
                "fault",
                (f"{file.name} 已损坏:{verdict}", f"{file.name} is corrupted: {verdict}"),
                (
                    "请停机并运行 ceyuan restore 恢复到新目录",
                    "stop the platform and run ceyuan restore into a new folder",
                ),
            )
    return Check(name, "ok", (f"{path.name} 完整", f"{path.name} is sound"))


def _integrity(path: Path) -> str:
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10) as connection:
            return str(connection.execute("PRAGMA quick_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)


async def _ping(url: str) -> None:
    database = Database(url)
    try:
        await database.ping()
    finally:
        await database.close()


def _schema(name: Text, settings: ServerSettings) -> Check:
    if settings.sqlite_path is not None and not settings.sqlite_path.exists():
        return Check(name, "ok", ("新数据库", "new database"))
    version = asyncio.run(_version(settings.effective_database_url))
    schema.require_known(version)
    if version != schema.head():
        seen: Text = (
            f"{version or '空'},程序为 {schema.head()}",
            f"{version or 'empty'}; the program has {schema.head()}",
        )
        return Check(
            name, "warning", seen, ("运行 ceyuan upgrade(会先自动备份)", "run ceyuan upgrade (it makes a backup first)")
        )
    return Check(name, "ok", (version or "", version or ""))


async def _version(url: str) -> str | None:
    database = Database(url)
    try:
        return await schema.current(database)
    finally:
        await database.close()


def _clock(name: Text, settings: ServerSettings) -> Check:
    if settings.sqlite_path is not None and not settings.sqlite_path.exists():
        return Check(name, "ok", ("新数据库", "new database"))
    behind = asyncio.run(_lag(settings.effective_database_url))
    if behind is not None:
        return Check(name, "warning", words(behind), ("请校准系统时间(NTP)", "set the machine's time right (NTP)"))
    return Check(name, "ok", ("正常", "right"))


async def _lag(url: str) -> timedelta | None:
    database = Database(url)
    try:
        return await lag(database, datetime.now(UTC)) if await schema.current(database) is not None else None
    finally:
        await database.close()


def _port(name: Text, settings: ServerSettings) -> Check:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            return Check(name, "ok", (f"{settings.port} 空闲", f"{settings.port} is free"))
        except OSError:
            pass
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/api/v1/health", timeout=3) as answer:
            if b'"status"' in answer.read(200):
                return Check(name, "ok", (f"平台正在 {settings.port} 运行", f"the platform runs on {settings.port}"))
    except (OSError, HTTPException):
        pass
    try:
        if (settings.data_dir / "lock").exists():
            with exclusive(settings.data_dir):
                pass
    except AlreadyRunning:  # over TLS, or at another address than loopback
        return Check(name, "ok", (f"平台正在使用 {settings.data_dir}", f"the platform runs on {settings.data_dir}"))
    return Check(
        name,
        "fault",
        (f"{settings.port} 被其他程序占用", f"{settings.port} is taken by another program"),
        ("请换端口:--port 8081", "choose another: --port 8081"),
    )


def _console(name: Text, _: ServerSettings) -> Check:
    if (CONSOLE_DIR / "index.html").is_file():
        return Check(name, "ok", ("已构建", "built"))
    return Check(
        name, "fault", ("未构建", "not built"), ("在源码目录运行 make console", "run make console in the source tree")
    )


def _engines(name: Text, _: ServerSettings) -> Check:
    wanted = ("polars", "pyarrow", "duckdb", "numpy", "tokenizers", "xllamacpp", "daachorse", "opencc")
    missing = [m for m in wanted if importlib.util.find_spec(m) is None]
    if missing:
        listed = ", ".join(missing)
        return Check(name, "warning", (f"缺少 {listed}", f"missing {listed}"), ("pip install 'ceyuan[standard]'",) * 2)
    if importlib.util.find_spec("numba") is None:
        words = ("齐全，但未编译，较慢", "all there, but slow: their loops are not compiled")
        return Check(name, "warning", words, ("pip install 'ceyuan[compiled]'",) * 2)
    return Check(name, "ok", ("齐全", "all there"))


def _torch(name: Text, _: ServerSettings) -> Check:
    if importlib.util.find_spec("torch") is None:
        return Check(
            name,
            "warning",
            ("未安装 torch,无法训练", "torch is not installed: no training"),
            ("pip install torch==2.13.0",) * 2,
        )
    return Check(name, "ok", ("torch 已安装", "torch is installed"))


_CHECKS: dict[Text, Callable[[Text, ServerSettings], Check]] = {
    ("Python", "Python"): _python,
    ("监听地址", "address"): _address,
    ("数据目录", "data folder"): _folder,
    ("磁盘空间", "disk space"): _space,
    ("密钥文件", "key file"): _keys,
    ("数据库", "database"): _database,
    ("数据库版本", "database version"): _schema,
    ("时钟", "clock"): _clock,
    ("端口", "port"): _port,
    ("控制台", "console"): _console,
    ("计算引擎", "engines"): _engines,
    ("训练", "training"): _torch,
}
