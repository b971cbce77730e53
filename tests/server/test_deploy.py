"""What lies in deploy/ fits the program."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from ceyuan.cli.platform import app
from ceyuan.server.settings import ServerSettings

SYSTEMD = Path(__file__).resolve().parents[2] / "deploy" / "systemd"


def test_the_unit_starts_a_command_that_exists() -> None:
    (line,) = (line for line in (SYSTEMD / "ceyuan.service").read_text().splitlines() if line.startswith("ExecStart="))
    program, command, *options = shlex.split(line.removeprefix("ExecStart="))
    assert program.endswith("/bin/ceyuan")
    assert command in {registered.callback.__name__ for registered in app.registered_commands if registered.callback}
    assert options == ["--data", "/var/lib/ceyuan"]


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    # The program of the unit is not installed here: any that exists stands in for it.
    unit = (SYSTEMD / "ceyuan.service").read_text().replace("/opt/ceyuan/.venv/bin/ceyuan", "/bin/true")
    (tmp_path / "ceyuan.service").write_text(unit)
    done = subprocess.run([program, "verify", str(tmp_path / "ceyuan.service")], capture_output=True, text=True)
    assert "ceyuan.service" not in done.stderr, done.stderr


def test_the_settings_of_the_service_are_known_and_safe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert issubclass(ServerSettings, BaseSettings)
    known = {f"CEYUAN_{name.upper()}" for name in ServerSettings.model_fields}
    for line in (SYSTEMD / "ceyuan.env").read_text().splitlines():
        name, is_setting, value = line.removeprefix("# ").partition("=")
        if is_setting:
            assert name in known
            if not line.startswith("#"):
                monkeypatch.setenv(name, value)
    settings = ServerSettings(data_dir=tmp_path)
    assert settings.behind_proxy
    assert settings.is_secure
