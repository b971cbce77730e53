"""The address of a repository in our REST: `/api/v1/repositories/{kind}/{owner}/{name}`, and a revision of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query

from ceyuan.hub.browsing.service import View, open_repository
from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories.service import find_repository
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.web import ReadWork

REPOSITORY = "/api/v1/repositories/{kind}/{owner}/{name}"
RevisionQuery = Annotated[
    str | None, Query(max_length=255, description="branch, tag or commit; the default branch if left out")
]
PathQuery = Annotated[str, Query(max_length=1024, description="path of a file or folder; empty: the root")]


async def _address(
    kind: Kind,
    owner: Annotated[str, Path(max_length=96, description="organisation or person")],
    name: Annotated[str, Path(max_length=96)],
) -> tuple[Kind, str, str]:
    return kind, owner, name


Address = Annotated[tuple[Kind, str, str], Depends(_address)]
"""Kind, owner and name, as the path gives them."""


async def _read_row(uow: ReadWork, address: Address) -> HubRepository:
    return await find_repository(uow, *address)


ReadRepository = Annotated[HubRepository, Depends(_read_row)]
"""The repository of the path, which the caller may read."""


async def _view(uow: ReadWork, row: ReadRepository, revision: RevisionQuery = None) -> View:
    return await open_repository(uow, row, revision)


OpenView = Annotated[View, Depends(_view)]
"""The revision that the query parameter `revision` names."""
