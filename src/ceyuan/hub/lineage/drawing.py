"""Drawing: the graph around a node, both ways, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import cast

from ceyuan.hub.errors import NodeNotFound
from ceyuan.hub.lineage import repository
from ceyuan.hub.lineage.recording import node_of
from ceyuan.hub.lineage.tables import LineageEdge, LineageNode, LineageRecord
from ceyuan.hub.naming import Kind, Reference
from ceyuan.hub.repositories.access import can_read, may_see
from ceyuan.hub.revision import Revision
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.work import UnitOfWork

MAX_DEPTH = 50
MAX_NODES = 1000


@dataclass(frozen=True, slots=True)
class Placed:
    """A node of a drawn graph: `distance` is negative upstream of the start, positive downstream. `row` is null
    for a node that the reader may not see: nothing of it is told but that it is there. `reference` names a
    revision by its present address."""

    key: str
    distance: int
    row: LineageNode | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """An edge of a drawn graph by the keys of its ends; `record` is null unless the reader may see all that the
    deed touched, since its settings may name the rest."""

    source: str
    target: str
    role: str
    action: str
    record: LineageRecord | None


@dataclass(frozen=True, slots=True)
class Graph:
    """The part of the lineage graph around `start`; `truncated` if it goes on beyond what was asked for."""

    start: str
    nodes: Sequence[Placed]
    edges: Sequence[Drawn]
    truncated: bool


async def graph(
    uow: UnitOfWork, start: str | Revision, *, upstream: int = 6, downstream: int = 6, limit: int = 300
) -> Graph:
    """The graph within so many steps upstream (where it comes from) and downstream (what it fed) of a node.

    Raises `NodeNotFound` if there is no such node or none that the actor may see. What lies behind a node
    that the actor may not see is left out. A revision of which nothing was recorded stands alone.
    """
    if isinstance(start, Revision):
        revision, start = start, start.node_id
        if await repository.node(uow.session, start) is None:
            return Graph(start, [Placed(start, 0, node_of(uow, revision), revision.ref)], [], False)
    found = await repository.node(uow.session, start) if start.isprintable() else None
    if found is None or start not in await _visible(uow, {start: found}):
        raise NodeNotFound(hint=("请检查节点编号;私有节点需有权限", "check the id; private nodes need a right to them"))
    limit = min(limit, MAX_NODES)
    distances, truncated = {start: 0}, False
    for depth, forward in ((min(upstream, MAX_DEPTH), False), (min(downstream, MAX_DEPTH), True)):
        reached = await repository.reach(uow.session, start, forward=forward, depth=depth + 1, limit=limit + 1)
        inside = [(node_id, n) for node_id, n in reached.items() if n <= depth]
        truncated |= len(inside) < len(reached) or len(inside) > limit
        for node_id, n in inside[:limit]:
            distances.setdefault(node_id, n if forward else -n)
    return await _drawn(uow, start, distances, truncated)


async def _drawn(uow: UnitOfWork, start: str, distances: Mapping[str, int], truncated: bool) -> Graph:
    edges = await repository.edges_among(uow.session, set(distances))
    told = {edge.record_id for edge in edges}
    touched = await repository.edges_of(uow.session, told)
    ends = {end for edge in touched for end in (edge.input_id, edge.output_id)}
    rows = await repository.nodes(uow.session, ends | set(distances))
    seen = await _visible(uow, rows)
    secret = {edge.record_id for edge in touched if edge.input_id not in seen or edge.output_id not in seen}
    records = await repository.records(uow.session, told)
    kept = _connected(start, seen.keys(), edges)
    names = _names(kept, seen.keys(), distances)
    drawn = [
        Drawn(
            names[edge.input_id],
            names[edge.output_id],
            edge.role,
            records[edge.record_id].action,
            None if edge.record_id in secret else records[edge.record_id],
        )
        for edge in edges
        if kept.issuperset((edge.input_id, edge.output_id)) and (edge.input_id in seen or edge.output_id in seen)
    ]
    drawn.sort(key=lambda edge: (edge.source, edge.target, edge.role, edge.action))
    placed = [
        Placed(names[key], distances[key], rows[key] if key in seen else None, seen.get(key))
        for key in sorted(kept, key=lambda key: (distances[key], key))
    ]
    return Graph(start, placed, drawn, truncated)


def _names(kept: Set[str], seen: Set[str], distances: Mapping[str, int]) -> dict[str, str]:
    """What the nodes are called in the drawing: by their ids, or by a number if they may not be seen."""
    hidden = sorted((key for key in kept if key not in seen), key=lambda key: (distances[key], key))
    return {key: key for key in kept & seen} | {key: f"hidden:{number}" for number, key in enumerate(hidden, 1)}


async def _visible(uow: UnitOfWork, rows: Mapping[str, LineageNode]) -> dict[str, str | None]:
    """Which of the nodes the actor may see, with the present address of those that are revisions."""
    owners = await repository.repositories(uow.session, (r.repository_id for r in rows.values() if r.repository_id))
    seen: dict[str, str | None] = {}
    for key, row in rows.items():
        if row.repository_id is None:
            if _may_see(uow.actor, row):
                seen[key] = None
            continue
        owner = owners.get(row.repository_id)
        if owner is not None and owner.deleted_at is None and can_read(uow.actor, owner):
            commit = key.rpartition("@")[2]
            seen[key] = str(Reference(cast(Kind, owner.kind), owner.owner, owner.name, commit))
    return seen


def _may_see(actor: Actor, row: LineageNode) -> bool:
    if row.org_id is None and row.visibility == "private":
        return actor.kind == "system" or actor.is_admin
    return may_see(actor, row.visibility, row.org_id or "")


def _connected(start: str, seen: Set[str], edges: Sequence[LineageEdge]) -> set[str]:
    """What can be reached from `start` without passing through what may not be seen."""
    neighbours: dict[str, set[str]] = {}
    for edge in edges:
        neighbours.setdefault(edge.input_id, set()).add(edge.output_id)
        neighbours.setdefault(edge.output_id, set()).add(edge.input_id)
    kept, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here not in seen:
            continue
        fresh = neighbours.get(here, set()) - kept
        kept |= fresh
        waiting += fresh
    return kept
