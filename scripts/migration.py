"""Write a migration that carries the newest known tables to the present ones."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from ceyuan.kernel.database import Database
from ceyuan.server import schema


async def write(message: str) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.sqlite")
        # By its number: a new database that is carried to "head" gets the present tables, and nothing differs then.
        await schema.upgrade(database, schema.head())
        async with database.connection() as connection:
            path = await connection.run_sync(schema.write_migration, message)
        await database.close()
    return path


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        print('say why: make migration m="add the table of …"', file=sys.stderr)
        return 1
    path = asyncio.run(write(sys.argv[1]))
    for command in (("check", "--fix", "--quiet"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *command, path], check=True)
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
