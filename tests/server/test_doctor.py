from __future__ import annotations

import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from ceyuan.server import schema
from ceyuan.server.doctor import examine
from ceyuan.server.settings import ServerSettings


def states(settings: ServerSettings) -> dict[str, str]:
    return {check.name[1]: check.state for check in examine(settings)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_an_empty_folder_is_fine(tmp_path: Path) -> None:
    found = states(ServerSettings(data_dir=tmp_path / "data", port=free_port()))
    assert {name: state for name, state in found.items() if state == "fault" and name != "console"} == {}


def test_a_corrupted_database_is_named_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "ceyuan.sqlite").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)
    checks = {c.name[1]: c for c in examine(ServerSettings(data_dir=tmp_path, port=free_port()))}
    assert checks["database"].state == "fault"
    assert "restore" in (checks["database"].mend or ("", ""))[1]
    assert checks["key file"].state == "fault"


def test_a_disk_that_is_all_but_full_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ServerSettings(data_dir=tmp_path, port=free_port())
    for free, state in ((50_000_000, "fault"), (1_000_000_000, "warning"), (9_000_000_000, "ok")):
        usage = SimpleNamespace(total=10**12, used=0, free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        assert states(settings)["disk space"] == state


def test_a_port_of_another_program_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert states(ServerSettings(data_dir=tmp_path, port=other.getsockname()[1]))["port"] == "fault"


def test_a_key_file_that_is_not_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "key"
    key.write_text("no key")
    key.chmod(0o600)
    monkeypatch.setenv("CEYUAN_KEY_FILE", str(key))
    assert states(ServerSettings(data_dir=tmp_path / "data", port=free_port()))["key file"] == "fault"
    assert not (tmp_path / "data").exists(), "the doctor only looks"


def test_a_clock_behind_the_newest_record_is_named(
    filled_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(filled_sqlite / "ceyuan.sqlite", tmp_path / "ceyuan.sqlite")
    with closing(sqlite3.connect(tmp_path / "ceyuan.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", [schema.head()])
        columns = "seq, id, at, actor_id, action, subject, body, leaf"
        values = "0, 'aud', '2999-01-01 00:00:00.000000', 'system', 'a', 's', '{}', x'00'"
        connection.execute(f"INSERT INTO audit_entry ({columns}) VALUES ({values})")
    found = {c.name[1]: c for c in examine(ServerSettings(data_dir=tmp_path, port=free_port()))}
    assert found["clock"].state == "warning"
    assert "behind the newest entry" in found["clock"].seen[1]
