"""The database's version: what it is, whether this program can use it, and the way forward."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, text

from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import Conflict
from ceyuan.kernel.tables import Base
from ceyuan.metering import guards
from ceyuan.server import rooms

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_LOCK = 0x63657975616E
"""PostgreSQL's advisory lock: of several processes that start at once, one changes the tables."""


class NewerDatabase(Conflict):
    """The database was written by a newer program."""

    code = "newer_database"
    title = ("数据库版本较新", "The database is newer than this program")


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config  # Alembic takes a while to import, and most starts need none of it

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def versions() -> list[str]:
    """The versions that this program knows, oldest first: the numbers that the migrations' files begin with."""
    return sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def head() -> str:
    """The version that this program's tables have."""
    return versions()[-1]


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def current(database: Database) -> str | None:
    """The version that the database has; None for an empty one."""
    async with database.connection() as connection:
        return await connection.run_sync(_current)


def require_known(version: str | None) -> None:
    """Raise `NewerDatabase` if this program does not know the database's version."""
    if version is not None and version not in versions():
        raise NewerDatabase(
            (
                f"数据库版本 {version} 由更新的程序写入",
                f"the database's version {version} was written by a newer program",
            ),
            hint=("请安装较新的 ceyuan,或恢复旧备份", "install a newer ceyuan, or restore an older backup"),
        )


def _upgrade(connection: Connection, target: str) -> None:
    from alembic import command

    command.upgrade(_config(connection), target)
    if target == "head":
        guards.install(connection)  # Alembic does not see triggers; making them again does no harm


def _make(connection: Connection) -> None:
    rooms.load_tables()
    Base.metadata.create_all(connection)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=head()))


def _carry(connection: Connection, target: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    require_known(_current(connection))
    # A new database gets the present tables at once: Alembic would stay in memory for nothing.
    if target == "head" and is_empty(connection):
        _make(connection)
    else:
        _upgrade(connection, target)


async def upgrade(database: Database, target: str = "head") -> None:
    """Carry the database to `target` in one transaction; raises `NewerDatabase`."""
    async with database.connection() as connection:
        await connection.run_sync(_carry, target)


def is_empty(connection: Connection) -> bool:
    """Whether the database has no tables yet."""
    return not inspect(connection).get_table_names()


def write_migration(connection: Connection, message: str) -> Path:
    """Write the script that carries the database at `connection` to the present tables."""
    from alembic import command
    from alembic.script import Script

    number = f"{len(versions()) + 1:04d}"
    script = command.revision(_config(connection), message=message, autogenerate=True, rev_id=number)
    assert isinstance(script, Script)
    return Path(script.path)
