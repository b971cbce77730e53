"""Recording: these inputs became that output, said once and for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from ceyuan.hub.lineage import repository
from ceyuan.hub.lineage.tables import LineageNode
from ceyuan.hub.repositories.access import Visibility
from ceyuan.hub.repositories.cards import clean, plain
from ceyuan.hub.revision import Revision
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Node:
    """Something that was made or used: `id` is unique over all kinds (begin it with the kind: `source:…`).

    `org_id` and `visibility` say who may see it; of a revision, give the `Revision` itself instead, whose
    repository says it. `href` is its page in the console, `details` a few JSON-able facts to show.
    """

    kind: str
    id: str
    label: str
    org_id: str | None = None
    visibility: Visibility = "private"
    href: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class By:
    """Who did it: a job, a person, a service, the platform."""

    kind: Literal["job", "person", "service", "system"]
    id: str
    label: str = ""


Thing = Node | Revision
"""A node, or a revision as the hub returned it."""
Input = Thing | tuple[Thing, str]
"""A thing, or a thing with its role."""


async def record(
    uow: UnitOfWork,
    *,
    inputs: Sequence[Input],
    output: Thing,
    action: str,
    by: By | None = None,
    code: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    cost_micro: int = 0,
) -> str:
    """Record, in this unit of work, that `inputs` became `output`; returns the record's id.

    `action` names the deed (`train`, `filter`, `evaluate`, `answer`), `by` who did it (the actor if null),
    `code` what ran (package, version, commit), `settings` with what. Saying the same again is the same
    record, whatever its cost and time: jobs may repeat it after a crash. Nodes keep their first label.
    """
    doer = by or _by_actor(uow.actor)
    made = _row(uow, output)
    pairs = [entry if isinstance(entry, tuple) else (entry, "") for entry in inputs]
    pairs = [(thing, role) for thing, role in pairs if row_id(thing) != made["id"]]
    rows = {row["id"]: row for row in [*(_row(uow, thing) for thing, _ in pairs), made]}
    edges = sorted({(row_id(thing), role[:60]) for thing, role in pairs})
    said = {
        "action": action,
        "by": [doer.kind, doer.id],
        "code": plain(code or {}),
        "settings": plain(settings or {}),
        "inputs": edges,
        "output": made["id"],
    }
    record_id = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    await repository.add_nodes(uow.session, [rows[key] for key in sorted(rows)])
    new = await repository.add_record(
        uow.session,
        {
            "id": record_id,
            "action": action[:60],
            "by_kind": doer.kind,
            "by_id": doer.id,
            "by_label": clean(doer.label)[:200],
            "code": said["code"],
            "settings": said["settings"],
            "cost_micro": cost_micro,
            "created_at": uow.clock.now(),
        },
        [{"record_id": record_id, "input_id": i, "output_id": made["id"], "role": role} for i, role in edges],
    )
    if new:
        await uow.publish("hub.lineage_recorded", record_id=record_id, output=made["id"], action=action)
    return record_id


async def rename_nodes(uow: UnitOfWork, node_ids: Sequence[str], label: str) -> None:
    """Give nodes another label, where the first one said what has to be forgotten. Records and ids stay."""
    await repository.rename_nodes(uow.session, node_ids, clean(label)[:300])


def row_id(thing: Thing) -> str:
    """The id of a thing's node."""
    return thing.node_id if isinstance(thing, Revision) else thing.id


def _by_actor(actor: Actor) -> By:
    return By("system" if actor.kind == "anonymous" else actor.kind, actor.id, actor.label)


def node_of(uow: UnitOfWork, thing: Thing) -> LineageNode:
    """The node of a thing as it would be recorded."""
    return LineageNode(**_row(uow, thing))


def _row(uow: UnitOfWork, thing: Thing) -> dict[str, Any]:
    now = uow.clock.now()
    if isinstance(thing, Revision):
        details: Mapping[str, Any] = {
            "commit": thing.commit,
            "tree": thing.tree,
            "title": thing.title,
            "files": thing.files,
            "bytes": thing.bytes,
        }
        node = Node(thing.kind, thing.node_id, thing.label, thing.org_id, details=details)
        repository_id: str | None = thing.repository_id
    else:
        node, repository_id = thing, None
    return {
        "id": node.id,
        "kind": node.kind[:40],
        "label": clean(node.label)[:300],
        "org_id": node.org_id,
        "visibility": node.visibility,
        "repository_id": repository_id,
        "href": node.href,
        "details": plain(node.details),
        "created_at": now,
    }
