"""The chain of a task's tries: each a link with the hash of the one before it.

A link's hash is the SHA-256 of its own canonical JSON (sorted keys, no spaces, UTF-8, fractions as strings). It goes
into the evidence of the usage events that are posted for the try, so that the ledger vouches for the chain.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ceyuan.compute.executors import Run
from ceyuan.compute.tasks.amounts import amounts
from ceyuan.compute.tasks.description import Resources
from ceyuan.compute.tasks.tables import ComputeTask

START = "0" * 64
"""What stands before the first link."""


def canonical(value: Any) -> bytes:
    """The bytes that are hashed and signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def charged_of(task: ComputeTask) -> Decimal | None:
    """As how many accelerators or processors the try at work is charged; `None`: as it asked for."""
    written = (task.admission or {}).get("charged")
    return None if written is None else Decimal(str(written))


def link_of(task: ComputeTask, run: Run, previous: str) -> dict[str, Any]:
    """The link of a try that has just ended, with its hash."""
    placed = Resources.model_validate(task.placed)
    held = task.admission or {}
    seats = held.get("seats", [])
    seconds = str(Decimal(str(run.seconds)).quantize(Decimal("0.001")))
    body = {
        "task": task.id,
        "organisation": task.org_id,
        "try": run.key,
        "state": run.state,
        "reason": run.reason,
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at),
        "seconds": seconds,
        "pool": held.get("pool", ""),
        "devices": [
            {"node": seat["node"], "accelerator": placed.accelerator, "device": device, "seconds": seconds}
            for seat in seats
            for device in seat["devices"]
        ],
        "nodes": [seat["node"] for seat in seats],
        "charged": str(held.get("charged") or (placed.accelerators or placed.cpus) * placed.nodes),
        "amounts": {name: str(part) for name, part in amounts(run.seconds, placed, charged_of(task)).items()},
        "accounting": {name: str(value) for name, value in (run.accounting or {}).items()},
        "previous": previous,
    }
    return {**body, "hash": hashlib.sha256(canonical(body)).hexdigest()}


def chain_holds(links: list[dict[str, Any]]) -> bool:
    """Whether every link has the hash of its content and names the one before it."""
    previous = START
    for link in links:
        body = {name: value for name, value in link.items() if name != "hash"}
        if body.get("previous") != previous or hashlib.sha256(canonical(body)).hexdigest() != link.get("hash"):
            return False
        previous = str(link["hash"])
    return True


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
