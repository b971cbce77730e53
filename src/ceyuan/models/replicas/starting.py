"""Starting a replica: its row, its key, and the compute task that runs it, all in one transaction."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from ceyuan.compute.pools import LOCAL_POOL
from ceyuan.compute.tasks import Resources, TaskSpec, create_task
from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.replicas import launcher
from ceyuan.models.replicas.engines import SERVERS, words
from ceyuan.models.replicas.settings import ReplicaSettings
from ceyuan.models.replicas.tables import PoolReplica
from ceyuan.models.serving.tables import ServedModel
from ceyuan.models.serving.variants import DeploymentPlan, PoolRun, Variant

REACHED = ("local", "ssh", "slurm")
"""Kinds of pools whose nodes have an address of their own at which the gateway reaches what runs there."""
_LOCAL = ("local", LOCAL_POOL)
_OFFLINE = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "VLLM_NO_USAGE_STATS": "1"}
"""A replica has its model already and tells nobody of itself."""
_RENEWED_AT = 0.8
"""The part of a task's life after which another replica takes over."""


def keeper_of(plan: DeploymentPlan | None) -> Actor:
    """Who starts and ends the tasks of a deployment: the platform where an administrator made it, else a member of the
    organisation that pays, whose tasks run only where something isolates them."""
    if plan is None or plan.pool is None:
        return SYSTEM
    if plan.pool.trusted:
        return replace(SYSTEM, is_admin=True)
    return Actor("service", SYSTEM.id, "deployments", roles={plan.pool.org_id: "maintainer"})


def spec_of(settings: ReplicaSettings, run: PoolRun, name: str, variant: Variant) -> TaskSpec:
    """The task of a replica. On this machine it listens on loopback only, elsewhere on all addresses of its node."""
    order = {
        "argv": words(run, name),
        "host": "127.0.0.1" if run.pool in _LOCAL else "0.0.0.0",
        "ports": [settings.first_port, settings.last_port],
        "key_name": SERVERS[run.engine].key_name,
    }
    path = f"{run.environment}/bin:/usr/local/bin:/usr/bin:/bin" if run.environment else "/usr/local/bin:/usr/bin:/bin"
    return TaskSpec(
        name=f"{name[:100]} #{variant.number}",
        command=["python3", "-c", Path(launcher.__file__).read_text(), json.dumps(order)],
        resources=Resources(
            cpus=run.cpus,
            memory_gib=run.memory_gib,
            accelerator=run.accelerator if run.accelerators else "cpu",
            accelerators=run.accelerators,
        ),
        environment={**_OFFLINE, "PATH": path},
        inputs={"model": variant.revision},
        network=True,
        time_limit_s=settings.life_hours * 3600,
        pools=[run.pool],
    )


def renewed_after(settings: ReplicaSettings) -> timedelta:
    """After what time another replica takes over, so that the task's limit is never met."""
    return timedelta(hours=settings.life_hours * _RENEWED_AT)


async def start_replica(uow: UnitOfWork, model: ServedModel, plan: DeploymentPlan, number: int, failures: int) -> None:
    """Make a replica and queue its task. The task is submitted under the replica's id, so one replica never has two."""
    assert plan.pool is not None
    settings, now = uow.platform.section(ReplicaSettings), uow.clock.now()
    variant = next(one for one in plan.variants if one.number == number)
    row = PoolReplica(
        id=new_id("rep"),
        served_id=model.id,
        number=number,
        state="starting",
        attempt=None,
        host="",
        port=0,
        failures=failures,
        fault=None,
        renew_at=now + renewed_after(settings),
        created_at=now,
        ready_at=None,
        changed_at=now,
    )
    row.sealed_key = uow.platform.vault.encrypt(secrets.token_urlsafe(32).encode(), key_context(row.id))
    task = await create_task(uow, plan.pool.org_id, spec_of(settings, plan.pool, model.name, variant), key=row.id)
    row.task_id = task.id
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("deployment.replica", row.id, plan.pool.org_id, name=model.name, task_id=task.id, number=number)


def key_of(platform: Platform, row: PoolReplica) -> str:
    """The key by which a replica knows us."""
    assert row.sealed_key is not None
    return platform.vault.decrypt(row.sealed_key, key_context(row.id)).decode()


def key_context(replica_id: str) -> str:
    """What a replica's key is sealed for."""
    return f"serving_replica.key:{replica_id}"


class ReplicaSecrets:
    """Gives the tasks of replicas their keys; fills the hook of the tasks' room."""

    async def secrets_of(self, platform: Platform, task_id: str) -> Mapping[str, str]:
        """The key of the replica that the task runs."""
        async with platform.work(SYSTEM, write=False) as uow:
            row = await uow.session.scalar(select(PoolReplica).where(PoolReplica.task_id == task_id))
        return {launcher.KEY: key_of(platform, row)} if row is not None else {}
