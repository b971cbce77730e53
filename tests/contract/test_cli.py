"""The command line against a running platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from ceyuan.cli.main import run as command


def ran(*arguments: str) -> int:
    """Run a command; its exit status."""
    try:
        command(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(autouse=True)
def own_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("CEYUAN_TOKEN", raising=False)
    monkeypatch.delenv("CEYUAN_URL", raising=False)


def test_a_person_signs_in_by_name_and_password_and_goes_on_with_a_token(
    live: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(typer, "prompt", lambda *_a, **_k: live["password"])
    assert ran("login", "--url", live["origin"], "--name", "li") == 0
    kept = tmp_path / "ceyuan" / "credentials.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert live["password"] not in kept.read_text()
    capsys.readouterr()
    assert ran("--format", "json", "jobs", "list") == 0
    rows = json.loads(capsys.readouterr().out)
    assert live["job_id"] in {row["id"] for row in rows}
    token = json.loads(kept.read_text())["token"]
    assert ran("logout") == 0
    assert not kept.exists()
    monkeypatch.setenv("CEYUAN_TOKEN", token)
    monkeypatch.setenv("CEYUAN_URL", live["origin"])
    assert ran("jobs", "list") == 1, "the token that was made for this machine is revoked"
    assert "token" in capsys.readouterr().err


def test_a_wrong_password_is_one_line(
    live: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(typer, "prompt", lambda *_a, **_k: "not the password")
    assert ran("login", "--url", live["origin"], "--name", "zoe") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "password" in said


def test_a_platform_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("login", "--url", "http://127.0.0.1:9", "--token", "cyk_x") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "run ceyuan up first" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("jobs", "follow", "job_x"),
        ("audit", "export", "--out", "log.jsonl"),
        ("compute", "export"),
        ("gateway", "file", "f", "out"),
    ],
    ids=" ".join,
)
def test_what_streams_says_it_in_one_line_too(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CEYUAN_URL", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    assert ran(*arguments) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "run ceyuan up first" in said
    assert list(tmp_path.iterdir()) == []
