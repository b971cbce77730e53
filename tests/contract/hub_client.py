"""What the stock client of the Hub does in a process of its own: `python -m tests.contract.hub_client DEED FOLDER`.

Only its own environment variables lead it to us; a deed that fails raises.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    __version__,
    hf_hub_download,
    login,
    snapshot_download,
)
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

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
    assert (getattr(info, "xet_hash", None) is not None) == by_xet or __version__.startswith("0.")


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


def erase(place: Path) -> None:
    """A large file is taken out of the repository for good, and out of its history."""
    repo = repository()
    api.create_commit(repo, [CommitOperationAdd("a/w.bin", WEIGHTS)], commit_message="one")
    api.create_commit(repo, [CommitOperationAdd("b.txt", b"b")], commit_message="two")
    (listed,) = api.list_lfs_files(repo)
    assert (listed.filename, listed.size) == ("a/w.bin", len(WEIGHTS))
    try:
        api.permanently_delete_lfs_files(repo, [listed], rewrite_history=False)
        raise AssertionError("a file went that revisions hold")
    except HfHubHTTPError as error:
        if "2 commits still hold these files" not in str(error):
            raise
    api.permanently_delete_lfs_files(repo, [listed])
    assert list(api.list_lfs_files(repo)) == []
    assert set(api.list_repo_files(repo)) == {".gitattributes", "b.txt"}
    assert [c.title for c in api.list_repo_commits(repo)] == ["two", "one", "initial commit"]
    clone = ["git", "clone", "-q", f"{os.environ['HF_ENDPOINT']}/{repo}", str(place / "clone")]
    key = f"http.extraHeader=Authorization: Bearer {os.environ['HF_TOKEN']}"
    subprocess.run([*clone[:1], "-c", key, *clone[1:]], check=True, env={**os.environ, "GIT_LFS_SKIP_SMUDGE": "1"})
    subprocess.run(["git", "-C", str(place / "clone"), "fsck", "--strict"], check=True)


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


def names(place: Path) -> None:
    """Branches, tags, history, search and moves."""
    repo = repository()
    first = api.upload_file(path_or_fileobj=b"1", path_in_repo="x.txt", repo_id=repo).oid
    api.create_branch(repo, branch="next")
    api.create_tag(repo, tag="v1", revision=first, tag_message="the first")
    api.upload_file(path_or_fileobj=b"2", path_in_repo="x.txt", repo_id=repo, revision="next")
    refs = api.list_repo_refs(repo)
    assert {ref.name for ref in refs.branches} == {"main", "next"}
    assert [(ref.name, ref.target_commit) for ref in refs.tags] == [("v1", first)]
    assert Path(hf_hub_download(repo, "x.txt", revision="next", local_dir=place / "n")).read_bytes() == b"2"
    assert Path(hf_hub_download(repo, "x.txt", revision="v1", local_dir=place / "v")).read_bytes() == b"1"
    api.delete_tag(repo, tag="v1")
    api.delete_branch(repo, branch="next")
    assert api.repo_exists(repo)
    assert not api.revision_exists(repo, "next")
    assert repo in {model.id for model in api.list_models(author="li", search=repo.partition("/")[2])}
    api.move_repo(repo, f"{repo}-moved")
    assert api.model_info(f"{repo}-moved").id == f"{repo}-moved"
    api.super_squash_history(f"{repo}-moved")
    assert len(api.list_repo_commits(f"{repo}-moved")) == 1
    api.delete_repo(f"{repo}-moved")
    assert not api.repo_exists(f"{repo}-moved")


def talk(place: Path) -> None:
    """A discussion goes from its first word to its end; the one who signs in is known."""
    login(token=os.environ["HF_TOKEN"], add_to_git_credential=False)
    repo = repository()
    opened = api.create_discussion(repo, title="Is it good?", description="I wonder.")
    api.comment_discussion(repo, opened.num, "It is.")
    api.rename_discussion(repo, opened.num, new_title="It is good")
    api.change_discussion_status(repo, opened.num, new_status="closed")
    (found,) = api.get_repo_discussions(repo)
    assert (found.title, found.status) == ("It is good", "closed")
    events = api.get_discussion_details(repo, opened.num).events
    assert [event.content for event in events if event.type == "comment"] == ["I wonder.", "It is."]


def large_folder(place: Path) -> None:
    """A folder of many files goes up by the way for large ones."""
    repo, source = repository(), place / "many"
    for number in range(30):
        (source / f"d{number % 3}").mkdir(parents=True, exist_ok=True)
        (source / f"d{number % 3}" / f"{number}.json").write_text(f'{{"n": {number}}}')
    (source / "w.safetensors").write_bytes(WEIGHTS)
    if hasattr(api, "upload_large_folder"):
        api.upload_large_folder(repo_id=repo, folder_path=source, repo_type="model", print_report=False)
    else:
        api.upload_folder(repo_id=repo, folder_path=source)
    assert len(api.list_repo_files(repo)) == 32
    assert Path(hf_hub_download(repo, "w.safetensors", local_dir=place)).read_bytes() == WEIGHTS


DEEDS = {deed.__name__: deed for deed in (folder, operations, erase, gate, pull, names, talk, large_folder)}

if __name__ == "__main__":
    DEEDS[sys.argv[1]](Path(sys.argv[2]))
