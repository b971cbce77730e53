"""A host to be added to an SSH pool, and the test that it must pass."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ceyuan.compute.accelerators import accelerator
from ceyuan.compute.executors import ExecutorFault, Machine
from ceyuan.compute.pools.errors import PoolUnreachable
from ceyuan.compute.pools.kinds import open_host
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.platform import Platform

_HOST_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) ([A-Za-z0-9+/]+={0,2})(?: .*)?")


@dataclass(frozen=True, slots=True)
class NewHost:
    """A host: how to reach it, the public key by which it proves itself, the private key that opens it, the folder of
    the runs there, and its accelerators (what a probe can see must agree)."""

    address: str
    user: str
    host_key: str
    private_key: str
    name: str = ""
    port: int = 22
    root: str = ".ceyuan/runs"
    accelerator: str = ""
    accelerators: int = 0


def trimmed_host_key(text: str) -> str:
    """Type and key of a line of `ssh-keyscan` or of a .pub file; raises `Invalid`."""
    words = text.strip().split()
    for start in (0, 1):
        found = _HOST_KEY.fullmatch(" ".join(words[start : start + 2]))
        if found:
            return f"{found[1]} {found[2]}"
    raise Invalid(
        ("主机公钥格式有误", "this is not a host's public key"),
        hint=(
            "形如 ssh-ed25519 AAAA…,可用 ssh-keyscan 取得并核对",
            "write ssh-ed25519 AAAA…; see ssh-keyscan, and compare",
        ),
        field="host_key",
    )


async def test_host(platform: Platform, node_id: str, new: NewHost, *, keep: bool) -> Machine:
    """Reach the host as it will be reached; raises `PoolUnreachable` with the cause, never with the key. Only of a host
    that passed, and is to be kept, the files with its keys stay."""
    executor = open_host(
        platform,
        node_id,
        new.address,
        new.port,
        new.user,
        trimmed_host_key(new.host_key),
        new.private_key.encode(),
        new.root,
    )
    kept = False
    try:
        machine = await executor.probe()
        _require_seen(new, len(machine.accelerators))
        kept = keep
    except ExecutorFault as fault:
        raise PoolUnreachable(
            (f"无法使用主机 {new.address}:{fault}", f"the host {new.address} cannot be used: {fault}"),
            hint=(
                "请核对地址、用户、主机公钥、私钥与对方的 Python 3.8+",
                "check address, user, host key, private key, and that Python 3.8 or newer is there",
            ),
        ) from fault
    finally:
        if not kept:
            await executor.close()
            for name in ("key", "known"):
                (platform.data_dir / "compute" / "ssh" / f"{node_id}.{name}").unlink(missing_ok=True)
    return machine


def _require_seen(new: NewHost, seen: int) -> None:
    if new.accelerators and seen < new.accelerators and accelerator(new.accelerator).vendor == "nvidia":
        raise PoolUnreachable(
            (f"主机上只看到 {seen} 张加速卡", f"only {seen} accelerators are seen on the host"),
            hint=("请填写实际数量", "say how many there are"),
            seen=seen,
        )
