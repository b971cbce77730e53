"""Finding repositories: filters, free text, and how many of each label there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select

from ceyuan.hub.naming import Kind
from ceyuan.hub.repositories import repository
from ceyuan.hub.repositories.access import Visibility, visible_to
from ceyuan.hub.repositories.cards import FACETS, clean
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.pages import PageRequest, Rows
from ceyuan.kernel.work import UnitOfWork

_VALUES_SHOWN = 50
_MB, _GB = 10**6, 10**9
SIZES: Mapping[str, tuple[int, int | None]] = {
    "under-10MB": (0, 10 * _MB),
    "10MB-1GB": (10 * _MB, _GB),
    "1GB-10GB": (_GB, 10 * _GB),
    "10GB-100GB": (10 * _GB, 100 * _GB),
    "over-100GB": (100 * _GB, None),
}
"""Ranges of the bytes on the default branch: from, and to but not with."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to find; labels are (facet → values, all of which must be there), `tags` are values of any facet. Words of
    `text` must all occur in name, title, description or labels."""

    kind: Kind | None = None
    owner: str | None = None
    visibility: Visibility | None = None
    text: str | None = None
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    deleted: bool = False
    tags: Sequence[str] = ()
    gated: bool | None = None
    size: str | None = None


async def search(uow: UnitOfWork, filters: Filters, paging: PageRequest) -> Rows[HubRepository]:
    """The repositories that the actor may see and that match."""
    return await repository.page(uow.session, _narrowed(uow, select(HubRepository), filters), paging)


async def facets(uow: UnitOfWork, filters: Filters) -> dict[str, Sequence[tuple[str, int]]]:
    """Of the repositories that match: the commonest values of each facet with their number."""
    matching = _narrowed(uow, select(HubRepository.id), filters)
    counted: dict[str, Sequence[tuple[str, int]]] = {
        "kind": await repository.count_column(uow.session, matching, HubRepository.kind, _VALUES_SHOWN),
        "owner": await repository.count_column(uow.session, matching, HubRepository.owner, _VALUES_SHOWN),
    }
    counted["size"] = await repository.count_sizes(uow.session, matching, SIZES)
    for facet in FACETS:
        counted[facet] = await repository.count_labels(uow.session, matching, facet, _VALUES_SHOWN)
    return counted


def _narrowed(uow: UnitOfWork, query: Select[Any], filters: Filters) -> Select[Any]:
    query = query.where(visible_to(uow.actor))
    if filters.deleted:
        query = query.where(HubRepository.deleted_at.is_not(None), _may_restore(uow))
    else:
        query = query.where(HubRepository.deleted_at.is_(None))
    if filters.kind:
        query = query.where(HubRepository.kind == filters.kind)
    if filters.owner:
        query = query.where(func.lower(HubRepository.owner) == clean(filters.owner).lower())
    if filters.visibility:
        query = query.where(HubRepository.visibility == filters.visibility)
    for word in clean(filters.text or "").lower().split()[:10]:
        query = query.where(HubRepository.search_text.contains(word, autoescape=True))
    for facet, values in filters.labels.items():
        for value in values:
            query = repository.labelled(query, facet, clean(value) if facet == "tag" else clean(value).lower())
    for value in filters.tags:
        query = repository.tagged(query, clean(value))
    if filters.size is not None and filters.size in SIZES:
        low, high = SIZES[filters.size]
        query = query.where(HubRepository.head_bytes >= low)
        query = query.where(HubRepository.head_bytes < high) if high else query
    if filters.gated is not None:
        query = query.where((HubRepository.gated != "no") == filters.gated)
    return query


def _may_restore(uow: UnitOfWork) -> Any:
    actor = uow.actor
    actor.require_known()
    if actor.kind == "system" or actor.is_admin:
        return HubRepository.id.is_not(None)
    owned = [org_id for org_id in actor.roles if actor.may(org_id, "maintainer")]
    if not owned:
        raise Forbidden(("没有可恢复的仓库", "there is nothing that you could restore"))
    return HubRepository.org_id.in_(owned)
