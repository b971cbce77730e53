"""Use cases of serving: what is served under which name, to whom, and from where. Operators decide that."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import select

from ceyuan.hub import list_files, resolve
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving import repository
from ceyuan.models.serving.candidates import is_released
from ceyuan.models.serving.catalogue import find_file
from ceyuan.models.serving.errors import InvalidServedModel, LicenceNotAccepted, ModelNotServed, NameTaken
from ceyuan.models.serving.files import FileReference, local_path, require_gguf
from ceyuan.models.serving.routes import CAPABILITIES, ENGINE_CAPABILITIES, Capability, Strategy
from ceyuan.models.serving.tables import ServedModel
from ceyuan.models.serving.variants import plan_of

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}\Z")
PREPARE = "serving.prepare"


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How the embedded engine runs a model where it differs from the platform's settings; null = as there."""

    context: int | None = None
    parallel: int | None = None
    max_tokens: int | None = None
    threads: int | None = None
    chat_template: str | None = None

    def stored(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class NewServed:
    """A served model to be: see `ServedModel`. One of `upstream` (id or name), `file` and `revision` (which replicas in
    a pool run as a whole) is set; empty names default to the public one."""

    name: str
    title: str = ""
    upstream: str | None = None
    upstream_model: str = ""
    file: str | None = None
    revision: str | None = None
    engine: EngineOptions = field(default_factory=EngineOptions)
    capabilities: Sequence[Capability] = ("chat", "completions")
    price_model: str = ""
    context: int | None = None
    max_concurrency: int = 0
    label: Literal["off", "header", "field", "text"] | None = None
    visible_to: Sequence[str] | None = None
    keep_warm: bool = False
    accept_licence: bool = False


@dataclass(frozen=True, slots=True)
class _Source:
    upstream_id: str | None = None
    file: str | None = None
    revision: str | None = None
    licence: str | None = None
    ready: bool = True
    owner_org_id: str | None = None
    node: str | None = None
    released: bool = True


async def serve_model(uow: UnitOfWork, new: NewServed, *, replace_existing: bool = False) -> ServedModel:
    """Serve a model under a public name; only operators may. Audited.

    A file that is not on this machine yet is brought by a job (`serving.prepare`); meanwhile the state is `preparing`.
    A revision of the hub that was not released is a candidate: only its owner may call it. With `replace_existing` a
    model of the same name is changed to this, else `NameTaken` is raised. Raises `InvalidServedModel`, and
    `LicenceNotAccepted` for a file that must be fetched.
    """
    uow.actor.require_duty("operator")
    _check(new)
    source = await _source_of(uow, new)
    row = await repository.find_served(uow.session, new.name)
    if row is not None and not replace_existing:
        raise NameTaken((f"已有名为“{new.name}”的服务模型", f"a model is served as “{new.name}” already"))
    now = uow.clock.now()
    if row is None:
        row = ServedModel(id=new_id("served"), name=new.name, created_by=uow.actor.id, created_at=now)
        uow.session.add(row)
    row.title = new.title or new.name
    row.upstream_id, row.upstream_model = source.upstream_id, new.upstream_model or new.name
    row.file, row.revision, row.licence = source.file, source.revision, source.licence
    row.owner_org_id, row.model_node, row.released = source.owner_org_id, source.node, source.released
    row.engine = new.engine.stored()
    row.capabilities, row.price_model = sorted(set(new.capabilities)), new.price_model or new.name
    row.context = new.context or (new.engine.context if source.file else None)
    row.max_concurrency, row.label, row.keep_warm = new.max_concurrency, new.label, new.keep_warm
    row.visibility = "public" if new.visible_to is None else "listed"
    row.visible_to = sorted(set(new.visible_to or ()))
    row.state, row.fault, row.job_id, row.updated_at = "ready", None, None, now
    await uow.session.flush()
    if not source.ready:
        await _prepare(uow, row)
    await _changed(uow, "serving.serve", row)
    return row


def _check(new: NewServed) -> None:
    if not _NAME.match(new.name):
        raise InvalidServedModel(
            (f"“{new.name[:80]}”不能作为模型名", f"“{new.name[:80]}” cannot be a model's name"),
            hint=("使用字母、数字与 . _ : / -", "use letters, digits and . _ : / -"),
        )
    if [new.upstream, new.file, new.revision].count(None) != 2:
        raise InvalidServedModel(
            ("须指定上游服务或模型文件之一", "name either an upstream or a file"),
            hint=("upstream 与 file 二选一", "set one of upstream and file"),
        )
    able: Set[str] = set(CAPABILITIES) if new.file is None else ENGINE_CAPABILITIES
    unknown = set(new.capabilities) - able
    if unknown or not new.capabilities:
        raise InvalidServedModel(
            (
                f"未知的能力:{'、'.join(sorted(unknown)) or '无'}",
                f"unknown capabilities: {', '.join(sorted(unknown)) or '-'}",
            ),
            hint=(f"可选:{'、'.join(sorted(able))}", f"choose from {', '.join(sorted(able))}"),
        )


async def _source_of(uow: UnitOfWork, new: NewServed) -> _Source:
    if new.upstream is not None:
        upstream = await repository.get_upstream(uow.session, new.upstream)
        return _Source(upstream_id=upstream.id)
    if new.revision is not None:
        whole = await resolve(uow, new.revision)
        released = await is_released(uow, whole.node_id)
        return _Source(revision=whole.ref, owner_org_id=whole.org_id, node=whole.node_id, released=released)
    assert new.file is not None
    reference = FileReference.parse(new.file)
    if reference.kind == "known":
        known = find_file(reference.place)
        present = local_path(uow.platform, reference) is not None
        if not present and not new.accept_licence:
            raise LicenceNotAccepted(known.name, known.licence, known.licence_url)
        revision = f"sha256:{known.sha256}"
        return _Source(file=str(reference), revision=revision, licence=known.licence, ready=present)
    if reference.kind == "file":
        path = local_path(uow.platform, reference)
        if path is None:
            raise InvalidServedModel((f"找不到文件 {reference.place}", f"there is no file {reference.place}"))
        require_gguf(path)
        return _Source(file=str(reference))
    revision_found = await resolve(uow, reference.place)
    fixed = replace(reference, place=revision_found.ref)
    paths = {path async for path, _ in list_files(uow, fixed.place)}
    if fixed.path not in paths:
        raise InvalidServedModel(
            (f"该版本中没有文件 {fixed.path}", f"the revision has no file {fixed.path}"),
            hint=("请检查路径", "check the path"),
        )
    present = local_path(uow.platform, fixed) is not None
    return _Source(
        file=str(fixed),
        revision=revision_found.ref,
        ready=present,
        owner_org_id=revision_found.org_id,
        node=revision_found.node_id,
        released=await is_released(uow, revision_found.node_id),
    )


async def _prepare(uow: UnitOfWork, row: ServedModel) -> None:
    job = await submit(
        uow,
        PREPARE,
        {"served_id": row.id, "file": row.file},
        title=(f"准备模型 {row.name}", f"Prepare the model {row.name}"),
    )
    row.state, row.job_id = "preparing", job.id
    await uow.session.flush()


async def prepare_again(uow: UnitOfWork, reference: str) -> ServedModel:
    """Bring a model's file once more, after a failure or when it was deleted from the disk; only operators may."""
    uow.actor.require_duty("operator")
    row = await repository.get_served(uow.session, reference, lock=True)
    if row.file is None:
        raise Invalid(("该模型由上游提供,没有文件", "an upstream serves this model, it has no file"))
    await _prepare(uow, row)
    await _changed(uow, "serving.prepare", row)
    return row


async def bring_missing(platform: Platform) -> None:
    """Have files brought that this machine does not hold: it was restored from a backup, or its cache was emptied."""
    async with platform.work() as uow:
        for row in await repository.all_served(uow.session):
            if row.state != "ready" or row.file is None:
                continue
            plan = plan_of(row.routing)
            if plan is not None and plan.pool is not None:
                continue
            for file in {variant.file for variant in plan.variants} if plan is not None else {row.file}:
                reference = FileReference.parse(file)
                if reference.kind == "file" or local_path(platform, reference) is not None:
                    continue
                title = f"准备模型 {row.name}", f"Prepare the model {row.name}"
                # Once however many processes start; its end changes the row, so that a later loss is another job.
                key = f"{PREPARE}:{row.id}:{row.updated_at.isoformat()}:{sha256(file.encode()).hexdigest()[:16]}"
                await submit(uow, PREPARE, {"served_id": row.id, "file": file}, title=title, key=key)


async def finish_preparing(uow: UnitOfWork, served_id: str, file: str, fault: str | None) -> None:
    """The file is there, or cannot be had; ignored if the model runs another file by now."""
    row = await repository.get_served(uow.session, served_id, lock=True)
    if row.file != file or row.state == "disabled":
        return
    row.state, row.fault = ("failed", fault[:500]) if fault else ("ready", None)
    row.updated_at = uow.clock.now()
    await _changed(uow, "serving.prepared", row)


async def change_served(uow: UnitOfWork, reference: str, changes: dict[str, Any]) -> ServedModel:
    """Change what does not touch the source: title, price_model, visible_to, label, max_concurrency, keep_warm,
    enabled; only operators may. Audited."""
    uow.actor.require_duty("operator")
    row = await repository.get_served(uow.session, reference, lock=True)
    for name in ("title", "price_model", "max_concurrency", "keep_warm", "label"):
        if name in changes:
            setattr(row, name, changes[name])
    if "visible_to" in changes:
        listed: Sequence[str] | None = changes["visible_to"]
        row.visibility = "public" if listed is None else "listed"
        row.visible_to = sorted(set(listed or ()))
    if "enabled" in changes:
        if not changes["enabled"]:
            row.state = "disabled"
        elif row.state == "disabled":
            row.state = "ready"
    row.updated_at = uow.clock.now()
    await uow.session.flush()
    await _changed(uow, "serving.change", row)
    return row


@dataclass(frozen=True, slots=True)
class NewReplica:
    """A further upstream of a served model: its id or name, the model's name there (empty = as at the first)."""

    upstream: str
    model: str = ""
    weight: int = 1
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Routing:
    """How the calls of a model are shared between its upstreams: see `Route` and `Replica`."""

    strategy: Strategy = "weighted"
    weight: int = 1
    tier: int = 0
    retries: int = 2
    hedge_ms: int = 0
    replicas: Sequence[NewReplica] = ()


async def set_routing(uow: UnitOfWork, reference: str, routing: Routing) -> ServedModel:
    """Share a model's calls between upstreams; only operators may. Audited. Raises `Invalid` for a model that an
    engine runs, and where no upstream would get a call."""
    uow.actor.require_duty("operator")
    row = await repository.get_served(uow.session, reference, lock=True)
    if row.upstream_id is None:
        raise Invalid(
            ("嵌入式引擎运行的模型没有上游", "an embedded engine runs this model, it has no upstreams"),
            hint=("请将其作为上游服务的模型登记", "serve it from an upstream"),
        )
    if not any((routing.weight, *(replica.weight for replica in routing.replicas))):
        raise Invalid(("至少一个上游的权重须大于零", "at least one upstream needs a weight"))
    replicas = []
    for new in routing.replicas:
        upstream = await repository.get_upstream(uow.session, new.upstream)
        entry = {"upstream_id": upstream.id, "model": new.model, "weight": new.weight, "tier": new.tier}
        replicas.append(entry)
    named = {(row.upstream_id, row.upstream_model)}
    for entry in replicas:
        place = (str(entry["upstream_id"]), str(entry["model"] or row.upstream_model))
        if place in named:
            raise Invalid(("同一上游与模型只能出现一次", "an upstream's model may be named only once"))
        named.add(place)
    kept = {name: getattr(routing, name) for name in ("strategy", "weight", "tier", "retries", "hedge_ms")}
    row.routing, row.updated_at = {**kept, "replicas": replicas}, uow.clock.now()
    await uow.session.flush()
    await _changed(uow, "serving.route", row)
    return row


async def stop_serving(uow: UnitOfWork, reference: str) -> None:
    """Serve a model no longer; its file stays. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    row = await repository.get_served(uow.session, reference, lock=True)
    await uow.session.delete(row)
    await uow.session.flush()
    await _changed(uow, "serving.stop", row)


async def list_served(
    uow: UnitOfWork, paging: PageRequest, *, state: str | None = None, search: str | None = None
) -> Rows[ServedModel]:
    """Served models that the actor may see: operators all, others those open to an organisation of theirs."""
    uow.actor.require_known()
    query = select(ServedModel)
    if state is not None:
        query = query.where(ServedModel.state == state)
    if search:
        query = query.where(ServedModel.name.icontains(search, autoescape=True))
    sorts = {"name": ServedModel.name, "created_at": ServedModel.created_at}
    rows = await fetch_page(uow.session, query, paging, key=ServedModel.id, sorts=sorts, default="name")
    return Rows([row for row in rows.items if may_see(uow, row)], rows.next)


async def see_served(uow: UnitOfWork, reference: str) -> ServedModel:
    """A served model that the actor may see; raises `ModelNotServed`."""
    row = await repository.get_served(uow.session, reference)
    if not may_see(uow, row):
        raise ModelNotServed()
    return row


def may_see(uow: UnitOfWork, row: ServedModel) -> bool:
    """Whether the actor may know of a served model."""
    actor = uow.actor
    if actor.has_duty("operator"):
        return True
    if row.state == "disabled":
        return False
    if not row.released:
        return row.owner_org_id is not None and actor.may(row.owner_org_id)
    return row.visibility == "public" or any(actor.may(org) for org in row.visible_to)


async def _changed(uow: UnitOfWork, action: str, row: ServedModel) -> None:
    await uow.audit(action, row.id, None, name=row.name, state=row.state, source=row.file or row.upstream_id)
    await uow.publish("serving.changed", served_id=row.id, name=row.name, state=row.state)
