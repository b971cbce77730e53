"""The job that looks at new revisions: every file gets its verdict, every licence its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import or_, select

from ceyuan.hub.browsing.service import View, open_repository
from ceyuan.hub.errors import RevisionNotFound
from ceyuan.hub.inspection.tables import HubInspection
from ceyuan.hub.licences import conflicts, detect
from ceyuan.hub.naming import Reference
from ceyuan.hub.repositories.cards import labels_of
from ceyuan.hub.repositories.service import find_by_reference
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.safety.service import judge
from ceyuan.hub.scanning import VERSION
from ceyuan.hub.trees import File, walk
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.jobs import JobContext, job, submit
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.upserts import upsert
from ceyuan.kernel.work import UnitOfWork

EVERY_S = 60.0
_BATCH = 20
_MOST_FILES = 20_000
_MOST_FINDINGS = 50
_LICENCE_BYTES = 256 * 1024
_NAMES = ("license", "licence", "copying", "copyright", "notice", "许可")


async def plan_inspections(platform: Platform) -> None:
    """Submit a job for repositories whose head nobody has looked at yet."""
    async with platform.work(SYSTEM, write=False) as uow:
        rows = await uow.session.execute(
            select(HubRepository.id, HubRepository.head_commit)
            .outerjoin(HubInspection, HubInspection.repository_id == HubRepository.id)
            .where(
                HubRepository.deleted_at.is_(None),
                HubRepository.head_files > 0,
                or_(
                    HubInspection.commit_id.is_(None),
                    HubInspection.commit_id != HubRepository.head_commit,
                    HubInspection.version != VERSION,
                ),
            )
            .order_by(HubRepository.updated_at)
            .limit(_BATCH)
        )
        waiting = [[row_id, commit] for row_id, commit in rows]
    if waiting:
        async with platform.work(SYSTEM) as uow:
            key = f"hub.inspect/{VERSION}/{waiting[0][0]}/{waiting[0][1]}/{len(waiting)}"
            await submit(uow, "hub.inspect", {"revisions": waiting}, key=key)


@job("hub.inspect", title=("检查新版本", "Look at new revisions"))
async def inspect_revisions(ctx: JobContext, params: dict[str, Any]) -> dict[str, Any]:
    """Scan every file of each revision and keep what was found."""
    done = 0
    for row_id, commit in params["revisions"]:
        try:
            await inspect(ctx.platform, row_id, commit)
        except CeyuanError as error:
            # One repository whose content is damaged must not keep the others waiting.
            ctx.log(f"{row_id} at {commit}: {error.message[1]}", zh=f"{row_id}（{commit}）：{error.message[0]}")
            await _keep(ctx.platform, row_id, commit, {})
        done += 1
        ctx.progress(done / len(params["revisions"]))
    return {"revisions": done}


async def inspect(platform: Platform, repository_id: str, commit: str) -> None:
    """Look at one revision and keep what was found; nothing if it is gone or the branch has moved on."""
    async with platform.work(SYSTEM, write=False) as uow:
        row = await uow.session.get(HubRepository, repository_id)
        if row is None or row.deleted_at is not None or row.head_commit != commit:
            return
        try:
            view = await open_repository(uow, row, commit)
        except RevisionNotFound:
            return
        files = await _files(view)
        origins = await _origins(uow, row)
    counted: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    licences = [{"path": path, "licence": name, "how": "declared"} for path, name in _declared(row)]
    for path, file in files:
        verdict = await judge(platform, path, file)
        counted[verdict.verdict] += 1
        findings += [{**finding, "path": path} for finding in verdict.findings]
        if _names_licence(path) and file.size <= _LICENCE_BYTES:
            named = detect((await platform.blobs.read(file.sha256)).decode("utf-8", "replace"))
            if named is not None:
                licences.append({"path": path, "licence": named, "how": "text"})
    order = {"unsafe": 0, "caution": 1, "note": 2}
    findings.sort(key=lambda finding: (order[finding["weight"]], finding["path"]))
    own = next((entry["licence"] for entry in licences), "")
    sources = [(entry["path"], entry["licence"]) for entry in licences[1:]] + origins
    licences += [{"path": origin, "licence": name, "how": "input"} for origin, name in origins]
    made = {
        "verdicts": dict(counted),
        "findings": findings[:_MOST_FINDINGS],
        "licences": licences,
        "conflicts": [asdict(conflict) for conflict in conflicts(own, sources)] if own else [],
    }
    await _keep(platform, repository_id, commit, made)


async def _keep(platform: Platform, repository_id: str, commit: str, made: Mapping[str, Any]) -> None:
    """Note what was found; nothing where the repository could not be read."""
    values: dict[str, Any] = {
        **{"repository_id": repository_id, "commit_id": commit, "version": VERSION},
        **{"verdicts": {}, "findings": [], "licences": [], "conflicts": []},
        **made,
    }
    async with platform.work(SYSTEM) as uow:
        values["inspected_at"] = uow.clock.now()
        update = [name for name in values if name != "repository_id"]
        await uow.session.execute(upsert(uow.session, HubInspection, values, key=["repository_id"], update=update))


async def _files(view: View) -> list[tuple[str, File]]:
    found: list[tuple[str, File]] = []
    async for path, file in walk(view.trees, view.root):
        found.append((path, file))
        if len(found) == _MOST_FILES:
            break
    return found


def _declared(row: HubRepository) -> Iterable[tuple[str, str]]:
    return (("README.md", name) for name in labels_of(row.declared, row.card).licence)


def _names_licence(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return "/" not in path and name.startswith(_NAMES)


async def _origins(uow: UnitOfWork, row: HubRepository) -> list[tuple[str, str]]:
    """The licences of the models and datasets here that the card says this one was made of."""
    named = [
        (kind, value) for key, kind in (("base_model", "model"), ("datasets", "dataset")) for value in _texts(row, key)
    ]
    found: list[tuple[str, str]] = []
    for kind, name in named[:50]:
        owner, slash, own = name.partition("/")
        if not slash:
            continue
        try:
            there = await find_by_reference(uow, Reference.parse(f"{kind}s/{owner}/{own}"))
        except CeyuanError:
            continue
        if there.id != row.id and (there.org_id == row.org_id or there.visibility == "public"):
            found += [(name, licence) for licence in labels_of(there.declared, there.card).licence]
    return found


def _texts(row: HubRepository, key: str) -> list[str]:
    value = row.card.get(key)
    return (
        [value]
        if isinstance(value, str)
        else [v for v in value if isinstance(v, str)]
        if isinstance(value, list)
        else []
    )
