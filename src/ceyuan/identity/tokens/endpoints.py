"""Routes of tokens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.identity.access.scopes import describe_scopes
from ceyuan.identity.tokens import service
from ceyuan.identity.tokens.schemas import ScopeOut, ServiceTokenIn, TokenIn, TokenIssued, TokenOut
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentPlatform, Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1", tags=["tokens"])
Usable = Annotated[bool, Query(description="leave out expired and revoked ones")]


@router.get("/tokens/scopes", response_model=list[ScopeOut])
async def list_token_scopes(platform: CurrentPlatform) -> list[dict[str, str]]:
    """Scopes that a token can have."""
    return [{"name": n, "title_zh": t[0], "title_en": t[1]} for n, t in describe_scopes(platform)]


@router.get("/tokens", response_model=Page[TokenOut], responses=problems(Unauthenticated, Invalid))
async def list_tokens(uow: ReadWork, paging: Paging, usable: Usable = True) -> Any:
    """List one's own tokens."""
    return (await service.list_personal(uow, paging, usable=usable)).page(TokenOut)


@router.post(
    "/tokens",
    response_model=TokenIssued,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, Conflict, Invalid, NotFound),
)
async def create_token(body: TokenIn, uow: WriteWork) -> service.Issued:
    """Make a personal token; its secret is in this answer and nowhere else."""
    return await service.issue_personal(uow, **body.model_dump())


@router.delete("/tokens/{token_id}", status_code=204, responses=problems(Unauthenticated, NotFound))
async def revoke_token(token_id: str, uow: WriteWork) -> None:
    """Revoke one of one's own tokens at once."""
    await service.revoke(uow, token_id)


@router.get(
    "/organisations/{organisation}/tokens",
    response_model=Page[TokenOut],
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def list_service_tokens(organisation: str, uow: ReadWork, paging: Paging, usable: Usable = True) -> Any:
    """List an organisation's service tokens."""
    return (await service.list_service(uow, organisation, paging, usable=usable)).page(TokenOut)


@router.post(
    "/organisations/{organisation}/tokens",
    response_model=TokenIssued,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def create_service_token(organisation: str, body: ServiceTokenIn, uow: WriteWork) -> service.Issued:
    """Make a service token of an organisation; its secret is in this answer and nowhere else."""
    return await service.issue_service(uow, organisation, **body.model_dump())


@router.delete(
    "/organisations/{organisation}/tokens/{token_id}",
    status_code=204,
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def revoke_service_token(organisation: str, token_id: str, uow: WriteWork) -> None:
    """Revoke a service token at once."""
    await service.revoke(uow, token_id, organisation=organisation)
