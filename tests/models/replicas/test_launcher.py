"""The program before an engine: it tells its port first, hands on the key, and lets nobody read it in the log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ceyuan.models.replicas import launcher
from ceyuan.models.replicas.launcher import announced, free_port, words_of

TELL = "import os, sys; print(sys.argv[1:], os.environ.get('MY_KEY'), 'CEYUAN_REPLICA_KEY' in os.environ); sys.exit(7)"


def run(folder: Path, key: str = "sk-secret", **order: Any) -> subprocess.CompletedProcess[str]:
    given = {"argv": [sys.executable, "-c", TELL], "host": "127.0.0.1", "ports": [0, 0], "key_name": "MY_KEY", **order}
    command = [sys.executable, "-c", Path(launcher.__file__).read_text(), json.dumps(given)]
    environment = {"PATH": "/usr/bin", "CEYUAN_INPUTS": "/in", **({"CEYUAN_REPLICA_KEY": key} if key else {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment, timeout=60)


def test_the_engine_gets_its_place_and_its_key_and_the_log_neither(tmp_path: Path) -> None:
    done = run(tmp_path, argv=[sys.executable, "-c", TELL, "{model}", "{host}", "{port}", "{key_file}"])
    first, second = done.stdout.splitlines()
    port = announced(first + "\n")
    assert second == f"['/in/model', '127.0.0.1', '{port}', '{tmp_path}/server.yaml'] *** False"
    assert (done.returncode, "sk-secret" in done.stdout) == (7, False)
    assert (tmp_path / "server.yaml").read_text() == 'api-key: "sk-secret"\n'
    assert (tmp_path / "server.yaml").stat().st_mode & 0o777 == 0o600


def test_without_a_key_and_without_its_program_nothing_is_started(tmp_path: Path) -> None:
    assert run(tmp_path, key="").returncode == 1
    missing = run(tmp_path, argv=["/no/such/engine"])
    assert missing.returncode == 127
    assert "/no/such/engine" in missing.stdout


def test_only_the_first_whole_line_of_a_log_is_believed() -> None:
    assert announced('{"ceyuan_replica": {"port": 4711}}\nmore') == 4711
    assert announced('{"ceyuan_replica": {"port": 4711}}') is None
    assert announced('hello\n{"ceyuan_replica": {"port": 22}}\n') is None
    for line in (
        '{"ceyuan_replica": {"port": "22"}}',
        '{"ceyuan_replica": 1}',
        "[]",
        '{"ceyuan_replica": {"port": 0}}',
    ):
        assert announced(line + "\n") is None


def test_ports_may_be_kept_within_a_range() -> None:
    port = free_port("127.0.0.1", 0, 0)
    assert free_port("127.0.0.1", port, port) == port
    with pytest.raises(SystemExit):
        free_port("192.0.2.1", port, port)
    assert words_of(["{model}x", "{other}"], {"model": "m"}) == ["mx", "{other}"]
