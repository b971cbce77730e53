"""What goes wrong around the platform: one clear message each, nothing lost."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from ceyuan.cli.main import run as command

Break = Callable[[Path], None]


@contextmanager
def up(data: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str], str]]:
    """A platform in a process of its own: a client, the process, and what it printed until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "ceyuan.cli.main", "up", "--data", str(data), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    printed = ""
    while "/console/" not in printed:
        line = process.stdout.readline()
        assert line, f"it did not start:\n{printed}"
        printed += line
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            yield client, process, printed
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


def signed_in(client: httpx.Client, password: str) -> dict[str, str]:
    """Sign the administrator in; the headers that changes need."""
    answer = client.post("/api/v1/auth/sign-in", json={"name": "admin", "password": password})
    assert answer.is_success, answer.text
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def make_organisation(client: httpx.Client, headers: dict[str, str], name: str) -> httpx.Response:
    body = {"name": name, "display_name": "研究院", "kind": "company"}
    return client.post("/api/v1/organisations", json=body, headers=headers)


@pytest.fixture(scope="module")
def started_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The data folder of a platform that was started once and told to stop, and the administrator's password."""
    data = tmp_path_factory.mktemp("stopped") / "data"
    with up(data) as (_, process, printed):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    found = re.search(r"only once: (\S+)\n", printed)
    assert found is not None, printed
    return data, found.group(1)


@pytest.fixture
def stopped(started_once: tuple[Path, str]) -> Path:
    """The data folder alone."""
    return started_once[0]


def test_told_to_stop_it_closes_its_database_in_good_order(stopped: Path) -> None:
    assert (stopped / "ceyuan.sqlite").exists()
    assert not (stopped / "ceyuan.sqlite-wal").exists()


def scrawl_over(name: str, start: int, size: int) -> Break:
    def scrawl(data: Path) -> None:
        with (data / name).open("r+b") as file:
            file.seek(start)
            file.write(os.urandom(size))

    return scrawl


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (scrawl_over("ceyuan.sqlite", 0, 8000), "the database file is corrupted — stop the platform"),
        (scrawl_over("ceyuan.sqlite", 40_960, 200_000), "the database file is corrupted — stop the platform"),
        (scrawl_over("jobs.sqlite", 0, 8000), "the database file is corrupted — stop the platform"),
        (lambda data: (data / "keys" / "master.json").unlink(), "key"),
    ],
    ids=["header of the database", "middle of the database", "the jobs' database", "no key"],
)
def test_a_broken_data_folder_is_named_in_one_line(
    stopped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: Break, words: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(stopped, data)
    fault(data)
    with pytest.raises(SystemExit) as end:
        command(["up", "--data", str(data), "--port", "0"])
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert words in said
    assert said.startswith("ceyuan: ")
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_a_database_server_that_is_away_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEYUAN_DATABASE_URL", "postgresql://nobody:hidden-word@127.0.0.1:1/none")
    with pytest.raises(SystemExit) as end:
        command(["up", "--data", str(tmp_path / "data"), "--port", "0"])
    said = capsys.readouterr().err
    assert end.value.code == 1
    assert said.count("\n") == 1
    assert "the database cannot be reached" in said
    assert "hidden-word" not in said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], capture_output=True, text=True
    )
    if made.returncode != 0:
        pytest.skip(f"a small file system needs the right to mount: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> Path:
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler


def test_a_full_disk_refuses_changes_in_clear_words_and_loses_nothing(
    started_once: tuple[Path, str], small_disk: Path
) -> None:
    data, password = started_once
    shutil.copytree(data, small_disk / "data")
    with up(small_disk / "data") as (client, process, _):
        headers = signed_in(client, password)
        assert make_organisation(client, headers, "before").status_code == 201
        filler = fill(small_disk)
        refused: list[dict[str, Any]] = []
        for number in range(200):  # what was reserved before goes first
            answer = make_organisation(client, headers, f"meanwhile-{number}")
            if answer.status_code != 201:
                refused.append(answer.json())
                break
        assert refused, "the disk was never full"
        assert refused[0]["status"] == 503
        assert refused[0]["code"] == "database_unavailable"
        assert "disk is full" in refused[0]["detail"]
        assert client.get("/api/v1/me").status_code == 200, "reading goes on"
        filler.unlink()
        assert make_organisation(client, headers, "after").status_code == 201
        process.send_signal(signal.SIGKILL)
        process.wait()
    with up(small_disk / "data") as (client, _, _):
        signed_in(client, password)
        names = {o["name"] for o in client.get("/api/v1/organisations", params={"limit": 200}).json()["items"]}
        assert {"before", "after"} <= names


def test_restarted_with_a_clock_that_went_back_a_day_it_says_so_and_goes_on(
    started_once: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, password = started_once
    data = tmp_path / "data"
    shutil.copytree(kept, data)
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(BACKWARDS)
    monkeypatch.setenv("PYTHONPATH", str(site))
    with up(data) as (client, _, printed):
        assert "behind the newest entry of the audit log; nothing is lost" in printed
        headers = signed_in(client, password)
        assert make_organisation(client, headers, "yesterday").status_code == 201
        names = {o["name"] for o in client.get("/api/v1/organisations", params={"limit": 200}).json()["items"]}
        assert "yesterday" in names


BACKWARDS = """
import ceyuan.kernel.clock as clock
from datetime import UTC, datetime, timedelta

class Late(clock.SystemClock):
    def now(self):
        return datetime.now(UTC) - timedelta(days=1)

clock.SystemClock = Late
"""
