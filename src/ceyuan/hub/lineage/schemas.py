"""The lineage graph on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from ceyuan.hub.lineage.drawing import Graph, Placed
from ceyuan.hub.lineage.tables import LineageRecord


class NodeOut(BaseModel):
    """A node. `distance` counts steps from the start, negative upstream. Of a hidden one nothing is told;
    `reference` names a revision, `href` is a page of the console."""

    id: str
    distance: int
    hidden: bool
    kind: str | None
    label: str | None
    reference: str | None
    href: str | None
    details: dict[str, Any]
    created_at: datetime | None


class RecordOut(BaseModel):
    """The deed behind an edge: who, with which code and settings, at what cost, when."""

    id: str
    by_kind: str
    by_id: str
    by_label: str
    code: dict[str, Any]
    settings: dict[str, Any]
    cost_micro: int
    created_at: datetime


class EdgeOut(BaseModel):
    """`source` became (part of) `target`; `record` is null if it touched something hidden."""

    source: str
    target: str
    role: str
    action: str
    record: RecordOut | None


class GraphOut(BaseModel):
    """The graph around `start`; `truncated` if it goes on."""

    start: str
    nodes: list[NodeOut]
    edges: list[EdgeOut]
    truncated: bool


def _node_out(placed: Placed) -> dict[str, Any]:
    row = placed.row
    return {
        "id": placed.key,
        "distance": placed.distance,
        "hidden": row is None,
        "kind": row.kind if row else None,
        "label": row.label if row else None,
        "reference": placed.reference,
        "href": row.href if row else None,
        "details": row.details if row else {},
        "created_at": row.created_at if row else None,
    }


def _record_out(row: LineageRecord | None) -> dict[str, Any] | None:
    return None if row is None else {name: getattr(row, name) for name in RecordOut.model_fields}


def graph_out(graph: Graph) -> dict[str, Any]:
    """What `GraphOut` shows."""
    edges = [
        {
            "source": edge.source,
            "target": edge.target,
            "role": edge.role,
            "action": edge.action,
            "record": _record_out(edge.record),
        }
        for edge in graph.edges
    ]
    nodes = [_node_out(placed) for placed in graph.nodes]
    return {"start": graph.start, "nodes": nodes, "edges": edges, "truncated": graph.truncated}
