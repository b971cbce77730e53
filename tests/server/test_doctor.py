from __future__ import annotations

import socket
from pathlib import Path

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


def test_a_port_of_another_program_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert states(ServerSettings(data_dir=tmp_path, port=other.getsockname()[1]))["port"] == "fault"
