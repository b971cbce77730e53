"""Pagination by cursor, with filters and sort: a page carries its items and the cursor of the next one.

A cursor is the sort key and id of the last row of a page, opaque to clients, so that rows which come
or go between two requests are neither repeated nor skipped.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Select, and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from ceyuan.kernel.errors import Invalid

T = TypeVar("T")
MAX_LIMIT = 200


class Page(BaseModel, Generic[T]):
    """One page of a list: `items`, and `next` as the `cursor` of the following page (null on the last)."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a client asks for: at most `limit` rows after `cursor`, sorted by `sort` (`-name` = descending)."""

    limit: int = 50
    cursor: str | None = None
    sort: str | None = None


async def page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="rows per page")] = 50,
    cursor: Annotated[str | None, Query(max_length=1000, description="`next` of the page before")] = None,
    sort: Annotated[str | None, Query(max_length=60, description="field, with - for descending")] = None,
) -> PageRequest:
    """FastAPI dependency for list routes."""
    return PageRequest(limit, cursor, sort)


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """Rows of one page as the repository returns them."""

    items: Sequence[T]
    next: str | None

    def page(self, model: Any) -> Any:
        """The page with each row validated into the Pydantic `model`."""
        return Page[model](
            items=[model.model_validate(row, from_attributes=True) for row in self.items], next=self.next
        )


def _encode(values: list[Any]) -> str:
    raw = orjson.dumps(values, default=str)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(cursor: str, kinds: Sequence[type]) -> list[Any]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("wrong length")
        decoded = [datetime.fromisoformat(v) if k is datetime else v for v, k in zip(values, kinds, strict=True)]
        if any(not isinstance(v, k) for v, k in zip(decoded, kinds, strict=True)):
            raise ValueError("wrong type")
        return [_usable(value) for value in decoded]
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise Invalid(
            ("分页游标无效", "the page cursor is not valid"),
            hint=(
                "请使用上一页返回的 next,或不带 cursor 重新开始",
                "use `next` of the page before, or start again without cursor",
            ),
        ) from error


def _usable(value: Any) -> Any:
    """The value if a column can hold it; raises `ValueError` or `OverflowError`."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        return value.astimezone(UTC)
    if (isinstance(value, int) and abs(value) >= 1 << 63) or (isinstance(value, str) and "\0" in value):
        raise ValueError("no value of a column")
    return value


async def fetch_page(
    session: AsyncSession,
    query: Select[T],
    request: PageRequest,
    *,
    key: InstrumentedAttribute[Any],
    sorts: Mapping[str, InstrumentedAttribute[Any]],
    default: str,
) -> Rows[T]:
    """Run `query` for one page.

    `key` is a unique column of the entity (its id) that breaks ties, `sorts` the columns a client may
    sort by (they must not hold nulls), `default` the sort when none is asked for. Raises `Invalid` for
    an unknown sort or a bad cursor.
    """
    wanted = request.sort or default
    descending = wanted.startswith("-")
    column = sorts.get(wanted.removeprefix("-"))
    if column is None:
        raise Invalid(
            (f"不支持按“{wanted}”排序", f"cannot sort by “{wanted}”"),
            hint=(f"可用字段:{'、'.join(sorts)}", f"sort by one of: {', '.join(sorts)}"),
        )
    if request.cursor:
        value, last = _decode(request.cursor, [column.type.python_type, key.type.python_type])
        beyond = column < value if descending else column > value
        tie = key < last if descending else key > last
        query = query.where(or_(beyond, and_(column == value, tie)))
    order = (column.desc(), key.desc()) if descending else (column.asc(), key.asc())
    found: list[T] = list((await session.scalars(query.order_by(*order).limit(request.limit + 1))).all())
    more, rows = len(found) > request.limit, found[: request.limit]
    cursor = _encode([getattr(rows[-1], column.key), getattr(rows[-1], key.key)]) if more else None
    return Rows(rows, cursor)
