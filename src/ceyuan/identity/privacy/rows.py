"""Rooms whose data are rows say which rows are whose, and these classes hand them out and erase them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Select, delete, inspect, select, update
from sqlalchemy.orm import InstrumentedAttribute

from ceyuan.identity.privacy.hooks import ExportFile
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of `table` whose `owner` column holds the id of the person or organisation.

    Rows of a table without such a column belong to another table's: then `owner` is the other table's column and
    `through` the column of `table` that holds the other row's `id`. `without` names columns that are never handed
    out (sealed secrets). `blank` is what replaces personal columns when the person goes; with `goes` the row itself
    is deleted.
    """

    file: str
    table: type[Base]
    owner: InstrumentedAttribute[Any]
    through: InstrumentedAttribute[Any] | None = None
    without: frozenset[str] = frozenset()
    blank: Mapping[str, Any] = field(default_factory=dict)
    goes: bool = False

    def condition(self, owner_id: str) -> Any:
        """What tells the rows of this owner."""
        if self.through is None:
            return self.owner == owner_id
        return self.through.in_(select(self.owner.class_.id).where(self.owner == owner_id))

    def query(self, owner_id: str) -> Select[Any]:
        """The rows as they are handed out, in the order of their keys."""
        mapper = inspect(self.table)
        columns = [column for column in mapper.columns if column.key not in self.without]
        return select(*columns).where(self.condition(owner_id)).order_by(*mapper.primary_key)


async def _lines(uow: UnitOfWork, query: Select[Any]) -> AsyncIterator[bytes]:
    result = await uow.session.stream(query.execution_options(yield_per=_BATCH))
    async for batch in result.mappings().partitions(_BATCH):
        yield b"".join(orjson.dumps(dict(row), option=orjson.OPT_APPEND_NEWLINE, default=_plain) for row in batch)


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


class OrganisationRows:
    """Fills `OrganisationData` for a room: one JSON Lines file for each of `rows`."""

    def __init__(self, room: str, *rows: Rows) -> None:
        self.room, self.rows = room, rows

    async def export(self, uow: UnitOfWork, org_id: str) -> AsyncIterator[ExportFile]:
        """The organisation's rows."""
        for rows in self.rows:
            yield ExportFile(f"{rows.file}.jsonl", _lines(uow, rows.query(org_id)))


class PersonalRows:
    """Fills `PersonalData` for a room: one JSON Lines file for each of `rows`; an erasure blanks or deletes what
    the rows say, and leaves the rest under the person's id, a pseudonym from then on."""

    def __init__(self, room: str, *rows: Rows) -> None:
        self.room, self.rows = room, rows

    async def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        """The person's rows."""
        for rows in self.rows:
            yield ExportFile(f"{rows.file}.jsonl", _lines(uow, rows.query(person_id)))

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Blank or delete."""
        for rows in self.rows:
            if rows.goes:
                await uow.session.execute(delete(rows.table).where(rows.condition(person_id)))
            elif rows.blank:
                await uow.session.execute(update(rows.table).where(rows.condition(person_id)).values(**rows.blank))
