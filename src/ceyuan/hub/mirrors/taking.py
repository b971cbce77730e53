"""Taking over one revision: only what changed is fetched, everything is verified, one commit holds it."""

from __future__ import annotations

import asyncio
import fnmatch
import hashlib
from collections.abc import Sequence
from urllib.parse import urlsplit

import orjson

from ceyuan.hub.browsing.service import open_repository
from ceyuan.hub.commits import contents
from ceyuan.hub.commits.refs import create_branch
from ceyuan.hub.commits.service import Add, Delete, Operation, commit
from ceyuan.hub.errors import NameRefused, RepositoryNotFound, RevisionNotFound
from ceyuan.hub.history import repository as history
from ceyuan.hub.lineage import By, Node, record
from ceyuan.hub.mirrors.errors import NotOfMirror
from ceyuan.hub.mirrors.tables import HubMirror, HubMirrored
from ceyuan.hub.naming import HEADS, Kind, check_ref_name
from ceyuan.hub.remote import Described, RemoteFile, RemoteHub
from ceyuan.hub.repositories.service import create_repository, find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.settings import HubSettings
from ceyuan.hub.storage import require_room
from ceyuan.hub.trees import File, PathRefused, check_path, walk
from ceyuan.kernel.jobs import JobContext
from ceyuan.kernel.upserts import upsert
from ceyuan.kernel.work import UnitOfWork

_AT_ONCE = 4
_BATCH = 16


class Taker:
    """One repository at one revision. A run that is killed leaves contents that the next one need not fetch again."""

    def __init__(self, ctx: JobContext, mirror: HubMirror, upstream: RemoteHub, name: str, revision: str) -> None:
        self._ctx = ctx
        self._mirror = mirror
        self._upstream = upstream
        self._name = name
        self._revision = revision
        self._kind: Kind = "dataset" if mirror.kind == "dataset" else "model"
        self._address: tuple[Kind, str, str] = (self._kind, mirror.owner, name.partition("/")[2])
        said = orjson.dumps([sorted(mirror.include), sorted(mirror.exclude)])
        self._wanted = hashlib.sha256(said).hexdigest()

    async def take(self) -> bool:
        """Bring the revision up to date; false if it was. Raises `RemoteFault`, `NotOfMirror` and what forbids."""
        found = await self._upstream.describe(self._kind, self._name, self._revision)
        async with self._ctx.platform.work(self._ctx.actor) as uow:
            row, known = await self._own(uow)
            if known is not None and (known.upstream_commit, known.wanted) == (found.commit, self._wanted):
                return False
            branch = await self._branch(uow, row, found.commit)
            here = await self._here(uow, row, branch)
        files = [file async for file in self._upstream.files(self._kind, self._name, found.commit) if self._fits(file)]
        changed = [file for file in files if not _same(here.get(file.path), file)]
        self._ctx.log(
            f"{self._name}@{self._revision}: {len(changed)} of {len(files)} files are new",
            zh=f"{self._name}@{self._revision}：{len(files)} 个文件中有 {len(changed)} 个是新的",
        )
        async with self._ctx.platform.work(self._ctx.actor, write=False) as uow:
            await require_room(uow, row.org_id, sum(file.size for file in changed))
        adds = [Add(path, sha256) for path, sha256 in (await self._fetched(row, found, changed)).items()]
        there = {file.path for file in files}
        operations: list[Operation] = [*(Delete(path) for path in here if path not in there), *adds]
        async with self._ctx.platform.work(self._ctx.actor) as uow:
            await self._commit(uow, found, branch, operations, len(files))
        return True

    async def _own(self, uow: UnitOfWork) -> tuple[HubRepository, HubMirrored | None]:
        """The repository here, made if there is none, and what this mirror took of the revision before."""
        try:
            row = await find_repository(uow, *self._address)
        except RepositoryNotFound:
            visibility = self._mirror.visibility
            row = await create_repository(uow, *self._address, visibility=visibility)  # type: ignore[arg-type]
            return row, None
        known = await uow.session.get(HubMirrored, (row.id, self._revision))
        if row.head_files and (known is None or known.mirror_id != self._mirror.id) and not await self._made(uow, row):
            raise NotOfMirror(
                (
                    f"“{row.owner}/{row.name}”已存在且不由该镜像维护",
                    f"{row.owner}/{row.name} did not come by this mirror",
                ),
                hint=("请移动该仓库,或镜像到其他组织", "move that repository, or mirror into another owner"),
            )
        return row, known

    async def _made(self, uow: UnitOfWork, row: HubRepository) -> bool:
        """Whether this mirror took another revision of the repository."""
        for revision in self._mirror.revisions:
            other = await uow.session.get(HubMirrored, (row.id, revision))
            if other is not None and other.mirror_id == self._mirror.id:
                return True
        return False

    async def _branch(self, uow: UnitOfWork, row: HubRepository, upstream_commit: str) -> str:
        """The branch here that holds the revision: of the same name, where a branch may bear it."""
        try:
            branch = check_ref_name(self._revision)
        except NameRefused:
            branch = f"commit-{upstream_commit[:12]}"
        if await history.ref(uow.session, row.id, HEADS + branch) is None:
            await create_branch(uow, row, branch)
        return branch

    async def _here(self, uow: UnitOfWork, row: HubRepository, branch: str) -> dict[str, File]:
        try:
            view = await open_repository(uow, row, HEADS + branch)
        except RevisionNotFound:
            return {}
        return {path: file async for path, file in walk(view.trees, view.root)}

    def _fits(self, file: RemoteFile) -> bool:
        """Whether the patterns want the file and our trees can hold it."""
        include, exclude = self._mirror.include, self._mirror.exclude
        if include and not any(fnmatch.fnmatchcase(file.path, pattern) for pattern in include):
            return False
        if any(fnmatch.fnmatchcase(file.path, pattern) for pattern in exclude):
            return False
        try:
            check_path(file.path)
        except PathRefused as problem:
            self._ctx.log(f"{self._name}: left out: {problem}", "warning", zh=f"{self._name}：略过：{problem}")
            return False
        return True

    async def _fetched(self, row: HubRepository, found: Described, files: Sequence[RemoteFile]) -> dict[str, str]:
        """The SHA-256 of every file by its path, once its content is here."""
        done: dict[str, str] = {}
        for start in range(0, len(files), _BATCH):
            batch = files[start : start + _BATCH]
            async with self._ctx.platform.work(self._ctx.actor, write=False) as uow:
                known = await contents.known(uow, row.id, [f.sha256 for f in batch if f.sha256])
            done.update({file.path: file.sha256 for file in batch if file.sha256 in known and file.sha256})
            left = [file for file in batch if file.path not in done]
            room = asyncio.Semaphore(_AT_ONCE)
            blobs = await asyncio.gather(*(self._fetch(room, found.commit, file) for file in left))
            described = [await contents.describe_blob(self._ctx.platform, *blob) for blob in blobs]
            async with self._ctx.platform.work(self._ctx.actor) as uow:
                await contents.record_uploads(uow, row.id, described)
            done.update({file.path: blob[0] for file, blob in zip(left, blobs, strict=True)})
        return done

    async def _fetch(self, room: asyncio.Semaphore, commit_id: str, file: RemoteFile) -> tuple[str, int]:
        """SHA-256 and size of a file that was fetched and verified."""
        async with room:
            limit = min(file.size, self._ctx.platform.section(HubSettings).max_file_bytes)
            content = self._upstream.content(self._kind, self._name, commit_id, file)
            blob = await self._ctx.platform.blobs.put_stream(content, expected=file.sha256, limit=limit)
        return blob.sha256, blob.size

    async def _commit(
        self, uow: UnitOfWork, found: Described, branch: str, operations: Sequence[Operation], files: int
    ) -> None:
        row = await find_repository(uow, *self._address)
        host = urlsplit(self._mirror.upstream).netloc
        made = await commit(
            uow,
            row,
            operations,
            message=f"Mirror {self._name} at {found.commit[:12]}",
            description=f"From {self._mirror.upstream}, commit {found.commit}, licence {found.licence or 'not named'}",
            branch=branch,
            origin=self._ctx.job_id,
        )
        values = {
            "repository_id": row.id,
            "revision": self._revision,
            "mirror_id": self._mirror.id,
            "source": self._name,
            "upstream_commit": found.commit,
            "commit_id": made.commit,
            "licence": found.licence,
            "wanted": self._wanted,
            "files": files,
            "taken_at": uow.clock.now(),
        }
        key = ["repository_id", "revision"]
        update = [name for name in values if name not in key]
        await uow.session.execute(upsert(uow.session, HubMirrored, values, key=key, update=update))
        origin = Node(
            kind="source",
            id=f"source:{host}/{self._kind}s/{self._name}@{found.commit}",
            label=f"{host}/{self._name}",
            org_id=row.org_id,
            details={"upstream": self._mirror.upstream, "commit": found.commit, "licence": found.licence},
        )
        await record(uow, inputs=[origin], output=made, action="mirror", by=By("job", self._ctx.job_id))
        self._ctx.add_output(made.commit)


def _same(here: File | None, there: RemoteFile) -> bool:
    if here is None or here.size != there.size:
        return False
    return here.sha256 == there.sha256 if there.sha256 else here.git_oid == there.git_oid
