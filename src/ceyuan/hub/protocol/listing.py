"""Finding repositories: words, filters, sort, pages."""

from __future__ import annotations

from typing import Any

from ceyuan.hub.history import repository as history
from ceyuan.hub.lean import Reply, json_reply
from ceyuan.hub.protocol.call import BadRequest, Call
from ceyuan.hub.protocol.routing import route
from ceyuan.hub.protocol.shapes import card_data, repository_info
from ceyuan.hub.repositories import searching
from ceyuan.hub.repositories.searching import Filters

_SORTS = {
    "lastModified": "updated_at",
    "last_modified": "updated_at",
    "createdAt": "created_at",
    "created_at": "created_at",
    "downloads": "downloads",
    "likes": "likes",
    "trendingScore": "downloads",
    "trending_score": "downloads",
    "modified": "updated_at",
    "id": "name",
}
_FACETS = {
    "license": "licence",
    "language": "language",
    "task_categories": "task",
    "pipeline_tag": "task",
}


@route("GET", "/api/models")
async def list_models(call: Call) -> Reply:
    """List models that the caller may see."""
    return await _listed(call, Filters(kind="model"))


@route("GET", "/api/datasets")
async def list_datasets(call: Call) -> Reply:
    """List datasets that the caller may see."""
    return await _listed(call, Filters(kind="dataset"))


async def _listed(call: Call, base: Filters) -> Reply:
    labels, tags = _labels(call)
    gated = call.query("gated")
    filters = Filters(
        kind=base.kind,
        owner=call.query("author"),
        text=call.query("search"),
        labels=labels,
        tags=tags,
        gated=None if gated is None else call.flag("gated"),
    )
    wanted = set(call.queries("expand"))
    async with call.reading() as uow:
        rows = await searching.search(uow, filters, call.paging(1000, 1000, sort=_sort(call)))
        answer = []
        for row in rows.items:
            info = repository_info(row)
            if call.flag("full") or call.flag("cardData") or "cardData" in wanted:
                info["cardData"] = card_data(row)
            if wanted:
                info = {name: value for name, value in info.items() if name in wanted or name in ("_id", "id")}
            answer.append(info)
    return json_reply(answer, headers=call.next_link(rows.next))


def _sort(call: Call) -> str:
    asked = call.query("sort")
    if asked is None:
        return "-updated_at"
    if asked not in _SORTS:
        raise BadRequest((f"不支持按“{asked[:60]}”排序", f"cannot sort by {asked[:60]}"))
    # The clients mean "most first" and say so with -1 or not at all.
    return _SORTS[asked] if call.query("direction") == "1" else f"-{_SORTS[asked]}"


def _labels(call: Call) -> tuple[dict[str, list[str]], list[str]]:
    """Filters whose facet is known, and those that may be of any facet."""
    labels: dict[str, list[str]] = {}
    anywhere: list[str] = []
    for name in ("pipeline_tag", "language", "license", "task_categories"):
        for value in call.queries(name):
            labels.setdefault(_FACETS[name], []).append(value)
    for value in [*call.queries("filter"), *call.queries("tags"), *call.queries("library")]:
        facet, colon, rest = value.partition(":")
        if colon and facet in _FACETS:
            labels.setdefault(_FACETS[facet], []).append(rest)
        else:
            anywhere.append(value)
    return labels, anywhere


@route("GET", "/api/{kinds}/{owner}/{name}/refs")
async def list_repo_refs(call: Call) -> Reply:
    """List branches, tags and, with `?include_prs=1`, pull requests."""
    async with call.reading() as uow:
        row = await call.repository(uow)
        answer: dict[str, list[dict[str, Any]]] = {"branches": [], "tags": [], "converts": []}
        if call.flag("include_prs"):
            answer["pullRequests"] = []
        for ref in await history.refs(uow.session, row.id):
            part, name = _named(ref.name)
            if part in answer:
                answer[part].append({"name": name, "ref": ref.name, "targetCommit": ref.commit_id})
    return json_reply(answer)


def _named(ref: str) -> tuple[str, str]:
    for prefix, part in (("refs/heads/", "branches"), ("refs/tags/", "tags"), ("refs/convert/", "converts")):
        if ref.startswith(prefix):
            return part, ref.removeprefix(prefix)
    return ("pullRequests" if ref.startswith("refs/pr/") else "other"), ref.removeprefix("refs/pr/")
