"""Kinds of pools: how each is opened, looked at and what its settings are."""

from __future__ import annotations

import asyncio
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ceyuan.compute.executors import (
    Executor,
    ExecutorFault,
    LocalExecutor,
    SlurmCluster,
    SlurmExecutor,
    SshExecutor,
    SshHost,
    sandbox_works,
)
from ceyuan.compute.executors.addresses import checked_url
from ceyuan.compute.pools.tables import ExecutorPool, PoolNode
from ceyuan.kernel.errors import Text
from ceyuan.kernel.platform import Platform

IMAGE = re.compile(
    r"[a-z0-9][a-z0-9._-]*(:\d{1,5})?(/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
"""A reference of an image (github.com/distribution/reference)."""
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_WORD = re.compile(r"[A-Za-z0-9/][A-Za-z0-9._:/-]{0,399}")


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a node found."""

    name: str
    cpus: int
    memory_mib: int
    accelerator: str = ""
    accelerators: int = 0
    isolated: bool = False
    up: bool = True
    fault: str = ""


class Kind(ABC):
    """A kind of pool. `has_hosts`: its nodes are registered one by one; `shares_folders`: its nodes see our
    folders; `gangs`: one task may take several nodes; `contains`: its tasks run in containers that isolate them by
    themselves; `secret`: whether a credential opens it (`no`, `may`, `must`)."""

    name: str
    title: Text
    has_hosts = False
    shares_folders = True
    gangs = False
    contains = False
    secret: Literal["no", "may", "must"] = "no"

    def check_settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that are kept; raises `ValueError` for one that is unknown or wrong."""
        if given:
            raise ValueError(f"unknown settings: {', '.join(sorted(given))}")
        return {}

    def takes_image(self, pool: ExecutorPool, image: str) -> bool:
        """Whether a task may bring this image along."""
        return False

    def images(self, pool: ExecutorPool) -> list[str]:
        """The images that a pool runs, or how they begin; empty where it runs none or any."""
        return []

    @abstractmethod
    def open(self, platform: Platform, pool: ExecutorPool, node: PoolNode | None) -> Executor:
        """The executor of a pool (of a host of it, where it has hosts)."""

    @abstractmethod
    async def look(self, platform: Platform, pool: ExecutorPool) -> list[Found]:
        """The nodes as they are now; raises `ExecutorFault`. Not asked of kinds with hosts."""


class LocalKind(Kind):
    """The platform's own machine."""

    name = "local"
    title = ("本机", "this machine")

    def open(self, platform: Platform, pool: ExecutorPool, node: PoolNode | None) -> Executor:
        return LocalExecutor(platform.data_dir / "compute" / "runs")

    async def look(self, platform: Platform, pool: ExecutorPool) -> list[Found]:
        isolated = await asyncio.to_thread(sandbox_works)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        return [Found("localhost", len(os.sched_getaffinity(0)), memory, isolated=isolated)]


class SshKind(Kind):
    """Hosts behind sshd. The key is opened from the vault only into a file of ours, readable by nobody else."""

    name = "ssh"
    title = ("SSH 主机", "SSH hosts")
    has_hosts = True
    shares_folders = False

    def open(self, platform: Platform, pool: ExecutorPool, node: PoolNode | None) -> Executor:
        assert node is not None
        sealed = node.sealed_key
        assert sealed is not None
        key = platform.vault.decrypt(sealed, key_context(node.id))
        return open_host(platform, node.id, node.address, node.port, node.user, node.host_key, key, node.root)

    async def look(self, platform: Platform, pool: ExecutorPool) -> list[Found]:
        raise ExecutorFault("refused", "hosts are looked at one by one")


class SlurmKind(Kind):
    """A Slurm cluster, by its command line or by slurmrestd; its nodes see a folder of ours.

    Settings: `root` (the shared folder; left out: in the platform's data folder), `conf`, `partition`, `account`,
    `qos`, `python` (on the nodes), `gres` (accelerator -> what Slurm calls it), `bubblewrap` (it works on the nodes);
    `url`, `user` and `authority` of a slurmrestd, whose token is the pool's secret.
    """

    name = "slurm"
    title = ("Slurm 集群", "Slurm cluster")
    gangs = True
    secret = "may"
    _WORDS = ("root", "conf", "partition", "account", "qos", "python")

    def check_settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, value in given.items():
            if name == "bubblewrap" and isinstance(value, bool):
                made[name] = value
            elif name == "gres" and isinstance(value, dict) and all(_WORD.fullmatch(str(v)) for v in value.values()):
                made[name] = {str(ours): str(theirs) for ours, theirs in value.items()}
            elif name == "url" and isinstance(value, str):
                made[name] = _slurmrestd(value)
            elif name == "user" and isinstance(value, str) and _USER.fullmatch(value):
                made[name] = value
            elif name == "authority" and isinstance(value, str) and value.strip().startswith(_CERTIFICATE):
                made[name] = value.strip() + "\n"
            elif name in self._WORDS and isinstance(value, str) and _WORD.fullmatch(value):
                made[name] = value
            else:
                raise ValueError(f"{name}={value!r}")
        for name in ("root", "conf", "python"):
            if name in made and not made[name].startswith("/"):
                raise ValueError(f"{name} must be a whole path")
        if ("url" in made) != ("user" in made):
            raise ValueError("url and user go together")
        return made

    def open(self, platform: Platform, pool: ExecutorPool, node: PoolNode | None) -> Executor:
        held = dict(pool.settings)
        held.pop("bubblewrap", None)
        root = Path(held.pop("root", platform.data_dir / "compute" / "slurm" / pool.id))
        return SlurmExecutor(SlurmCluster(root, token=secret_of(platform, pool), **held))

    async def look(self, platform: Platform, pool: ExecutorPool) -> list[Found]:
        executor = self.open(platform, pool, None)
        assert isinstance(executor, SlurmExecutor)
        sandboxed = bool(pool.settings.get("bubblewrap", False))
        try:
            told = await executor.nodes()
        finally:
            await executor.close()
        return [
            Found(
                node.name,
                node.cpus,
                int(node.memory_gib * 1024),
                node.accelerator,
                node.accelerators,
                sandboxed,
                node.up,
                "" if node.up else "Slurm does not give it work",
            )
            for node in told
        ]


def _slurmrestd(url: str) -> str:
    """The address of a slurmrestd: a socket of this machine, or what a cluster's service may have."""
    if url.startswith("unix:/") and _WORD.fullmatch(url[5:]):
        return url
    return checked_url(url, secret=True)


def key_context(node_id: str) -> str:
    """What a host's key is sealed for."""
    return f"compute.pool_node.key:{node_id}"


def open_host(
    platform: Platform, node_id: str, address: str, port: int, user: str, host_key: str, key: bytes, root: str
) -> SshExecutor:
    """An executor on a host; its key and host key lie in files of ours while the platform runs."""
    folder = platform.data_dir / "compute" / "ssh"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key_file, known = folder / f"{node_id}.key", folder / f"{node_id}.known"
    _write(key_file, key.rstrip() + b"\n")
    _write(known, f"{known_name(address, port)} {host_key}\n".encode())
    return SshExecutor(SshHost(address, user, key_file, known, port, root=root), folder)


def known_name(address: str, port: int) -> str:
    """How a host is called in a known_hosts file."""
    return address if port == 22 else f"[{address}]:{port}"


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)


def secret_context(pool_id: str) -> str:
    """What a pool's secret is sealed for."""
    return f"compute.executor_pool.secret:{pool_id}"


def secret_of(platform: Platform, pool: ExecutorPool) -> str:
    """The secret of a pool; empty where it has none."""
    sealed = pool.sealed_secret
    return "" if sealed is None else platform.vault.decrypt(sealed, secret_context(pool.id)).decode()
