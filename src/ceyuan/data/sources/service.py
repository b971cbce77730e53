"""Use cases of sources: register, change, delete, and what the engine is told about one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ceyuan.data.sources import repository
from ceyuan.data.sources.errors import FolderForbidden, NotConfirmed, SourceExists, SourceInvalid, SourceNotFound
from ceyuan.data.sources.schemas import Reading, SourceChange, SourceIn
from ceyuan.data.sources.settings import DataSettings
from ceyuan.data.sources.tables import DataSource
from ceyuan.hub import resolve
from ceyuan.kernel.errors import MissingExtra
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from ceyuan.data.collection import Corpus

UNSTATED = "LicenseRef-unstated"
"""What stands for a licence that nobody stated."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What the collection engine is told about a source; `reference` is the hub revision of a dataset source."""

    id: str
    key: str
    kind: str
    location: str
    title: str
    licence: str
    domain: str
    reading: dict[str, Any]
    reference: str | None

    def arguments(self, folder: Path | None = None) -> dict[str, Any]:
        """The source as the engine's entry takes it; `folder` holds the files of a dataset source."""
        engine = "package" if self.kind == "package" else "folder"
        known = {"key": self.key, "title": self.title, "licence": self.licence, "domain": self.domain}
        return known | {"kind": engine, "location": str(folder or self.location)} | self.reading

    def as_json(self) -> dict[str, Any]:
        """The same as a mapping, to be remembered by a job's step."""
        return asdict(self)


def registered_corpora() -> dict[str, Corpus]:
    """The corpora of package registries; raises `MissingExtra` where the engines are not installed."""
    try:
        from ceyuan.data.collection import CORPORA
    except ImportError as error:
        raise MissingExtra("standard", ("数据采集", "collecting data")) from error
    return CORPORA


async def register_source(uow: UnitOfWork, body: SourceIn) -> DataSource:
    """Register a source. Raises `SourceExists`, `SourceInvalid`, `FolderForbidden`.

    A folder must lie below one of the roots that the operator allows, or the actor be an administrator: who
    registers a folder lets the whole organisation read it.
    """
    uow.actor.require_role(body.org_id, "member")
    described = await _described(uow, body)
    now = uow.clock.now()
    row = await repository.insert(
        uow.session,
        {
            "id": new_id("src"),
            "org_id": body.org_id,
            "key": body.key,
            "address": _address(body.org_id, body.key),
            "kind": body.kind,
            "description": body.description,
            "evidence": body.evidence,
            "reading": body.reading.model_dump(),
            "documents": 0,
            "rejected": 0,
            "created_by": uow.actor.id,
            "creator": uow.actor.label,
            "created_at": now,
            "updated_at": now,
            **described,
        },
    )
    if row is None:
        raise SourceExists(
            (f"来源“{body.key}”已存在", f"the source “{body.key}” exists"),
            hint=("请换一个名称,或修改已有来源", "choose another name, or change the source that exists"),
        )
    await uow.audit("data.source_register", row.id, row.org_id, key=row.key, kind=row.kind, origin=row.origin)
    await uow.publish("data.source_registered", source_id=row.id, org_id=row.org_id)
    return row


async def ensure_source(uow: UnitOfWork, body: SourceIn) -> DataSource:
    """The organisation's source of this key, registered now if it is not yet; raises what `register_source` raises,
    and `SourceExists` where the key stands for another location."""
    uow.actor.require_role(body.org_id, "member")
    known = await repository.by_address(uow.session, _address(body.org_id, body.key))
    if known is None:
        return await register_source(uow, body)
    if (known.kind, known.location) != (body.kind, body.location):
        raise SourceExists((f"来源“{body.key}”已指向 {known.location}", f"“{body.key}” stands for {known.location}"))
    return known


async def get_source(uow: UnitOfWork, source_id: str) -> DataSource:
    """The source; raises `SourceNotFound` for outsiders too."""
    row = await repository.get(uow.session, source_id)
    uow.actor.require_known()
    if not uow.actor.may(row.org_id):
        raise SourceNotFound()
    return row


async def change_source(uow: UnitOfWork, source_id: str, change: SourceChange) -> DataSource:
    """Change what is given; where a source lies never changes."""
    row = await _editable(uow, source_id)
    if row.kind == "package" and (change.licence is not None or change.origin is not None):
        raise SourceInvalid(
            ("登记语料的许可与出处不可修改", "licence and origin of a registered corpus cannot be changed")
        )
    for name in ("title", "description", "domain", "licence", "origin", "evidence"):
        value = getattr(change, name)
        if value is not None:
            setattr(row, name, value)
    if change.reading is not None:
        row.reading = change.reading.model_dump()
    row.updated_at = uow.clock.now()
    await uow.audit("data.source_change", row.id, row.org_id, **change.model_dump(exclude_none=True))
    return row


async def delete_source(uow: UnitOfWork, source_id: str, confirm: str) -> None:
    """Take a source out of the list; `confirm` must repeat its key. What was made from it stays, with its lineage.

    Raises `NotConfirmed`.
    """
    row = await _editable(uow, source_id, "maintainer")
    if confirm != row.key:
        raise NotConfirmed(
            (f"请以 confirm={row.key} 确认删除", f"confirm the deletion with confirm={row.key}"),
            hint=("已生成的数据集不受影响", "datasets made from it are not touched"),
        )
    row.address, row.deleted_at = None, uow.clock.now()
    await uow.audit("data.source_delete", row.id, row.org_id, key=row.key)
    await uow.publish("data.source_deleted", source_id=row.id, org_id=row.org_id)


async def specification(uow: UnitOfWork, source_id: str) -> SourceSpec:
    """What the engine is told; a dataset source is fixed to the revision that it names now."""
    row = await get_source(uow, source_id)
    if row.deleted_at is not None:
        raise SourceNotFound()
    reference = (await resolve(uow, row.location)).ref if row.kind == "dataset" else None
    reading = Reading.model_validate(row.reading).model_dump()
    known = (row.id, row.key, row.kind, row.location, row.title, row.licence, row.domain)
    return SourceSpec(*known, reading=reading, reference=reference)


async def mark_assessed(uow: UnitOfWork, source_id: str, found: dict[str, Any], chain: str) -> None:
    """Remember what machines found in a sample; above five per cent the source is refused from now on."""
    row = await repository.get(uow.session, source_id, lock=True)
    row.assessment = found | {"chain": chain, "at": uow.clock.now().isoformat()}
    await uow.audit("data.source_assess", row.id, row.org_id, **found)


async def mark_collected(uow: UnitOfWork, source_id: str, documents: int, rejected: int) -> None:
    """Remember what the last collection brought."""
    row = await repository.get(uow.session, source_id, lock=True)
    row.documents, row.rejected, row.collected_at = documents, rejected, uow.clock.now()


async def _editable(uow: UnitOfWork, source_id: str, role: Any = "member") -> DataSource:
    row = await repository.get(uow.session, source_id, lock=True)
    uow.actor.require_role(row.org_id, role)
    if row.deleted_at is not None:
        raise SourceNotFound()
    return row


async def _described(uow: UnitOfWork, body: SourceIn) -> dict[str, Any]:
    """Location, title, domain, licence and origin, checked and completed."""
    if body.kind == "package":
        return _of_corpus(body)
    location = body.location
    if body.kind == "folder":
        location = str(_allowed_folder(uow, body.location))
        origin = body.origin or "folder"
    elif body.kind == "web":
        location = _web_address(body.location)
        origin = body.origin or location
    else:
        revision = await resolve(uow, body.location)
        if revision.kind != "dataset":
            raise SourceInvalid((f"“{body.location}”不是数据集", f"“{body.location}” is not a dataset"))
        origin = body.origin or revision.label
    known = {"title": body.title or body.key, "domain": body.domain or "general"}
    return known | {"location": location, "licence": body.licence or UNSTATED, "origin": origin}


def _of_corpus(body: SourceIn) -> dict[str, Any]:
    corpora = registered_corpora()
    corpus = corpora.get(body.location)
    if corpus is None:
        raise SourceInvalid(
            (f"没有登记的语料“{body.location}”", f"no corpus “{body.location}” is registered"),
            hint=(f"可用:{'、'.join(corpora)}", f"choose one of: {', '.join(corpora)}"),
        )
    return {
        "location": corpus.key,
        "title": body.title or corpus.title_zh,
        "domain": corpus.domain,
        "licence": corpus.licence,
        "origin": corpus.package.purl,
    }


def _web_address(location: str) -> str:
    parts = urlsplit(location)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
        raise SourceInvalid(
            ("网址须以 http(s):// 开头,不含用户名与片段", "write an http(s) address without user or fragment"),
            hint=("例如 https://www.example.org/zh/", "for example https://www.example.org/zh/"),
        )
    return location


def _allowed_folder(uow: UnitOfWork, location: str) -> Path:
    path = Path(location)
    if not path.is_absolute():
        raise SourceInvalid(
            ("文件夹须写绝对路径", "write the folder's absolute path"),
            hint=("路径指平台所在的机器", "the path is on the platform's machine"),
        )
    path = path.resolve()
    roots = [root.resolve() for root in uow.platform.section(DataSettings).source_roots]
    if not (uow.actor.has_duty("operator") or any(path.is_relative_to(root) for root in roots)):
        raise FolderForbidden(
            (f"您不能登记文件夹 {path}", f"you may not register the folder {path}"),
            hint=(
                "请把文件上传为数据集,或请运维在 CEYUAN_DATA_SOURCE_ROOTS 中放行",
                "upload the files as a dataset, or ask the operator to allow it in CEYUAN_DATA_SOURCE_ROOTS",
            ),
        )
    return path


def _address(org_id: str, key: str) -> str:
    return f"{org_id}/{key}"
