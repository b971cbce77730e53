"""The real git, with and without git-lfs, brings commits to a whole platform."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git")
WHO = {"GIT_AUTHOR_NAME": "李 明", "GIT_AUTHOR_EMAIL": "li@example.com", "GIT_AUTHOR_DATE": "1700000000 +0800"}
MADE = {"GIT_COMMITTER_NAME": "Li", "GIT_COMMITTER_EMAIL": "li@example.com"}


def git(*words: str, at: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(at),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **WHO,
        **MADE,
        **more,
    }
    return subprocess.run(["git", *words], cwd=at, env=environment, capture_output=True, text=True, timeout=120)


def done(*words: str, at: Path) -> str:
    """The output of a git that must succeed."""
    ran = git(*words, at=at)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


class Repository:
    """A private model of the laboratory, and copies of it."""

    def __init__(self, live: dict[str, Any], http: httpx.Client, folder: Path) -> None:
        self.live, self.http, self.folder = live, http, folder
        self.name = f"push-{uuid4().hex[:10]}"
        body = {"type": "model", "organization": "lab", "name": self.name, "private": True}
        http.post("/api/repos/create", json=body).raise_for_status()

    def address(self, who: str | None = "li") -> str:
        part = f"{who}:{self.live['tokens'][who]}@" if who else ""
        return self.live["origin"].replace("://", f"://{part}") + f"/lab/{self.name}"

    def clone(self, name: str = "copy", who: str = "li") -> Path:
        done("clone", "-q", self.address(who), name, at=self.folder)
        return self.folder / name

    def commit(self, copy: Path, files: dict[str, bytes], message: str = "A change") -> str:
        for path, data in files.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(data)
        done("add", "-A", at=copy)
        done("commit", "-q", "-m", message, at=copy)
        return done("rev-parse", "HEAD", at=copy)

    def head(self, branch: str = "main") -> str:
        found = self.http.get(f"/api/models/lab/{self.name}/revision/{quote(branch, safe='')}").raise_for_status()
        return str(found.json()["sha"])

    def read(self, path: str, revision: str = "main") -> bytes:
        return self.http.get(f"/lab/{self.name}/resolve/{revision}/{path}").raise_for_status().content


@pytest.fixture
def hub(live: dict[str, Any], tmp_path: Path) -> Any:
    headers = {"Authorization": f"Bearer {live['tokens']['li']}"}
    with httpx.Client(base_url=live["origin"], headers=headers, trust_env=False, timeout=60) as client:
        yield Repository(live, client, tmp_path)


def test_what_is_pushed_is_there_with_its_own_ids(hub: Repository) -> None:
    copy = hub.clone()
    first = hub.commit(copy, {f"data/{n}.txt": f"line {n}\n".encode() * 50 for n in range(30)}, "First\n\nand why")
    (copy / "run.sh").write_text("#!/bin/sh\n")
    (copy / "run.sh").chmod(0o755)
    second = hub.commit(copy, {"README.md": b"---\nlicense: mit\n---\n# Pushed\n", "data/3.txt": b"3\n" * 60})
    done("tag", "light", at=copy)
    done("tag", "-a", "v1", "-m", "the first", first, at=copy)
    pushed = git("push", "-q", "origin", "main", "main:side", "--tags", at=copy)
    assert pushed.returncode == 0, pushed.stderr
    assert hub.head() == second == hub.head("side")
    assert hub.head("v1") == first
    assert hub.read("data/3.txt") == b"3\n" * 60
    assert hub.http.get(f"/api/models/lab/{hub.name}").json()["cardData"]["license"] == "mit"
    log = hub.http.get(f"/api/models/lab/{hub.name}/commits/main").json()
    assert [each["title"] for each in log] == ["A change", "First", "initial commit"]
    other = hub.clone("other")
    assert done("rev-parse", "HEAD", "v1^{}", "v1", at=other) == done("rev-parse", "HEAD", "v1^{}", "v1", at=copy)
    done("fsck", "--strict", "--full", at=other)
    assert os.access(other / "run.sh", os.X_OK)
    done("rm", "-q", "-r", "data", at=other)
    done("commit", "-q", "-m", "Gone", at=other)
    done("push", "-q", "origin", "HEAD:main", ":side", ":refs/tags/light", at=other)
    assert [each["name"] for each in hub.http.get(f"/api/models/lab/{hub.name}/refs").json()["branches"]] == ["main"]
    done("fetch", "-q", at=copy)
    assert done("rev-parse", "origin/main", at=copy) == done("rev-parse", "HEAD", at=other)


@pytest.mark.slow
def test_merges_and_changes_from_both_sides_go_through(hub: Repository) -> None:
    copy = hub.clone()
    hub.commit(copy, {"a.txt": b"a\n" * 1000})
    done("push", "-q", at=copy)
    done("checkout", "-q", "-b", "topic", at=copy)
    hub.commit(copy, {"b/c.txt": b"b"})
    done("checkout", "-q", "main", at=copy)
    hub.commit(copy, {"a.txt": b"a\n" * 999 + b"z\n"})
    done("merge", "-q", "--no-edit", "topic", at=copy)
    done("push", "-q", at=copy)
    assert hub.read("b/c.txt") == b"b"
    other = hub.clone("other")
    assert done("rev-list", "--count", "HEAD", at=other) == "5"
    done("fsck", "--strict", "--full", at=other)
    # What was there long ago comes back without its content being sent.
    done("revert", "-m", "1", "--no-edit", "HEAD", at=other)
    done("push", "-q", at=other)
    assert hub.head() == done("rev-parse", "HEAD", at=other)


def test_of_two_pushes_one_wins_and_the_other_is_told(hub: Repository) -> None:
    copies = [hub.clone(f"copy{n}") for n in range(2)]
    heads = [hub.commit(copy, {f"{n}.txt": b"x" * 1000}) for n, copy in enumerate(copies)]
    address = hub.address()
    running = [
        subprocess.Popen(
            ["git", "push", address, "HEAD:main"],
            cwd=copy,
            env={"PATH": os.environ["PATH"], "HOME": str(copy), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for copy in copies
    ]
    told = [process.communicate(timeout=60)[1] for process in running]
    won = [process.returncode == 0 for process in running]
    assert sorted(won) == [False, True], told
    assert hub.head() == heads[won.index(True)]
    assert "fetch first" in told[won.index(False)]
    loser = copies[won.index(False)]
    done("pull", "-q", "--rebase", at=loser)
    done("push", "-q", at=loser)


def test_history_of_the_default_branch_is_not_rewritten(hub: Repository) -> None:
    copy = hub.clone()
    first = hub.commit(copy, {"a.txt": b"a"})
    done("push", "-q", "origin", "main", "main:topic", at=copy)
    done("commit", "-q", "--amend", "-m", "Another word", at=copy)
    forced = git("push", "--force", "origin", "main", at=copy)
    assert forced.returncode != 0
    assert "[remote rejected] main -> main (non-fast-forward" in forced.stderr
    assert "deletion of the current branch prohibited" in git("push", "origin", ":main", at=copy).stderr
    assert hub.head() == first
    done("push", "-q", "--force", "origin", "main:topic", at=copy)
    together = git("push", "--atomic", "--force", "origin", "main", "main:new", at=copy)
    assert "atomic" in together.stderr
    assert hub.http.get(f"/api/models/lab/{hub.name}/revision/new").status_code == 404


@pytest.mark.slow
def test_protected_branches_are_for_maintainers(hub: Repository, live: dict[str, Any]) -> None:
    rest = f"/api/v1/repositories/model/lab/{hub.name}"
    hub.http.patch(rest, json={"protected": ["release/*"]}).raise_for_status()
    copy = hub.clone()
    first = hub.commit(copy, {"a.txt": b"a"})
    done("push", "-q", "origin", "main", "main:release/1", at=copy)
    done("commit", "-q", "--amend", "-m", "Another word", at=copy)
    assert "non-fast-forward" in git("push", "-f", "origin", "main:release/1", at=copy).stderr
    assert "deletion prohibited" in git("push", "origin", ":release/1", at=copy).stderr
    assert hub.head("release/1") == first
    assert hub.http.patch(rest, json={"protected": ["a b"]}).status_code == 422


def _link(copy: Path) -> None:
    (copy / "link").symlink_to("/etc/passwd")


def _cases(copy: Path) -> None:
    (copy / "Weights.txt").write_text("a")
    (copy / "weights.txt").write_text("b")


def _huge(copy: Path) -> None:
    (copy / "corpus.txt").write_bytes(b"\0" * (11 << 20))


def _pointer(copy: Path) -> None:
    (copy / "w.safetensors").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 5000\n"
    )


REFUSED: list[tuple[Callable[[Path], None], str]] = [
    (_link, "is a symbolic link"),
    (_cases, "differ only in case"),
    (_huge, "come by Git LFS"),
    (_pointer, "the LFS content of “w.safetensors” was not uploaded"),
]


def test_what_no_client_could_hold_is_refused_by_name(hub: Repository) -> None:
    copy, before = hub.clone(), hub.head()
    for make, words in REFUSED:
        make(copy)
        hub.commit(copy, {})
        pushed = git("push", "origin", "main", at=copy)
        assert pushed.returncode != 0
        assert "remote unpack failed" in pushed.stderr
        assert words in pushed.stderr
        done("reset", "-q", "--hard", "origin/main", at=copy)
    assert hub.head() == before


def test_who_may_not_write_is_told_so_and_learns_no_more(hub: Repository, live: dict[str, Any]) -> None:
    copy = hub.clone()
    hub.commit(copy, {"a.txt": b"a"})
    for who in (None, "zoe"):
        refused = git("push", hub.address(who), "main", at=copy)
        absent = git("push", hub.address(who).replace(hub.name, "nothing"), "main", at=copy)
        assert refused.returncode != 0
        assert refused.stderr.replace(hub.name, "nothing") == absent.stderr
    rest = f"/api/v1/repositories/model/lab/{hub.name}"
    hub.http.patch(rest, json={"visibility": "internal"}).raise_for_status()
    assert "remote: this needs the role member" in git("push", hub.address("zoe"), "main", at=copy).stderr


def test_a_pushed_secret_is_pointed_at(hub: Repository) -> None:
    copy = hub.clone()
    hub.commit(copy, {"config.py": b'KEY = "AKIA' + b"ABCDEFGH12345678" + b'"\n'})
    pushed = git("push", "origin", "main", at=copy)
    assert pushed.returncode == 0
    assert "remote: warning: config.py: line 1 seems to hold an AWS access key" in pushed.stderr


def test_a_pull_request_is_pushed_to_by_its_author_and_by_members(hub: Repository, live: dict[str, Any]) -> None:
    hub.http.patch(f"/api/v1/repositories/model/lab/{hub.name}", json={"visibility": "internal"}).raise_for_status()
    talks = f"/api/models/lab/{hub.name}/discussions"
    zoe = {"Authorization": f"Bearer {live['tokens']['zoe']}"}
    opened = hub.http.post(talks, json={"title": "Better words", "pullRequest": True}, headers=zoe)
    assert opened.json()["num"] == 1
    copy = hub.clone("theirs", "zoe")
    first = hub.commit(copy, {"words.txt": b"better\n", "both.txt": b"theirs\n"}, "Better")
    assert "needs the role member" in git("push", "origin", "main", at=copy).stderr
    assert "there is no pull request 2" in git("push", "origin", "main:refs/pr/2", at=copy).stderr
    done("push", "-q", "origin", "main:refs/pr/1", at=copy)
    talk = hub.http.get(f"{talks}/1", params={"diff": 1}).json()
    assert [each["data"]["oid"] for each in talk["events"] if each["type"] == "commit"] == [first]
    assert "+better" in talk["diff"]

    # The base goes on: what both changed is a conflict until the author has merged it.
    own = hub.clone()
    base = hub.commit(own, {"both.txt": b"ours\n"}, "Ours")
    done("push", "-q", at=own)
    assert hub.http.post(f"{talks}/1/merge", json={}).status_code == 409
    done("fetch", "-q", at=copy)
    assert git("merge", "-q", "origin/main", at=copy).returncode == 1
    hub.commit(copy, {"both.txt": b"ours and theirs\n"}, "Merge")
    done("push", "-q", "origin", "main:refs/pr/1", at=copy)
    talk = hub.http.get(f"{talks}/1", params={"diff": 1}).json()
    assert talk["filesWithConflicts"] == []
    assert "-ours\n+ours and theirs" in talk["diff"]
    assert [each["data"]["subject"] for each in talk["events"] if each["type"] == "commit"] == ["Better", "Merge"]
    assert "deletion prohibited" in git("push", "origin", ":refs/pr/1", at=copy).stderr
    assert hub.head() == base
    hub.http.post(f"{talks}/1/merge", json={}).raise_for_status()
    assert (hub.read("both.txt"), hub.read("words.txt")) == (b"ours and theirs\n", b"better\n")
    hub.commit(copy, {"late.txt": b"late"})
    assert "needs the role member" in git("push", "origin", "main:refs/pr/1", at=copy).stderr


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="no git-lfs")
def test_large_files_go_and_come_by_git_lfs(hub: Repository) -> None:
    copy = hub.clone()
    done("lfs", "install", "--local", at=copy)
    weights = os.urandom(300_000)
    hub.commit(copy, {"w.safetensors": weights, "notes.md": b"# Notes\n"})
    pushed = git("push", "origin", "main", at=copy)
    assert pushed.returncode == 0, pushed.stderr
    assert "lock" not in pushed.stderr.lower()
    done("lfs", "lock", "w.safetensors", at=copy)
    assert done("lfs", "locks", at=copy).split()[:2] == ["w.safetensors", "li"]
    done("lfs", "unlock", "w.safetensors", at=copy)
    assert hub.read("w.safetensors") == weights
    (info,) = hub.http.post(f"/api/models/lab/{hub.name}/paths-info/main", json={"paths": ["w.safetensors"]}).json()
    assert info["lfs"]["oid"] == hashlib.sha256(weights).hexdigest()
    other = hub.clone("other")
    done("lfs", "install", "--local", at=other)
    done("lfs", "pull", at=other)
    assert (other / "w.safetensors").read_bytes() == weights
    assert "warning" not in pushed.stderr.lower()
