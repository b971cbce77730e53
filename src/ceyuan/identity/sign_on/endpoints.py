"""Routes of single sign-on."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from ceyuan.identity.errors import OwnHandsOnly, SignOnFailed
from ceyuan.identity.origin import public_address
from ceyuan.identity.sessions import cookies
from ceyuan.identity.sessions.browser import hand_over, where_from
from ceyuan.identity.sign_on import providers, repository
from ceyuan.identity.sign_on import service as signing_on
from ceyuan.identity.sign_on.service import COOKIE, COOKIE_SECONDS, SignOn
from ceyuan.kernel.errors import CeyuanError, Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import CurrentActor, CurrentPlatform, Paging, ReadWork, WriteWork, problems

logger = logging.getLogger(__name__)
router = Router(prefix="/api/v1", tags=["sign-on"])
_STAFF = problems(Unauthenticated, Forbidden, NotFound, Conflict, Invalid)
ProviderName = Annotated[str, Field(min_length=2, max_length=39, pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
Issuer = Annotated[str, Field(max_length=300, pattern=r"^https?://[^\s?#]+$")]


class ProviderIn(BaseModel, extra="forbid"):
    """An identity provider to be trusted."""

    name: ProviderName
    title_zh: str = Field(min_length=1, max_length=80)
    title_en: str = Field(min_length=1, max_length=80)
    issuer: Issuer = Field(description="exactly as its metadata says")
    client_id: str = Field(min_length=1, max_length=200)
    client_secret: str = Field("", max_length=500, description="empty for a public client")
    scope: str = Field("openid profile email", max_length=200)
    name_claim: str = Field("preferred_username", max_length=60, description="claim that user names are made from")
    auto_create: bool = Field(False, description="make an account for a stranger")
    trusts_email: bool = Field(False, description="its email_verified counts here")
    email_domains: list[Annotated[str, Field(max_length=253)]] = Field([], max_length=100)
    is_on: bool = True


class ProviderChange(BaseModel, extra="forbid"):
    """What to change of a provider."""

    title_zh: str | None = Field(None, min_length=1, max_length=80)
    title_en: str | None = Field(None, min_length=1, max_length=80)
    issuer: Issuer | None = None
    client_id: str | None = Field(None, min_length=1, max_length=200)
    client_secret: str | None = Field(None, max_length=500, description="empty = remove, null = keep")
    scope: str | None = Field(None, max_length=200)
    name_claim: str | None = Field(None, max_length=60)
    auto_create: bool | None = None
    trusts_email: bool | None = None
    email_domains: list[Annotated[str, Field(max_length=253)]] | None = Field(None, max_length=100)
    is_on: bool | None = None


class ProviderOut(BaseModel):
    """A trusted provider; its client secret is never shown."""

    id: str
    name: str
    title_zh: str
    title_en: str
    issuer: str
    client_id: str
    scope: str
    name_claim: str
    auto_create: bool
    trusts_email: bool
    email_domains: list[str]
    is_on: bool
    created_at: datetime


class LinkedAccountOut(BaseModel):
    """One's account at a provider."""

    id: str
    provider: str
    title_zh: str
    title_en: str
    label: str
    created_at: datetime


def _redirect_uri(platform: Platform, request: Request, name: str) -> str:
    address = public_address(platform)
    origin = address.origin if address else str(request.base_url).rstrip("/")
    return f"{origin}/api/v1/auth/sign-on/{name}/callback"


class SignOnStart(BaseModel):
    """Where to send the browser next."""

    url: str


@router.get(
    "/auth/sign-on/{provider}",
    status_code=303,
    response_class=RedirectResponse,
    responses=problems(NotFound, SignOnFailed),
)
async def begin_sign_on(
    provider: str,
    platform: CurrentPlatform,
    request: Request,
    return_to: Annotated[str | None, Query(max_length=500, description="path of the console to come back to")] = None,
) -> Response:
    """Send the browser to the identity provider."""
    (sign_on,) = platform.find(SignOn)
    redirect_uri = _redirect_uri(platform, request, provider)
    url, cookie = await sign_on.begin(provider, redirect_uri=redirect_uri, return_to=return_to)
    response = RedirectResponse(url, 303)
    cookies.put(platform, request, response, COOKIE, cookie, seconds=COOKIE_SECONDS)
    return response


@router.get("/auth/sign-on/{provider}/callback", status_code=303, response_class=RedirectResponse)
async def finish_sign_on(
    provider: str,
    platform: CurrentPlatform,
    actor: CurrentActor,
    request: Request,
    code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Take the browser back from the identity provider; a fault leads to the sign-in page with its code."""
    (sign_on,) = platform.find(SignOn)
    try:
        flow = sign_on.read_cookie(cookies.read(platform, request, COOKIE), provider, state)
        if error or not code:
            raise SignOnFailed(("身份提供方取消了登录", "the provider ended the sign-on"))
        opened = await sign_on.finish(
            flow,
            code,
            redirect_uri=_redirect_uri(platform, request, provider),
            actor=actor,
            **where_from(request),
        )
    except CeyuanError as problem:
        logger.info("single sign-on by %s failed: %s", provider, problem.line())
        response = RedirectResponse(f"/console/login?problem={quote(problem.code)}", 303)
    else:
        response = RedirectResponse(flow.return_to, 303)
        if opened is not None:
            hand_over(platform, request, response, opened)
    cookies.drop(platform, request, response, COOKIE)
    return response


@router.post(
    "/me/sign-on/{provider}",
    response_model=SignOnStart,
    responses=problems(Unauthenticated, OwnHandsOnly, NotFound, SignOnFailed),
)
async def link_sign_on(
    provider: str, actor: CurrentActor, platform: CurrentPlatform, request: Request, response: Response
) -> SignOnStart:
    """Begin to link one's account at a provider; answers where to send the browser."""
    (sign_on,) = platform.find(SignOn)
    url, cookie = await sign_on.begin(
        provider,
        redirect_uri=_redirect_uri(platform, request, provider),
        return_to="/console/settings/sessions",
        linking=actor,
    )
    cookies.put(platform, request, response, COOKIE, cookie, seconds=COOKIE_SECONDS)
    return SignOnStart(url=url)


@router.get("/me/sign-on", response_model=list[LinkedAccountOut], responses=problems(Unauthenticated))
async def list_linked_accounts(uow: ReadWork) -> Any:
    """List one's accounts at identity providers."""
    uow.actor.require_known()
    return [
        LinkedAccountOut(
            id=a.id, provider=p.name, title_zh=p.title_zh, title_en=p.title_en, label=a.label, created_at=a.created_at
        )
        for a, p in await repository.accounts_of(uow.session, uow.actor.id)
    ]


@router.delete(
    "/me/sign-on/{account_id}", status_code=204, responses=problems(Unauthenticated, OwnHandsOnly, NotFound, Conflict)
)
async def unlink_sign_on(account_id: str, uow: WriteWork) -> None:
    """Unlink one's account at a provider."""
    await signing_on.unlink(uow, account_id)


@router.get("/admin/sign-on-providers", response_model=Page[ProviderOut], responses=_STAFF)
async def list_sign_on_providers(uow: ReadWork, paging: Paging) -> Any:
    """List the identity providers (administrators)."""
    return (await providers.list_providers(uow, paging)).page(ProviderOut)


@router.post("/admin/sign-on-providers", response_model=ProviderOut, status_code=201, responses=_STAFF)
async def create_sign_on_provider(body: ProviderIn, uow: WriteWork) -> Any:
    """Trust an identity provider (administrators)."""
    return await providers.create_provider(uow, body.model_dump())


@router.patch("/admin/sign-on-providers/{provider}", response_model=ProviderOut, responses=_STAFF)
async def change_sign_on_provider(provider: str, body: ProviderChange, uow: WriteWork) -> Any:
    """Change an identity provider (administrators)."""
    return await providers.change_provider(uow, provider, body.model_dump(exclude_none=True))


@router.delete("/admin/sign-on-providers/{provider}", status_code=204, responses=_STAFF)
async def delete_sign_on_provider(provider: str, uow: WriteWork) -> None:
    """Trust an identity provider no more (administrators)."""
    await providers.delete_provider(uow, provider)
