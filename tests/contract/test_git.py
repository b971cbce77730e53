"""The real git against a whole platform: clone, fetch, and what it is told when it may not."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")


def git(*words: str, at: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(at),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    return subprocess.run(["git", *words], cwd=at, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def hub(live: dict[str, Any]) -> Any:
    """A private model of `li`, with a function that commits to it."""
    headers = {"Authorization": f"Bearer {live['tokens']['li']}"}
    name = f"git-{uuid4().hex[:10]}"
    with httpx.Client(base_url=live["origin"], headers=headers, trust_env=False, timeout=30) as client:
        client.post("/api/v1/repositories", json={"kind": "model", "owner": "lab", "name": name}).raise_for_status()
        rest = f"/api/v1/repositories/model/lab/{name}"

        def commit(files: dict[str, bytes], message: str) -> str:
            operations = []
            for path, data in files.items():
                sha256 = client.put(f"{rest}/uploads", content=data).json()["sha256"]
                operations.append({"op": "add", "path": path, "sha256": sha256})
            made = client.post(f"{rest}/commits", json={"message": message, "operations": operations})
            return str(made.raise_for_status().json()["commit"])

        yield name, commit, client


def address(live: dict[str, Any], name: str, who: str | None) -> str:
    part = f"{who}:{live['tokens'][who]}@" if who else ""
    return live["origin"].replace("://", f"://{part}") + f"/lab/{name}.git"


def test_git_clones_and_fetches_what_is_in_the_hub(live: dict[str, Any], hub: Any, tmp_path: Path) -> None:
    name, commit, client = hub
    files = {f"data/{n}.txt": f"line {n}\n".encode() * (n + 1) for n in range(40)}
    first = commit({**files, "中文/说明.md": "内容\n".encode(), "w.safetensors": b"\x00" * 5000}, "First\n\nand why")
    cloned = git("clone", "-q", address(live, name, "li"), "copy", at=tmp_path)
    assert cloned.returncode == 0, cloned.stderr
    copy = tmp_path / "copy"
    assert git("rev-parse", "HEAD", at=copy).stdout.strip() == first
    assert git("fsck", "--strict", "--full", at=copy).returncode == 0
    assert (copy / "data/7.txt").read_bytes() == files["data/7.txt"]
    assert (copy / "中文/说明.md").read_text() == "内容\n"
    assert (copy / "w.safetensors").read_text().startswith("version https://git-lfs.github.com/spec/v1\noid sha256:")
    second = commit({"data/7.txt": b"other\n"}, "Second")
    client.post(
        f"/api/v1/repositories/model/lab/{name}/refs", json={"kind": "tag", "name": "v1", "revision": first}
    ).raise_for_status()
    pulled = git("pull", "-q", "--tags", at=copy)
    assert pulled.returncode == 0, pulled.stderr
    assert git("rev-parse", "HEAD", "v1", at=copy).stdout.split() == [second, first]
    assert (copy / "data/7.txt").read_bytes() == b"other\n"
    assert git("fsck", "--strict", "--full", at=copy).returncode == 0


def test_git_takes_only_the_newest_commits_and_more_of_them_later(
    live: dict[str, Any], hub: Any, tmp_path: Path
) -> None:
    name, commit, _ = hub
    heads = [commit({"a.txt": f"{n}\n".encode(), f"{n}.txt": b"x"}, f"Change {n}") for n in range(4)]
    cloned = git("clone", "-q", "--depth", "1", address(live, name, "li"), "copy", at=tmp_path)
    assert cloned.returncode == 0, cloned.stderr
    copy = tmp_path / "copy"
    assert git("rev-list", "HEAD", at=copy).stdout.split() == [heads[-1]]
    newer = commit({"b.txt": b"b"}, "Newer")
    assert git("pull", "-q", at=copy).returncode == 0
    assert git("rev-list", "HEAD", at=copy).stdout.split() == [newer, heads[-1]]
    assert git("fetch", "-q", "--depth", "3", at=copy).returncode == 0
    assert git("rev-list", "HEAD", at=copy).stdout.split() == [newer, *heads[:1:-1]]
    whole = git("fetch", "-q", "--unshallow", at=copy)
    assert whole.returncode == 0, whole.stderr
    assert git("rev-list", "--count", "HEAD", at=copy).stdout.strip() == "6"
    assert git("fsck", "--strict", "--full", at=copy).returncode == 0


def test_git_learns_nothing_of_what_is_private(live: dict[str, Any], hub: Any, tmp_path: Path) -> None:
    name, commit, client = hub
    commit({"a.txt": b"a"}, "First")
    for who in (None, "zoe"):
        there = git("clone", "-q", address(live, name, who), "copy", at=tmp_path)
        absent = git("clone", "-q", address(live, "nothing", who), "copy", at=tmp_path)
        assert there.returncode != 0
        assert there.stderr.replace(name, "nothing") == absent.stderr
    asked = client.post(f"/lab/{name}.git/git-upload-pack", content=b"0009nope\n0000")
    assert asked.status_code == 400
