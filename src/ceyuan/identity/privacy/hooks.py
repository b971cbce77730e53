"""The hooks by which rooms hand out and erase what they keep of a person or organisation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export: its path in the archive, and its bytes or the chunks of them."""

    path: str
    content: bytes | AsyncIterator[bytes]


class PersonalData(Protocol):
    """Hook: what a room keeps of a person. `platform.provide(PersonalData, ...)`; `room` names the folder."""

    room: str

    def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        """All files with the person's data; reads only."""
        ...

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Delete the data, or cut what identifies the person where a record must stay. It is called again after a
        crash, so it must bear repetition. The person's id may stay: it is a pseudonym from now on."""
        ...


class OrganisationData(Protocol):
    """Hook: what a room keeps for an organisation. `platform.provide(OrganisationData, ...)`."""

    room: str

    def export(self, uow: UnitOfWork, org_id: str) -> AsyncIterator[ExportFile]:
        """All files with the organisation's data; reads only."""
        ...


def json_file(path: str, value: Any) -> ExportFile:
    """A file with `value` as readable JSON."""
    return ExportFile(path, orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str))
