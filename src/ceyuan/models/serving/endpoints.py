"""Served models and upstreams over HTTP."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query
from fastapi.responses import StreamingResponse

from ceyuan.hub import tellable
from ceyuan.hub.errors import RepositoryNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving import bundle, health, service, upstreams
from ceyuan.models.serving.catalogue import KNOWN
from ceyuan.models.serving.errors import (
    InvalidServedModel,
    LicenceNotAccepted,
    ModelNotServed,
    NameTaken,
    UnknownModelFile,
    UpstreamInUse,
    UpstreamUnknown,
)
from ceyuan.models.serving.files import FileReference, local_path
from ceyuan.models.serving.schemas import (
    FileOut,
    HealthOut,
    RoutingIn,
    ServedChange,
    ServedIn,
    ServedOut,
    UpstreamChange,
    UpstreamHealthOut,
    UpstreamIn,
    UpstreamOut,
)
from ceyuan.models.serving.service import EngineOptions, NewReplica, NewServed, Routing
from ceyuan.models.serving.tables import ServedModel, Upstream
from ceyuan.models.serving.upstreams import NewUpstream

router = Router(prefix="/api/v1/models", tags=["models"])


@router.get("/served", response_model=Page[ServedOut], responses=problems(Unauthenticated, Invalid))
async def list_served_models(
    uow: ReadWork,
    paging: Paging,
    state: Annotated[str | None, Query(max_length=12, description="ready, preparing, failed, disabled")] = None,
    search: Annotated[str | None, Query(max_length=100, description="part of the name")] = None,
) -> Any:
    """List the served models that the caller may see."""
    rows = await service.list_served(uow, paging, state=state, search=search)
    named = await tellable(uow, [row.revision for row in rows.items])
    return Page[ServedOut](items=[_seen(uow, row, named) for row in rows.items], next=rows.next)


def _seen(uow: UnitOfWork, row: ServedModel, named: Set[str]) -> ServedOut:
    """The model; where its file lies, how it is run and for whom is its owners' and the operators' to know, and its
    revision theirs who may know of the repository (`named`)."""
    shown = ServedOut.model_validate(row, from_attributes=True)
    if uow.actor.has_duty("operator") or (row.owner_org_id is not None and uow.actor.may(row.owner_org_id)):
        return shown
    hidden: dict[str, Any] = {
        **{"file": None, "engine": {}, "routing": None, "visible_to": [], "fault": None, "job_id": None},
        **({} if row.revision in named else {"revision": None}),
    }
    return shown.model_copy(update=hidden)


@router.post(
    "/served",
    response_model=ServedOut,
    status_code=201,
    responses=problems(
        Unauthenticated,
        Forbidden,
        RepositoryNotFound,
        UnknownModelFile,
        UpstreamUnknown,
        NameTaken,
        LicenceNotAccepted,
        InvalidServedModel,
    ),
)
async def create_served_model(body: ServedIn, uow: WriteWork) -> Any:
    """Serve a model under a public name."""
    given = body.model_dump()
    engine = EngineOptions(**given.pop("engine"))
    return await service.serve_model(uow, NewServed(engine=engine, **given))


@router.get("/served/{served_id}", response_model=ServedOut, responses=problems(Unauthenticated, ModelNotServed))
async def get_served_model(served_id: str, uow: ReadWork) -> Any:
    """Look at a served model."""
    uow.actor.require_known()
    row = await service.see_served(uow, served_id)
    return _seen(uow, row, await tellable(uow, [row.revision]))


@router.patch(
    "/served/{served_id}",
    response_model=ServedOut,
    responses=problems(Unauthenticated, Forbidden, ModelNotServed, Invalid),
)
async def change_served_model(served_id: str, body: ServedChange, uow: WriteWork) -> Any:
    """Change a served model, or disable it."""
    return await service.change_served(uow, served_id, body.model_dump(exclude_unset=True))


@router.put(
    "/served/{served_id}/routing",
    response_model=ServedOut,
    responses=problems(Unauthenticated, Forbidden, ModelNotServed, UpstreamUnknown, Invalid),
)
async def set_served_model_routing(served_id: str, body: RoutingIn, uow: WriteWork) -> Any:
    """Share a model's calls between several upstreams."""
    given = body.model_dump()
    replicas = [NewReplica(**replica) for replica in given.pop("replicas")]
    return await service.set_routing(uow, served_id, Routing(replicas=replicas, **given))


@router.delete("/served/{served_id}", status_code=204, responses=problems(Unauthenticated, Forbidden, ModelNotServed))
async def remove_served_model(served_id: str, uow: WriteWork) -> None:
    """Serve a model no longer."""
    await service.stop_serving(uow, served_id)


@router.post(
    "/served/{served_id}/prepare",
    response_model=ServedOut,
    responses=problems(Unauthenticated, Forbidden, ModelNotServed, Invalid),
)
async def prepare_served_model(served_id: str, uow: WriteWork) -> Any:
    """Bring the model's file to this machine once more."""
    return await service.prepare_again(uow, served_id)


@router.get("/served/{served_id}/health", response_model=HealthOut, responses=problems(Unauthenticated, ModelNotServed))
async def get_served_model_health(served_id: str, uow: ReadWork) -> Any:
    """Say whether a served model can be called now."""
    uow.actor.require_known()
    found = asdict(await health.served_health(uow, served_id))
    if found["engine"] is not None and not uow.actor.has_duty("operator"):
        found["engine"] |= {"log": [], "pid": None, "last_error": None}
    return found


@router.get(
    "/served/{served_id}/bundle",
    response_class=StreamingResponse,
    responses=problems(Unauthenticated, Forbidden, ModelNotServed, InvalidServedModel)
    | {200: {"content": {"application/x-tar": {}}, "description": "one archive: manifest, licences, model"}},
)
async def get_model_bundle(served_id: str, uow: ReadWork) -> StreamingResponse:
    """Download a model as one archive that `ceyuan up --bundle` serves elsewhere, offline."""
    bundled = await bundle.pack(uow, served_id)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(bundled.filename)}",
        "Content-Length": str(bundle.size_of(bundled)),
        # Weights do not get smaller, and who saves the answer as it comes must have an archive.
        "Content-Encoding": "identity",
    }
    return StreamingResponse(bundle.stream(bundled), media_type="application/x-tar", headers=headers)


@router.get("/files", response_model=list[FileOut], responses=problems(Unauthenticated))
async def list_model_files(platform: CurrentPlatform, actor: CurrentActor) -> Any:
    """List the model files that the platform can fetch by itself."""
    actor.require_known()
    return [
        {
            "name": file.name,
            "filename": file.filename,
            "sha256": file.sha256,
            "size": file.size,
            "licence": file.licence,
            "licence_url": file.licence_url,
            "origin": file.origin,
            "memory_mb": file.memory_mb,
            "cached": local_path(platform, FileReference("known", file.name)) is not None,
        }
        for file in KNOWN.values()
    ]


def _shown(row: Upstream) -> UpstreamOut:
    return UpstreamOut(
        id=row.id,
        name=row.name,
        base_url=row.base_url,
        has_key=row.sealed_key is not None,
        headers=row.headers.get("send", {}),
        **upstreams.traits_of(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@router.get("/upstreams", response_model=Page[UpstreamOut], responses=problems(Unauthenticated, Forbidden, Invalid))
async def list_upstreams(uow: ReadWork, paging: Paging) -> Any:
    """List the upstream servers."""
    rows = await upstreams.list_upstreams(uow, paging)
    return Page[UpstreamOut](items=[_shown(row) for row in rows.items], next=rows.next)


@router.post(
    "/upstreams",
    response_model=UpstreamOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NameTaken, InvalidServedModel),
)
async def create_upstream(body: UpstreamIn, uow: WriteWork) -> Any:
    """Register an OpenAI-compatible server."""
    return _shown(await upstreams.add_upstream(uow, NewUpstream(**body.model_dump())))


@router.patch(
    "/upstreams/{upstream_id}",
    response_model=UpstreamOut,
    responses=problems(Unauthenticated, Forbidden, UpstreamUnknown, InvalidServedModel),
)
async def change_upstream(upstream_id: str, body: UpstreamChange, uow: WriteWork) -> Any:
    """Change an upstream's address, key or headers."""
    return _shown(await upstreams.change_upstream(uow, upstream_id, body.model_dump(exclude_unset=True)))


@router.delete(
    "/upstreams/{upstream_id}",
    status_code=204,
    responses=problems(Unauthenticated, Forbidden, UpstreamUnknown, UpstreamInUse),
)
async def remove_upstream(upstream_id: str, uow: WriteWork) -> None:
    """Forget an upstream that serves nothing."""
    await upstreams.remove_upstream(uow, upstream_id)


@router.get(
    "/upstreams/{upstream_id}/health",
    response_model=UpstreamHealthOut,
    responses=problems(Unauthenticated, Forbidden, UpstreamUnknown),
)
async def get_upstream_health(upstream_id: str, uow: ReadWork) -> Any:
    """Ask an upstream for its models."""
    return await health.upstream_health(uow, upstream_id)
