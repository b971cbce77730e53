"""Rotation of the master key: every sealed column of every table is re-wrapped, a page of rows at a time.

The old key stays in the key file until all rows are done, so that an interrupted rotation is simply run
again, and a value sealed meanwhile by a process that still holds the old key stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, LargeBinary, Table, and_, select, tuple_, update
from sqlalchemy.types import TypeDecorator

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.tables import Base

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.kernel.work import UnitOfWork

PAGE = 200


class Sealed(TypeDecorator[bytes]):
    """The type of a column that holds what `Vault.encrypt` returned; rotation finds columns by it."""

    impl = LargeBinary
    cache_ok = True


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: the new key's id and how many values were re-wrapped in which `table.column`."""

    key_id: str
    rewrapped: dict[str, int]


async def rotate(platform: Platform, actor: Actor = SYSTEM, *, retire: bool = False) -> Rotation:
    """Make a new master key and re-wrap all sealed values; with `retire`, forget the old keys at the end.

    Retire only when no other process of the platform can still hold an old key: after their restart.
    """
    key_id = platform.vault.add_master_key()
    rewrapped = await rewrap_all(platform, actor)
    if retire:
        platform.vault.retire_old_masters()
    async with platform.work(actor) as uow:
        await uow.audit("secrets.rotate", key_id, values=sum(rewrapped.values()), retired=retire)
    return Rotation(key_id, rewrapped)


async def rewrap_all(platform: Platform, actor: Actor = SYSTEM) -> dict[str, int]:
    """Bring every sealed value under the master key in use; counts by `table.column`. May be repeated."""
    counts: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                counts[f"{table.name}.{column.name}"] = await _rewrap_column(platform, actor, table, column)
    return counts


async def _rewrap_column(platform: Platform, actor: Actor, table: Table, column: Column[Any]) -> int:
    count, last = 0, None
    while True:
        async with platform.work(actor) as uow:
            done, last = await _rewrap_page(uow, table, column, last)
        count += done
        if last is None:
            return count


async def _rewrap_page(
    uow: UnitOfWork, table: Table, column: Column[Any], last: tuple[Any, ...] | None
) -> tuple[int, tuple[Any, ...] | None]:
    keys = list(table.primary_key.columns)
    query = select(*keys, column).where(column.is_not(None)).order_by(*keys).limit(PAGE)
    if last is not None:
        query = query.where(tuple_(*keys) > last)
    rows = (await uow.session.execute(query)).all()
    vault, done = uow.platform.vault, 0
    for row in rows:
        sealed = row[-1]
        if vault.key_id_of(sealed) == vault.current_key_id:
            continue
        # Guarded by the old value: whoever changed it meanwhile sealed it anew.
        same_row = and_(*(key == value for key, value in zip(keys, row[:-1], strict=True)), column == sealed)
        await uow.session.execute(update(table).where(same_row).values({column.name: vault.rewrap(sealed)}))
        done += 1
    return done, tuple(rows[-1][:-1]) if len(rows) == PAGE else None
