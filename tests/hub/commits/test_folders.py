"""A folder becomes a revision and a revision a folder, whatever happens in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ceyuan.hub import commit_folder, commit_staged, list_files, local_snapshot, resolve, stage_folder
from ceyuan.hub.commits import folders
from ceyuan.hub.errors import PathInvalid, RepositoryNotFound
from ceyuan.hub.history.tables import HubCommit
from ceyuan.hub.repositories.service import find_by_reference
from ceyuan.kernel.blobs import BlobCorrupt
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, OUTSIDER, VIEWER, make_repository

pytestmark = pytest.mark.engine_bound

CORPUS = "datasets/demo/corpus"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "out"
    for path, data in {"README.md": b"# x", "data/a.jsonl": b"{}\n", "data/big.bin": os.urandom(11_000_000)}.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
    return source


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


async def count_commits(platform: Platform) -> int:
    async with platform.work(write=False) as uow:
        return int(await uow.session.scalar(select(func.count()).select_from(HubCommit)) or 0)


async def test_only_members_make_revisions_and_only_readers_take_snapshots(
    platform: Platform, folder: Path, tmp_path: Path
) -> None:
    await make_repository(platform)
    for actor, error in [(OUTSIDER, RepositoryNotFound), (VIEWER, Forbidden)]:
        with pytest.raises(error):
            await commit_folder(platform, CORPUS, folder, message="m", actor=actor)
    with pytest.raises(RepositoryNotFound):
        await local_snapshot(platform, CORPUS, tmp_path / "x", actor=OUTSIDER)


async def test_a_folder_goes_in_and_comes_out_unchanged(platform: Platform, folder: Path, tmp_path: Path) -> None:
    await make_repository(platform)
    revision = await commit_folder(platform, CORPUS, folder, message="第一版", actor=MEMBER, origin="job_1")
    assert (revision.files, revision.label) == (3, f"demo/corpus@{revision.commit[:10]}")
    for links in (False, True):
        into = tmp_path / f"links-{links}"
        assert await local_snapshot(platform, revision.ref, into, actor=MEMBER, links=links) == into
        assert contents(into) == contents(folder)
        assert await local_snapshot(platform, revision.ref, into, actor=MEMBER, links=links) == into
    some = await local_snapshot(platform, revision.ref, tmp_path / "some", actor=MEMBER, only=["data/*"])
    assert sorted(contents(some)) == ["data/a.jsonl", "data/big.bin"]


async def test_the_same_folder_again_is_the_same_revision(platform: Platform, folder: Path) -> None:
    await make_repository(platform)
    first = await commit_folder(platform, CORPUS, folder, message="m")
    assert await commit_folder(platform, CORPUS, folder, message="other words") == first
    assert await count_commits(platform) == 2


async def test_a_revision_says_its_content_and_not_its_time(platform: Platform, folder: Path) -> None:
    await make_repository(platform)
    await make_repository(platform, "twin")
    one = await commit_folder(platform, CORPUS, folder, message="a")
    two = await commit_folder(platform, "demo/twin", folder, message="b")
    assert one.tree == two.tree
    assert one.commit != two.commit


async def test_what_is_no_longer_in_the_folder_goes_unless_it_is_kept(platform: Platform, folder: Path) -> None:
    await make_repository(platform)
    await commit_folder(platform, CORPUS, folder, message="m")
    (folder / "data/a.jsonl").unlink()
    (folder / "new.txt").write_text("x")
    kept = await commit_folder(platform, CORPUS, folder, message="m", replace=False)
    gone = await commit_folder(platform, CORPUS, folder, message="m")
    assert (kept.files, gone.files) == (4, 3)


async def test_a_folder_can_be_put_below_another(platform: Platform, folder: Path) -> None:
    await make_repository(platform)
    await commit_folder(platform, CORPUS, folder, message="m")
    (folder / "README.md").unlink()
    await commit_folder(platform, CORPUS, folder, message="m", into="v2/parts", ignore=["*.bin"])
    (folder / "data/a.jsonl").rename(folder / "data/b.jsonl")
    revision = await commit_folder(platform, CORPUS, folder, message="m", into="v2/parts", ignore=["*.bin"])
    async with platform.work(write=False) as uow:
        found = [path async for path, _ in list_files(uow, revision.ref)]
    assert found == ["README.md", "data/a.jsonl", "data/big.bin", "v2/parts/data/b.jsonl"]


async def test_a_kill_between_bytes_and_commit_leaves_nothing_and_the_next_try_completes(
    platform: Platform, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_repository(platform)

    async def killed(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "commit", killed)
        with pytest.raises(RuntimeError):
            await commit_folder(platform, CORPUS, folder, message="m")
    assert await count_commits(platform) == 1
    assert (await commit_folder(platform, CORPUS, folder, message="m")).files == 3


async def test_staged_files_join_a_jobs_own_transaction(platform: Platform, folder: Path) -> None:
    await make_repository(platform)
    staged = await stage_folder(platform, folder)
    async with platform.work() as uow:
        row = await find_by_reference(uow, CORPUS)
        revision = await commit_staged(uow, row, staged, message="m", origin="job_7")
    async with platform.work(write=False) as uow:
        assert await resolve(uow, CORPUS) == revision


async def test_links_and_odd_files_are_refused_by_name(platform: Platform, folder: Path) -> None:
    await make_repository(platform)
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(PathInvalid, match="link"):
        await commit_folder(platform, CORPUS, folder, message="m")
    (folder / "link").unlink()
    (folder / "bad\\name").write_text("x")
    with pytest.raises(PathInvalid):
        await commit_folder(platform, CORPUS, folder, message="m")
    with pytest.raises(PathInvalid):
        await stage_folder(platform, folder / "nothing")


async def test_a_damaged_blob_is_not_handed_out(platform: Platform, folder: Path, tmp_path: Path) -> None:
    await make_repository(platform)
    revision = await commit_folder(platform, CORPUS, folder, message="m")
    async with platform.work(write=False) as uow:
        files = {path: file async for path, file in list_files(uow, revision.ref)}
    place = platform.blobs.local_path(files["data/a.jsonl"].sha256)
    assert place is not None
    place.chmod(0o644)
    place.write_bytes(b"{]\n")
    with pytest.raises(BlobCorrupt):
        await local_snapshot(platform, revision.ref, tmp_path / "x")
    assert not (tmp_path / "x/data/a.jsonl").exists()
