"""The ids are those of git itself."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ceyuan.hub.trees import (
    EMPTY,
    File,
    Signature,
    file_of,
    git_blob_oid,
    git_commit_oid,
    git_pointer_oid,
    is_large,
    pointer,
)
from ceyuan.hub.trees.folders import store
from tests.hub.trees.memory import MemorySource, build


def git(folder: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        check=True, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


async def test_trees_and_commits_have_the_ids_that_git_gives_them(checkout: Path) -> None:
    files = {"a.txt": "1", "a/b.txt": "2", "a-b": "3", "a0": "4", "数据/文.md": "五", "z/y/x": ""}
    for path, text in files.items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(text)
    git(checkout, "add", "-A")
    tree = git(checkout, "write-tree")
    assert (await build(MemorySource(), files)).git_oid == tree
    who = {"GIT_AUTHOR_NAME": "李 明", "GIT_AUTHOR_EMAIL": "li@example.org", "GIT_AUTHOR_DATE": "1767225600 +0000"}
    who |= {key.replace("AUTHOR", "COMMITTER"): value for key, value in who.items()}
    author = Signature("李 明", "li@example.org", datetime.fromtimestamp(1767225600, UTC))
    first = git(checkout, "commit-tree", tree, "-m", "第一版", **who)
    assert git_commit_oid(tree, [], author, "第一版\n") == first
    second = git(checkout, "commit-tree", tree, "-p", first, "-m", "two", "-m", "why", **who)
    assert git_commit_oid(tree, [first], author, "two\n\nwhy\n") == second


def test_the_empty_tree_is_gits_empty_tree() -> None:
    assert store({})[0].folder == EMPTY


def test_blobs_have_the_ids_that_git_gives_them() -> None:
    assert git_blob_oid(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"  # git-scm.com, Git Internals


def test_large_files_stand_in_git_as_pointers() -> None:
    file = file_of("model.safetensors", "ab" * 32, 5, None)
    assert file == File("ab" * 32, 5, git_pointer_oid("ab" * 32, 5), large=True)
    assert pointer("ab" * 32, 5).decode().splitlines()[1:] == [f"oid sha256:{'ab' * 32}", "size 5"]


def test_size_and_suffix_decide_what_is_large() -> None:
    assert is_large("notes.txt", 10 * 1024 * 1024 + 1)
    assert is_large("Weights.SAFETENSORS", 1)
    assert not is_large("README.md", 10 * 1024 * 1024)


def test_an_author_cannot_forge_the_lines_of_a_commit() -> None:
    line = Signature("Eve\ntree 0 <x>", "e@example.org", datetime.fromtimestamp(0, UTC)).line()
    assert line == "Evetree 0 x <e@example.org> 0 +0000"
