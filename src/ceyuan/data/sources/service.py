"""Use cases of sources: register, change, delete, and what the engine is told about one."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ceyuan.data.sources import repository
from ceyuan.data.sources.errors import NotConfirmed, SourceExists, SourceInvalid, SourceNotFound
from ceyuan.data.sources.places import MIRRORED, check_options, described, is_fetched, is_registered
from ceyuan.data.sources.schemas import Reading, SourceChange, SourceIn
from ceyuan.data.sources.tables import DataSource
from ceyuan.hub import grade_descendants, resolve, stricter
from ceyuan.identity import require_role_in
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork


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
    options: dict[str, Any] = field(default_factory=dict)
    origin: str = ""
    grade: str = ""

    def arguments(self, folder: Path | None = None) -> dict[str, Any]:
        """The source as the engine's entry takes it; `folder` holds the files of a dataset source."""
        engine = "package" if is_registered(self.kind, self.location) else "folder"
        known = {"key": self.key, "title": self.title, "licence": self.licence, "domain": self.domain}
        if engine == "folder":
            known["origin"] = self.origin
        reading = {name: value for name, value in self.reading.items() if value is not None}
        if reading.get("identity") != "content" or engine == "package":
            reading.pop("identity", None)
        if "mapping" in reading and not reading["mapping"].get("keyed"):  # a source is read anew where this differs
            reading["mapping"] = {name: value for name, value in reading["mapping"].items() if name != "keyed"}
        return known | {"kind": engine, "location": str(folder or self.location)} | reading

    def as_json(self) -> dict[str, Any]:
        """The same as a mapping, to be remembered by a job's step."""
        return asdict(self)


async def register_source(uow: UnitOfWork, body: SourceIn) -> DataSource:
    """Register a source. Raises `SourceExists`, `SourceInvalid`, `FolderForbidden`,
    `OrganisationNotFound`.

    A folder must lie below one of the roots that the operator allows, or the actor be an administrator: who
    registers a folder lets the whole organisation read it.
    """
    await require_role_in(uow, body.org_id, "member")
    _check_mapping(body.kind, body.location, body.reading)
    known = await described(uow, body)
    now, source_id = uow.clock.now(), new_id("src")
    row = await repository.insert(
        uow.session,
        {
            "id": source_id,
            "org_id": body.org_id,
            "key": body.key,
            "address": _address(body.org_id, body.key),
            "kind": body.kind,
            "description": body.description,
            "evidence": body.evidence,
            "owner": body.owner or None,
            "grade": body.grade or None,
            "reading": _settled(body.kind, body.location, body.reading, "content"),
            "options": body.options.model_dump() if is_fetched(body.kind, body.location) else None,
            "sealed_secret": _sealed(uow, source_id, body.secret),
            "documents": 0,
            "rejected": 0,
            "created_by": uow.actor.id,
            "creator": uow.actor.label,
            "created_at": now,
            "updated_at": now,
            **known,
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
    """Change what is given; where a source lies never changes. To grade its data lower takes a maintainer; graded
    higher, so are the datasets that were made of it."""
    row = await _editable(uow, source_id)
    if is_registered(row.kind, row.location) and (change.licence is not None or change.origin is not None):
        raise SourceInvalid(
            ("登记语料的许可与出处不可修改", "licence and origin of a registered corpus cannot be changed")
        )
    for name in ("title", "description", "domain", "licence", "origin", "evidence"):
        value = getattr(change, name)
        if value is not None:
            setattr(row, name, value)
    if change.owner is not None:
        row.owner = change.owner or None
    if change.grade is not None and change.grade != row.declared_grade:
        await _regrade(uow, row, change.grade)
    if change.reading is not None:
        _check_mapping(row.kind, row.location, change.reading)
        row.reading = _settled(row.kind, row.location, change.reading, row.read_as["identity"])
    if change.options is not None:
        check_options(uow, row.kind, row.location, change.options)  # type: ignore[arg-type]
        row.options = change.options.model_dump()
    if change.secret is not None:
        if row.kind not in MIRRORED:
            raise SourceInvalid(("该类来源不需要密钥", "a source of this kind takes no secret"))
        row.sealed_secret = _sealed(uow, row.id, change.secret)
    row.updated_at = uow.clock.now()
    await uow.audit(
        "data.source_change",
        row.id,
        row.org_id,
        **change.model_dump(mode="json", exclude_none=True, exclude={"secret"}),
    )
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
    reading = Reading.model_validate(row.read_as).model_dump()
    known = (row.id, row.key, row.kind, row.location, row.title, row.licence, row.domain)
    # Cards name the origin, and may be read by more people than may know the addresses of databases and buckets.
    origin = row.kind if row.kind in ("sql", "s3") and row.origin == row.location else row.origin
    return SourceSpec(
        *known, reading=reading, reference=reference, options=row.options or {}, origin=origin, grade=row.declared_grade
    )


async def secret_of(uow: UnitOfWork, source_id: str) -> str:
    """The password or token of a source, for the process that reads it; empty where there is none."""
    row = await get_source(uow, source_id)
    uow.actor.require_role(row.org_id, "member")
    sealed = row.sealed_secret
    return uow.platform.vault.decrypt(sealed, _context(source_id)).decode() if sealed else ""


async def mark_assessed(uow: UnitOfWork, source_id: str, found: dict[str, Any], chain: str) -> None:
    """Remember what machines found in a sample; above five per cent the source is refused from now on."""
    row = await repository.get(uow.session, source_id, lock=True)
    row.assessment = found | {"chain": chain, "at": uow.clock.now().isoformat()}
    await uow.audit("data.source_assess", row.id, row.org_id, **found)


async def mark_visited(uow: UnitOfWork, source_id: str, visit: dict[str, Any]) -> None:
    """Remember a visit to where the source lies, whether or not anything is collected of it."""
    row = await repository.get(uow.session, source_id, lock=True)
    before = row.fetched or {}
    row.fetched = _visited(visit, before.get("unreadable", {})) | {"at": uow.clock.now().isoformat()}


async def mark_collected(
    uow: UnitOfWork,
    source_id: str,
    documents: int,
    rejected: dict[str, int],
    fetched: dict[str, Any] | None = None,
) -> None:
    """Remember what the last collection brought, what could not be read by reason, and the visit to the source
    (`fetched`), with `examples` of what was set aside."""
    row = await repository.get(uow.session, source_id, lock=True)
    row.documents, row.rejected, row.collected_at = documents, sum(rejected.values()), uow.clock.now()
    row.fetched = _visited(fetched or {}, rejected) | {"at": row.collected_at.isoformat()}


async def _regrade(uow: UnitOfWork, row: DataSource, grade: str) -> None:
    before, row.grade = row.declared_grade, grade or None
    if stricter(before, grade) == before:
        uow.actor.require_role(row.org_id, "maintainer")
        datasets = []
    else:
        datasets = await grade_descendants(uow, f"source:{row.id}", row.org_id, grade)
    await uow.audit("data.source_grade", row.id, row.org_id, old=before, new=grade, datasets=datasets)


def _visited(visit: dict[str, Any], unreadable: dict[str, int]) -> dict[str, Any]:
    counts = {name: visit.get(name, 0) for name in ("fetched", "unchanged", "gone")}
    told = {"quarantined": visit.get("quarantined", {}), "robots": visit.get("robots", {})}
    told |= {"robots_rules": visit.get("robots_rules", [])}
    return counts | told | {"unreadable": unreadable, "examples": visit.get("examples", [])}


def _settled(kind: str, location: str, reading: Reading, identity: str) -> dict[str, Any]:
    """How a source is read, with ``identity`` where nothing else is asked for; a row of a database keeps its place as
    long as it lives. Raises `SourceInvalid`."""
    if kind == "sql" or is_registered(kind, location):
        if reading.identity == "content":
            raise SourceInvalid(
                (
                    "数据库的行由标识列辨认，登记语料的文档各有名称",
                    "rows of a database are known by their key column, documents of a registered corpus by their names",
                )
            )
        identity = "place"
    return reading.model_dump() | {"identity": reading.identity or identity}


def _check_mapping(kind: str, location: str, reading: Reading) -> None:
    if reading.mapping is not None and is_registered(kind, location):
        raise SourceInvalid(("登记语料的字段已知，无需映射", "the columns of a registered corpus are known"))


async def _editable(uow: UnitOfWork, source_id: str, role: Any = "member") -> DataSource:
    row = await repository.get(uow.session, source_id, lock=True)
    uow.actor.require_role(row.org_id, role)
    if row.deleted_at is not None:
        raise SourceNotFound()
    return row


def _sealed(uow: UnitOfWork, source_id: str, secret: SecretStr | None) -> bytes | None:
    value = secret.get_secret_value() if secret is not None else ""
    return uow.platform.vault.encrypt(value.encode(), _context(source_id)) if value else None


def _context(source_id: str) -> str:
    return f"data_source.secret:{source_id}"


def _address(org_id: str, key: str) -> str:
    return f"{org_id}/{key}"
