"""One request of the protocol: who asks for what, with a body that is checked before anybody believes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs, quote

import orjson
from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ValidationError

from ceyuan.hub.lean import Receive, chunks_of, whole_body
from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories.access import not_found
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import CeyuanError, Invalid
from ceyuan.kernel.pages import PageRequest
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

MAX_JSON = 8 * 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)
_KINDS: dict[str, Kind] = {"model": "model", "models": "model", "dataset": "dataset", "datasets": "dataset"}


class BadRequest(CeyuanError):
    """The request breaks the protocol: what its clients call a bad request."""

    status = 400
    code = "bad_request"
    title = ("请求有误", "Bad request")


def _refuse_nul(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("NUL is not allowed")
    return value


Words = Annotated[str, BeforeValidator(_refuse_nul)]
"""Text that every database can hold."""


@dataclass(slots=True)
class Call:
    """A request with its path's parameters and its actor."""

    platform: Platform
    request: Request
    receive: Receive
    actor: Actor
    parameters: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    @property
    def base(self) -> str:
        """The address under which the client reached us, without a slash at the end."""
        return str(self.request.base_url).rstrip("/")

    def query(self, name: str) -> str | None:
        """A query parameter; the first if it is repeated."""
        return self.request.query_params.get(name)

    def queries(self, name: str) -> list[str]:
        """All values of a query parameter, also where a client writes several with commas."""
        return [part for value in self.request.query_params.getlist(name) for part in value.split(",") if part]

    def flag(self, name: str) -> bool:
        """Whether a query parameter says yes."""
        return (self.query(name) or "").lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`; more is cut. Raises `BadRequest`."""
        text = self.query(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
            raise BadRequest((f"参数 {name} 应为正整数", f"{name} must be a whole number above zero"))
        return min(int(text), most)

    def paging(self, default: int, most: int, *, sort: str | None = None) -> PageRequest:
        """The page that is asked for by `limit` and `cursor`."""
        return PageRequest(self.number("limit", default, most), self.query("cursor"), sort)

    def next_link(self, cursor: str | None) -> dict[str, str]:
        """The header that leads to the next page, if there is one."""
        if cursor is None:
            return {}
        url = self.request.url.include_query_params(cursor=cursor)
        return {"link": f'<{url}>; rel="next"'}

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return chunks_of(self.receive)

    async def model(self, kind: type[Model]) -> Model:
        """The JSON body, checked; raises `BadRequest`."""
        raw = await whole_body(self.receive, MAX_JSON)
        try:
            return kind.model_validate(orjson.loads(raw or b"{}"))
        except orjson.JSONDecodeError as error:
            raise BadRequest(("请求体不是有效的 JSON", "the body is not valid JSON")) from error
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "body"
            raise BadRequest((f"字段 {field} 无效", f"{field}: {first['msg']}")) from error

    async def form_or_model(self, kind: type[Model], *lists: str) -> Model:
        """The same where older clients send a form; `lists` are the fields with several values."""
        if "json" in self.request.headers.get("content-type", "json"):
            return await self.model(kind)
        raw = await whole_body(self.receive, MAX_JSON)
        try:
            fields = parse_qs(raw.decode(), max_num_fields=100_000)
            return kind.model_validate({k: v if k in lists else v[-1] for k, v in fields.items()})
        except (UnicodeDecodeError, ValueError) as error:
            raise BadRequest(("表单内容无效", "the form is not valid")) from error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work that reads, as the caller."""
        async with self.platform.work(self.actor, write=False) as uow:
            yield uow

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work that writes, as the caller, who must be known."""
        self.actor.require_known()
        async with self.platform.work(self.actor) as uow:
            yield uow

    @property
    def kind(self) -> Kind:
        """The kind of repository that the path names; raises `RepositoryNotFound` for kinds that we do not keep."""
        return kind_of(self["kinds"])

    async def repository(self, uow: UnitOfWork) -> HubRepository:
        """The repository of the path, which the caller may know of."""
        return await find_repository(uow, self.kind, self["owner"], self["name"])

    def address(self, row: HubRepository) -> str:
        """The address of a repository's page."""
        return f"{self.base}/{page_path(row)}"


def kind_of(text: str) -> Kind:
    """The kind that the protocol calls so; raises `RepositoryNotFound`."""
    if text not in _KINDS:
        raise not_found()
    return _KINDS[text]


def page_path(row: HubRepository) -> str:
    """Where a repository is shown: models have no prefix."""
    prefix = "" if row.kind == "model" else f"{row.kind}s/"
    return f"{prefix}{quote(row.owner)}/{quote(row.name)}"


def split_id(text: str) -> tuple[str | None, str]:
    """Owner (if it is named) and name of a repository's id."""
    owner, slash, name = text.partition("/")
    if not slash:
        return None, owner
    if not owner or not name or "/" in name:
        raise Invalid((f"“{text[:120]}”不是仓库标识", f"“{text[:120]}” is not the id of a repository"))
    return owner, name
