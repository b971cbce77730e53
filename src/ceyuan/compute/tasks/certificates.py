"""The delivery certificate of a task: its device-seconds, chained by hashes and signed, for whoever pays or redeems.

It is signed by the platform's key `compute-certificate` (Ed25519, RFC 8032) over its canonical JSON, and can be checked
without the platform.
"""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any

from ceyuan.compute.tasks.chain import canonical, chain_holds
from ceyuan.compute.tasks.errors import CertificateBroken, TaskNotOpen
from ceyuan.compute.tasks.tables import ComputeTask
from ceyuan.kernel.secrets import Signature, public_key_id, verify_signature
from ceyuan.kernel.work import UnitOfWork

KEY_NAME = "compute-certificate"
FORMAT = "ceyuan.compute.delivery/1"
_ENDED = frozenset({"succeeded", "failed", "cancelled"})


def certificate(uow: UnitOfWork, task: ComputeTask, organisation: str) -> dict[str, Any]:
    """The signed certificate of a task that has ended; the same as long as the task is not resumed.

    Raises `TaskNotOpen` while it runs or where it used nothing, `CertificateBroken` where a link was altered.
    """
    links = [one["link"] for one in task.attempts if one.get("link")]
    if task.state not in _ENDED or task.closing is not None or not links:
        raise TaskNotOpen(
            hint=("任务结束且有用量后才有凭证", "there is a certificate once a task has ended and used something"),
            state=task.state,
        )
    if not chain_holds(links):
        raise CertificateBroken()
    totals: dict[str, Decimal] = {}
    for link in links:
        for name, quantity in link["amounts"].items():
            totals[name] = totals.get(name, Decimal(0)) + Decimal(quantity)
    body = {
        "format": FORMAT,
        "task": task.id,
        "name": task.name,
        "organisation": task.org_id,
        "organisation_name": organisation,
        "state": task.state,
        "finished_at": task.finished_at.astimezone(UTC).isoformat() if task.finished_at else "",
        "totals": {name: str(quantity) for name, quantity in sorted(totals.items())},
        "cost_micro": task.cost_micro,
        "outputs": dict(task.outputs),
        "links": links,
        "head": links[-1]["hash"],
    }
    vault = uow.platform.vault
    signed = vault.sign(KEY_NAME, canonical(body))
    return {
        **body,
        "signature": {
            "algorithm": "Ed25519",
            "key_id": signed.key_id,
            "public_key": vault.public_key(KEY_NAME).hex(),
            "value": signed.value.hex(),
        },
    }


def check_certificate(uow: UnitOfWork, given: dict[str, Any]) -> dict[str, bool]:
    """What of a certificate holds: its chain, its signature, and whether one of this platform's keys made it."""
    body = {name: value for name, value in given.items() if name != "signature"}
    seal = given.get("signature")
    links = body.get("links")
    chain = isinstance(links, list) and bool(links) and all(isinstance(link, dict) for link in links)
    if chain and isinstance(links, list):
        chain = chain_holds(links) and body.get("head") == links[-1]["hash"]
    try:
        assert isinstance(seal, dict)
        value, public = bytes.fromhex(str(seal["value"])), bytes.fromhex(str(seal["public_key"]))
        signature = verify_signature(public, canonical(body), value) and public_key_id(public) == seal["key_id"]
        ours = uow.platform.vault.verify(KEY_NAME, canonical(body), Signature(str(seal["key_id"]), value))
    except (AssertionError, KeyError, ValueError):
        signature = ours = False
    return {"chain": chain, "signature": signature, "ours": ours, "valid": chain and signature and ours}
