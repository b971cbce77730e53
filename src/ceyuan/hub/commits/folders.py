"""A folder of the local machine as a revision: what jobs use to keep what they made.

Bytes go into the blob store first, then one transaction makes the revision: a process that is killed in
between leaves nothing but unreferenced content, and doing it again gives the same revision.
"""

from __future__ import annotations

import asyncio
import fnmatch
import os
from collections.abc import Sequence
from pathlib import Path

from ceyuan.hub.commits.contents import describe_blob, record_uploads, store_bytes
from ceyuan.hub.commits.refs import resolve_commit
from ceyuan.hub.commits.service import Add, Delete, commit
from ceyuan.hub.errors import PathInvalid, explain
from ceyuan.hub.history.commits import root_of
from ceyuan.hub.history.source import DatabaseTrees
from ceyuan.hub.naming import Reference
from ceyuan.hub.repositories.service import find_by_reference
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.revision import Revision
from ceyuan.hub.stored import Content
from ceyuan.hub.trees import LARGE_BYTES, TreeProblem, check_path, walk
from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

Staged = Sequence[tuple[str, Content]]
"""Files in the blob store with the paths that they shall have, sorted by path."""
_AT_ONCE = 8


async def stage_folder(platform: Platform, folder: Path, *, ignore: Sequence[str] = ()) -> Staged:
    """Put every file below `folder` into the blob store. `ignore` are patterns (fnmatch) over relative paths.

    Raises `PathInvalid` for names that a repository does not take and for symbolic links.
    """
    paths = await asyncio.to_thread(_files_below, folder, ignore)
    staged: list[tuple[str, Content]] = []
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        staged += zip(some, await asyncio.gather(*(_stage(platform, folder / path) for path in some)), strict=True)
    return staged


async def _stage(platform: Platform, source: Path) -> Content:
    if source.stat().st_size <= LARGE_BYTES:
        return await store_bytes(platform, await asyncio.to_thread(source.read_bytes))
    blob = await platform.blobs.put_file(source)
    return await describe_blob(platform, blob.sha256, blob.size)


def _files_below(folder: Path, ignore: Sequence[str]) -> list[str]:
    if not folder.is_dir():
        raise PathInvalid((f"“{folder}”不是文件夹", f"“{folder}” is not a folder"))
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in [*names, *(f for f in folders if (Path(place) / f).is_symlink())]:
            path = (Path(place) / name).relative_to(folder).as_posix()
            if any(fnmatch.fnmatch(path, pattern) for pattern in ignore):
                continue
            full = folder / path
            if full.is_symlink() or not full.is_file():
                raise PathInvalid((f"“{path}”不是普通文件", f"“{path}” is not a plain file"), path=path)
            try:
                found.append(check_path(path))
            except TreeProblem as problem:
                raise explain(problem) from problem
    return sorted(found)


async def commit_staged(
    uow: UnitOfWork,
    row: HubRepository,
    staged: Staged,
    *,
    message: str,
    description: str = "",
    branch: str | None = None,
    into: str = "",
    replace: bool = True,
    origin: str | None = None,
) -> Revision:
    """Make staged files the next revision of a branch, in this unit of work.

    They go below the folder `into`; with `replace` that folder then holds nothing else. If the content is as
    it was, the head is returned and no commit made.
    """
    await record_uploads(uow, row.id, [content for _, content in staged])
    prefix = f"{into.strip('/')}/" if into.strip("/") else ""
    adds = [Add(prefix + path, content.sha256) for path, content in staged]
    gone: list[Delete] = []
    if replace and prefix:
        head = await resolve_commit(uow, row, branch)
        keep = {add.path for add in adds}
        source = DatabaseTrees(uow.session, row.id)
        present = [path async for path, _ in walk(source, root_of(head)) if path.startswith(prefix)]
        gone = [Delete(path) for path in present if path not in keep]
    return await commit(
        uow,
        row,
        [*gone, *adds],
        message=message,
        description=description,
        branch=branch,
        origin=origin,
        replace=replace and not prefix,
    )


async def commit_folder(
    platform: Platform,
    reference: str | Reference,
    folder: Path,
    *,
    message: str,
    actor: Actor = SYSTEM,
    description: str = "",
    branch: str | None = None,
    into: str = "",
    replace: bool = True,
    ignore: Sequence[str] = (),
    origin: str | None = None,
) -> Revision:
    """Make the content of `folder` the next revision of a repository that exists; see `commit_staged`.

    Doing it again with the same content returns the same revision, also after a crash halfway.
    """
    staged = await stage_folder(platform, folder, ignore=ignore)
    async with platform.work(actor) as uow:
        row = await find_by_reference(uow, reference)
        return await commit_staged(
            uow,
            row,
            staged,
            message=message,
            description=description,
            branch=branch,
            into=into,
            replace=replace,
            origin=origin,
        )
