"""What the stock client of the Hub does in a process of its own: `python -m tests.contract.hub_client DEED FOLDER`.

Only its own environment variables lead it to us; a deed that fails raises.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from uuid import uuid4

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

WEIGHTS = random.Random(os.environ["HF_HUB_DISABLE_XET"]).randbytes(3_000_000)
api = HfApi()


def other() -> HfApi:
    """The same client as somebody else."""
    return HfApi(token=os.environ["OTHER_TOKEN"])


def repository() -> str:
    """A fresh private repository of one's own."""
    assert api.whoami()["name"] == "li"
    return str(api.create_repo(f"li/repo-{uuid4().hex[:12]}", private=True).repo_id)


def folder(place: Path) -> None:
    """A folder goes up and comes down again."""
    repo, source = repository(), place / "model"
    (source / "sub").mkdir(parents=True)
    (source / "model.safetensors").write_bytes(WEIGHTS)
    (source / "sub" / "配置.json").write_text('{"a": 1}')
    api.upload_folder(repo_id=repo, folder_path=source)
    down = Path(snapshot_download(repo, local_dir=place / "down"))
    assert (down / "model.safetensors").read_bytes() == WEIGHTS
    assert (down / "sub" / "配置.json").read_text() == '{"a": 1}'
    (info,) = api.get_paths_info(repo, ["model.safetensors"])
    by_xet = os.environ["HF_HUB_DISABLE_XET"] == "0"
    assert (info.xet_hash is not None) == by_xet  # type: ignore[union-attr]


def operations(place: Path) -> None:
    """One commit adds, another copies and deletes; a changed file is put together from old and new chunks."""
    repo = repository()
    first = [CommitOperationAdd("a.bin", WEIGHTS), CommitOperationAdd("b.txt", b"b")]
    api.create_commit(repo, first, commit_message="one")
    changed = WEIGHTS[:1_000_000] + b"!" * 1000 + WEIGHTS[1_001_000:]
    second = [
        CommitOperationCopy(src_path_in_repo="a.bin", path_in_repo="c/a.bin"),
        CommitOperationDelete("b.txt"),
        CommitOperationAdd("d.bin", changed),
    ]
    api.create_commit(repo, second, commit_message="two")
    assert set(api.list_repo_files(repo)) == {".gitattributes", "a.bin", "c/a.bin", "d.bin"}
    assert [c.title for c in api.list_repo_commits(repo)] == ["two", "one", "initial commit"]
    assert Path(hf_hub_download(repo, "d.bin", local_dir=place)).read_bytes() == changed


def gate(place: Path) -> None:
    """A private repository is not there for others, a gated one opens when access is granted."""
    repo = repository()
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo)
    try:
        other().model_info(repo)
        raise AssertionError("an outsider saw a private repository")
    except RepositoryNotFoundError:
        pass
    api.update_repo_settings(repo, gated="manual", private=False)
    try:
        other().hf_hub_download(repo, "x.txt", local_dir=place / "early")
        raise AssertionError("a gated file was handed out")
    except GatedRepoError:
        pass
    api.grant_access(repo, "zoe")
    assert Path(other().hf_hub_download(repo, "x.txt", local_dir=place)).read_bytes() == b"x"


def pull(place: Path) -> None:
    """A pull request is opened and merged."""
    repo = repository()
    api.upload_file(path_or_fileobj=b"1", path_in_repo="x.txt", repo_id=repo)
    made = api.create_commit(repo, [CommitOperationAdd("y.txt", b"2")], commit_message="propose y", create_pr=True)
    assert made.pr_num is not None
    assert not api.file_exists(repo, "y.txt")
    api.merge_pull_request(repo, made.pr_num)
    assert api.file_exists(repo, "y.txt")


DEEDS = {deed.__name__: deed for deed in (folder, operations, gate, pull)}

if __name__ == "__main__":
    DEEDS[sys.argv[1]](Path(sys.argv[2]))
