"""What route functions declare: the unit of work, the page request, and errors as problem documents."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DataError, StatementError
from starlette.exceptions import HTTPException

from ceyuan.faults import words_zh
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import CeyuanError, Invalid, Language, NotFound
from ceyuan.kernel.pages import PageRequest, page_request
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.reach import holds_extremes
from ceyuan.kernel.work import UnitOfWork

logger = logging.getLogger(__name__)


class Problem(BaseModel):
    """An error as RFC 9457 describes it, with our `code` and `hint`."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str | None = None


# The schema is named, not given as a model: FastAPI would build a validator for each status of each route.
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problems(*errors: type[CeyuanError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may raise these errors."""
    by_status: dict[int, list[str]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(f"`{error.code}`: {error.title[1]}")
    return {status: {"description": "; ".join(lines), "content": _PROBLEM} for status, lines in by_status.items()}


def language_of(request: Request) -> Language:
    """The language the client prefers: `Accept-Language`, English unless Chinese comes first."""
    preferred = request.headers.get("accept-language", "").split(",")[0].strip().lower()
    return "zh" if preferred.startswith("zh") else "en"


# A dependency that is not async would go through a thread for every request.
async def get_platform(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform


async def get_actor(request: Request, platform: Annotated[Platform, Depends(get_platform)]) -> Actor:
    """Who sends the request; resolved once."""
    if not hasattr(request.state, "actor"):
        request.state.actor = await platform.authenticate(platform, request)
    actor: Actor = request.state.actor
    return actor


async def _write_work(
    platform: Annotated[Platform, Depends(get_platform)], actor: Annotated[Actor, Depends(get_actor)]
) -> AsyncIterator[UnitOfWork]:
    async with platform.work(actor, write=True) as uow:
        yield uow


async def _read_work(
    platform: Annotated[Platform, Depends(get_platform)], actor: Annotated[Actor, Depends(get_actor)]
) -> AsyncIterator[UnitOfWork]:
    async with platform.work(actor, write=False) as uow:
        yield uow


# scope="function": the transaction is committed before the response leaves, so that "200" means "kept".
WriteWork = Annotated[UnitOfWork, Depends(_write_work, scope="function")]
ReadWork = Annotated[UnitOfWork, Depends(_read_work, scope="function")]
CurrentActor = Annotated[Actor, Depends(get_actor)]
CurrentPlatform = Annotated[Platform, Depends(get_platform)]
Paging = Annotated[PageRequest, Depends(page_request)]


def problem_response(error: CeyuanError, language: Language) -> Response:
    headers = {"Content-Language": "zh-CN" if language == "zh" else "en"}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in error.fields:
        headers["Retry-After"] = str(error.fields["retry_after_s"])
    body = orjson.dumps(error.problem(language), default=str)
    return Response(body, error.status, headers, media_type="application/problem+json")


def _field_path(location: tuple[int | str, ...]) -> str:
    # Only the first part says where it stands: a field itself may be called `path`.
    inside = location[1:] if location[:1] and location[0] in ("body", "query", "path", "header", "cookie") else location
    return ".".join(map(str, inside))


def install_error_handlers(app: FastAPI) -> None:
    """Turn every exception into a problem document; unknown ones say nothing of their inside."""

    @app.exception_handler(CeyuanError)
    async def _known(request: Request, error: CeyuanError) -> Response:
        return problem_response(error, language_of(request))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [{"field": _field_path(e["loc"]), "message": e["msg"]} for e in error.errors()]
        first = faults[0] if faults else {"field": "", "message": "invalid"}
        words = [(f["field"] or "body", words_zh(e)) for f, e in zip(faults[:5], error.errors(), strict=False)]
        told = ";".join(f"{name} {what}".rstrip() for name, what in words)
        problem = Invalid(
            (f"请求内容有误:{told}", f"{first['field'] or 'body'}: {first['message']}"),
            hint=("请对照接口文档修改这些字段", "correct these fields; the API reference describes them"),
            errors=faults[:50],
        )
        return problem_response(problem, language_of(request))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        problem: CeyuanError = NotFound() if error.status_code == 404 else CeyuanError((str(error.detail),) * 2)
        if error.status_code != 404:
            problem.status = error.status_code  # type: ignore[misc]
            problem.code = "http_error"  # type: ignore[misc]
            problem.title = (str(error.detail),) * 2  # type: ignore[misc]
        response = problem_response(problem, language_of(request))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        return response

    @app.exception_handler(StatementError)
    async def _unstorable(request: Request, error: StatementError) -> Response:
        # What passed the route's model and no column can hold: the year 9999 in another zone, NUL on PostgreSQL.
        if not isinstance(error, DataError) and not isinstance(error.orig, OverflowError | UnicodeError):
            raise error
        return _beyond(request, error)

    @app.exception_handler(OverflowError)
    async def _overflown(request: Request, error: OverflowError) -> Response:
        if await holds_extremes(request):
            return _beyond(request, error)
        return await _unknown(request, error)

    def _beyond(request: Request, error: Exception) -> Response:
        logger.warning("%s %s: a value is out of reach", request.method, request.url.path, exc_info=error)
        problem = Invalid(
            ("请求中有超出可处理范围的值", "the request holds a value that is out of reach"),
            hint=(
                "请检查过大的数字、过远的日期与控制字符",
                "look for numbers that are too large, dates that are too far away and control characters",
            ),
        )
        return problem_response(problem, language_of(request))

    @app.exception_handler(Exception)
    async def _unknown(request: Request, error: Exception) -> Response:
        logger.error("unhandled error on %s %s", request.method, request.url.path, exc_info=error)
        problem = CeyuanError(
            ("平台内部错误,已记入日志", "something went wrong inside the platform; it was logged"),
            hint=("请重试;若仍失败请联系运维", "try again; if it fails again, tell the operator"),
        )
        return problem_response(problem, language_of(request))
