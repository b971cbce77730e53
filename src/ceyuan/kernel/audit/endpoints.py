"""The audit log over HTTP: entries, signed heads, proofs, verification, export."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse

from ceyuan.kernel.audit import service
from ceyuan.kernel.audit.errors import NotYetCovered
from ceyuan.kernel.audit.schemas import (
    ConsistencyOut,
    EntryOut,
    FaultOut,
    HeadOut,
    InclusionOut,
    KeysOut,
    VerificationOut,
)
from ceyuan.kernel.audit.service import EntryFilter
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/audit", tags=["audit"])
_Size = Annotated[int | None, Query(ge=0, description="size of the log; the newest signed head if left out")]


@router.get(
    "/entries", response_model=Page[EntryOut], responses=problems(Unauthenticated, Forbidden, NotFound, Invalid)
)
async def list_audit_entries(
    uow: ReadWork,
    paging: Paging,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    actor_id: Annotated[str | None, Query(max_length=80, description="who acted, or impersonated")] = None,
    action: Annotated[str | None, Query(max_length=80, description="one action, or all that begin so: `hub.`")] = None,
    subject: Annotated[str | None, Query(max_length=300)] = None,
    since: Annotated[datetime | None, Query(description="with time zone")] = None,
    until: Annotated[datetime | None, Query(description="with time zone; excluded")] = None,
) -> Any:
    """List entries, newest first: all for overseers, an organisation's for its owners, one's own for everybody."""
    for moment in (since, until):
        if moment is not None and moment.tzinfo is None:
            raise Invalid(("时间必须带时区", "a time needs its time zone"))
    wanted = EntryFilter(org_id, actor_id, action, subject, since, until)
    return (await service.list_entries(uow, wanted, paging)).page(EntryOut)


@router.get("/entries/{entry_id}", response_model=EntryOut, responses=problems(Unauthenticated, NotFound))
async def get_audit_entry(entry_id: str, uow: ReadWork) -> Any:
    """Show one entry."""
    return await service.get_entry(uow, entry_id)


@router.get(
    "/entries/{entry_id}/proof",
    response_model=InclusionOut,
    responses=problems(Unauthenticated, NotFound, NotYetCovered),
)
async def prove_audit_entry(entry_id: str, uow: ReadWork, size: _Size = None) -> InclusionOut:
    """Prove that an entry is in the log of a signed head."""
    proof = await service.prove_inclusion(uow, entry_id, size)
    return InclusionOut(
        entry=EntryOut.model_validate(proof.entry, from_attributes=True),
        index=proof.entry.seq,
        size=proof.size,
        leaf=proof.entry.leaf.hex(),
        path=[step.hex() for step in proof.path],
        root=proof.root.hex(),
        note=proof.note,
    )


@router.get("/consistency", response_model=ConsistencyOut, responses=problems(Unauthenticated, NotFound))
async def prove_audit_consistency(
    uow: ReadWork, first: Annotated[int, Query(ge=0, description="size of the earlier log")], second: _Size = None
) -> ConsistencyOut:
    """Prove that the log only grew between two sizes."""
    proof = await service.prove_consistency(uow, first, second)
    return ConsistencyOut(first=proof.first, second=proof.second, path=[step.hex() for step in proof.path])


@router.get("/head", response_model=HeadOut, responses=problems(Unauthenticated, NotFound))
async def get_audit_head(uow: ReadWork) -> Any:
    """The newest signed head; whoever keeps it can later prove a rewriting of the log."""
    return await service.latest_head(uow)


@router.get("/heads", response_model=Page[HeadOut], responses=problems(Unauthenticated, Invalid))
async def list_audit_heads(uow: ReadWork, paging: Paging) -> Any:
    """List signed heads, newest first."""
    return (await service.list_heads(uow, paging)).page(HeadOut)


@router.post("/heads", response_model=HeadOut, responses=problems(Unauthenticated, Forbidden))
async def sign_audit_head(uow: WriteWork) -> Any:
    """Sign a head over all entries now."""
    return await service.sign_head(uow)


@router.get("/keys", response_model=KeysOut, responses=problems(Unauthenticated))
async def get_audit_keys(platform: CurrentPlatform, actor: CurrentActor) -> KeysOut:
    """The public keys that check heads."""
    actor.require_known()
    return KeysOut(origin=platform.audit.origin, keys=platform.audit.verifier_keys(platform))


@router.get("/verify", response_model=VerificationOut, responses=problems(Unauthenticated, Forbidden))
async def verify_audit_log(uow: ReadWork) -> VerificationOut:
    """Hash every entry again and compare every signed head."""
    result = await service.verify(uow)
    fault = result.fault
    return VerificationOut(
        ok=result.ok,
        size=result.size,
        heads=result.heads,
        root=result.root,
        fault=fault
        and FaultOut(
            kind=fault.kind,
            first=fault.first,
            last=fault.last,
            entry_id=fault.entry_id,
            message_zh=fault.message[0],
            message_en=fault.message[1],
        ),
    )


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={**problems(Unauthenticated, Forbidden), 200: {"content": {"application/x-ndjson": {}}}},
)
async def export_audit_log(platform: CurrentPlatform, actor: CurrentActor) -> StreamingResponse:
    """The whole log as JSON lines, which `ceyuan audit verify --file` checks without the platform."""
    service.require_overseer(actor)
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingResponse(platform.audit.export(platform), media_type="application/x-ndjson", headers=headers)
