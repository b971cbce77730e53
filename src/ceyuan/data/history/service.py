"""Use cases of history. Versions are revisions in the hub; going back makes a new one of an earlier one's files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ceyuan.data.history.errors import ClassInvalid, DocumentNotFound, VersionNotFound
from ceyuan.data.pipelines.engines import ask_engine, brought
from ceyuan.data.pipelines.errors import NotACorpus
from ceyuan.data.pipelines.service import read_json, read_manifest
from ceyuan.hub import (
    Content,
    Revision,
    commit_staged,
    find_by_reference,
    list_commits,
    list_files,
    open_revision,
    record_lineage,
    require_change,
    resolve,
)
from ceyuan.hub.lineage import By
from ceyuan.hub.naming import Reference
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.jobs import EngineRefused
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

_BACK = re.compile(r"Roll back to ([0-9a-f]{10})")
_LOOKED = 200
"""Most commits that are looked through for the one of a time."""
_STATES = 12
"""Versions that a document's history reaches back."""


async def list_versions(uow: UnitOfWork, owner: str, name: str, before: str | None, limit: int) -> dict[str, Any]:
    """Revisions of the corpus, newest first; those that no pipeline made are left out."""
    address = f"datasets/{owner}/{name}"
    head = await resolve(uow, address)
    view = await open_revision(uow, f"{address}@{before}" if before else address)
    log = await list_commits(uow, view, limit=limit)
    trees = [(one.id, one.tree_id) for one in log.commits]
    items = []
    for place, commit in enumerate(log.commits):
        reference = str(Reference("dataset", head.owner, head.name, commit.id))
        try:
            manifest = (await read_json(uow, reference, "manifest.json"))[1]
            total, recipe = manifest["counts"]["total"], manifest["recipe_identity"]
        except (NotACorpus, KeyError):
            continue
        restored = _restored(trees[place:], commit.title)
        change = manifest.get("change") if restored is None else None  # it tells of the first time, not of this one
        items.append(
            {
                "revision": reference,
                "commit": commit.id,
                "created_at": commit.created_at,
                "author": commit.author,
                "title": commit.title,
                "why": commit.description if restored else "",
                "documents": total["documents"],
                "kept": total["kept"],
                "content": manifest.get("content"),
                "recipe": recipe,
                "change": change,
                "restored": restored,
                "current": commit.id == head.commit,
            }
        )
    return {"items": items, "next": log.before}


def _restored(trees: Sequence[tuple[str, str]], title: str) -> str | None:
    """The earlier commit whose files a commit brought back, of `trees` (commit, tree) from it on, newest first; null
    where it is no roll-back."""
    (_, own), *older = trees
    if older and older[0][1] == own:
        return None
    found = next((commit for commit, tree in older if tree == own), None)
    told = _BACK.fullmatch(title)
    return found or (told[1] if told else None)


async def compare_versions(
    platform: Platform, actor: Actor, pair: tuple[str, str], kind: str, page: tuple[int, int]
) -> dict[str, Any]:
    """What differs between two references of corpora; `page` is limit and offset. Raises `NotACorpus`."""
    async with platform.work(actor, write=False) as uow:
        for reference in pair:
            await read_manifest(uow, reference)
        earlier, later = [await resolve(uow, reference) for reference in pair]
    async with brought(platform, actor, ["statistics.parquet"], earlier.ref, later.ref) as (first, second):
        arguments = {
            "earlier": str(first / "statistics.parquet"),
            "later": str(second / "statistics.parquet"),
            "kind": kind,
            "limit": page[0],
            "offset": page[1],
        }
        found = await ask_engine(platform, "ceyuan.data.corpus.compare:main", arguments)
    return {"earlier": earlier.ref, "later": later.ref, **found}


async def roll_back(uow: UnitOfWork, owner: str, name: str, to: str, why: str) -> dict[str, str]:
    """Make an earlier revision's files the newest revision; nothing in between is lost. Raises `NotACorpus`."""
    address = f"datasets/{owner}/{name}"
    row = await find_by_reference(uow, address)
    require_change(uow.actor, row, "maintainer")
    earlier = await resolve(uow, f"{address}@{to}")
    await read_manifest(uow, earlier.ref)
    staged = [
        (path, Content(file.sha256, file.size, None if file.large else file.git_oid))
        async for path, file in list_files(uow, earlier.ref)
    ]
    title = f"Roll back to {earlier.commit[:10]}"  # what `_BACK` reads where the earlier one is on another page
    made = await commit_staged(uow, row, sorted(staged), message=title, description=why)
    if made.commit != earlier.commit:
        settings = {"to": earlier.commit, "why": why}
        by = By("person", uow.actor.id)
        await record_lineage(
            uow, inputs=[(earlier, "content")], output=made, action="roll back", by=by, settings=settings
        )
        await uow.audit("data.roll_back", made.node_id, row.org_id, to=earlier.commit, why=why)
    return {"revision": made.ref, "commit": made.commit, "restored": earlier.commit}


async def version_at(uow: UnitOfWork, owner: str, name: str, when: datetime) -> Revision:
    """The revision that was current at `when`; raises `VersionNotFound` for times before the first."""
    address = f"datasets/{owner}/{name}"
    start: str | None = ""
    while start is not None:
        view = await open_revision(uow, f"{address}@{start}" if start else address)
        log = await list_commits(uow, view, limit=_LOOKED)
        for commit in log.commits:
            if commit.created_at <= when:
                return await resolve(uow, f"{address}@{commit.id}")
        start = log.before
    raise VersionNotFound((f"{when:%Y-%m-%d %H:%M} 时还没有版本", f"there was no version yet at {when:%Y-%m-%d %H:%M}"))


async def browse_documents(
    platform: Platform, actor: Actor, reference: str, wanted: dict[str, str], page: tuple[int, int]
) -> dict[str, Any]:
    """Documents of a corpus that fit `wanted`, dropped ones too; `page` is limit and offset. Raises `ClassInvalid` for
    a field or form that there is not, or by which the version is not classified."""
    async with platform.work(actor, write=False) as uow:
        await read_manifest(uow, reference)
        revision = await resolve(uow, reference)
    files = ["statistics.parquet", "data/*.parquet"]
    async with brought(platform, actor, files, revision.ref) as (folder,):
        arguments = {"folder": str(folder), "wanted": wanted, "limit": page[0], "offset": page[1]}
        try:
            found = await ask_engine(platform, "ceyuan.data.corpus.browse:main", arguments)
        except EngineRefused as error:
            if wanted.keys() & {"field", "form"}:
                raise ClassInvalid(error.message) from error
            raise
    return {"revision": revision.ref, **found}


async def trace_document(platform: Platform, actor: Actor, reference: str, document: str) -> dict[str, Any]:
    """The way of one document, and its state in the versions before; raises `DocumentNotFound`."""
    async with platform.work(actor, write=False) as uow:
        await read_manifest(uow, reference)
        revision = await resolve(uow, reference)
        log = await list_commits(uow, await open_revision(uow, revision.ref), limit=_STATES)
        older = [str(Reference("dataset", revision.owner, revision.name, one.id)) for one in log.commits]
        older = [one for one in older if await _is_corpus(uow, one)]
    files = ["statistics.parquet", "tombstones.parquet", "manifest.json", "data/*.parquet"]
    try:
        async with (
            brought(platform, actor, files, revision.ref) as (folder,),
            brought(platform, actor, ["statistics.parquet"], *older) as folders,
        ):
            pairs = zip(older, folders, strict=True)
            revisions = [{"ref": one, "statistics": str(place / "statistics.parquet")} for one, place in pairs]
            arguments = {"folder": str(folder), "id": document, "revisions": revisions}
            found = await ask_engine(platform, "ceyuan.data.corpus.trace:main", arguments)
    except EngineRefused as error:
        raise DocumentNotFound(error.message) from error
    return {"revision": revision.ref, "trace": found}


async def _is_corpus(uow: UnitOfWork, reference: str) -> bool:
    try:
        await read_manifest(uow, reference)
    except NotACorpus:
        return False
    return True
