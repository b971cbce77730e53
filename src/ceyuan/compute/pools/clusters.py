"""Kinds of pools behind a service of their own, and the list of all kinds. A further kind is one more entry."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.executors import ClusterNode, ExecutorFault
from ceyuan.compute.executors.addresses import checked_url
from ceyuan.compute.executors.kubernetes_objects import Cards, KubernetesCluster
from ceyuan.compute.pools.kinds import IMAGE, Found, Kind, LocalKind, SlurmKind, SshKind, secret_of
from ceyuan.compute.pools.tables import ExecutorPool, PoolNode
from ceyuan.kernel.platform import Platform

if TYPE_CHECKING:
    from ceyuan.compute.executors.kubernetes import KubernetesExecutor
    from ceyuan.compute.executors.ray import RayExecutor

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_BEGINNING = re.compile(r"[a-z0-9][A-Za-z0-9._:/@-]{0,399}")
_LABEL = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?")
Check = Callable[[Any], Any]


def matches(pattern: re.Pattern[str], most: int = 400) -> Check:
    """A check that a value is text of a pattern."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and len(value) <= most and pattern.fullmatch(value):
            return value
        raise ValueError

    return check


def whole_path(value: Any) -> str:
    """A whole path without steps upward."""
    if isinstance(value, str) and value.startswith("/") and ".." not in Path(value).parts and len(value) <= 400:
        return value
    raise ValueError


def pairs(value: Any) -> dict[str, str]:
    """Labels: names with values."""
    if not isinstance(value, dict):
        raise ValueError
    if not all(_LABEL.fullmatch(str(k)) and _VALUE.fullmatch(str(v)) for k, v in value.items()):
        raise ValueError
    return {str(name): str(one) for name, one in value.items()}


def checked(given: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, Any]:
    """The settings, each by its check; raises `ValueError` with the name of one that is unknown or wrong."""
    made = {}
    for name, value in given.items():
        try:
            made[name] = checks[name](value)
        except (KeyError, ValueError, TypeError) as error:
            told = f": {error}" if isinstance(error, ValueError) and str(error) else ""
            raise ValueError(f"{name}={str(value)[:100]!r}{told}") from error
    return made


def _user(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    raise ValueError


def _yes_or_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError


def _keys(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str) and _LABEL.fullmatch(one) for one in value):
        return value
    raise ValueError


def _beginnings(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str) and _BEGINNING.fullmatch(one) for one in value):
        return value
    raise ValueError("write a list of how references may begin")


def _certificate(value: Any) -> str:
    if isinstance(value, str) and value.strip().startswith("-----BEGIN CERTIFICATE-----") and len(value) < 100_000:
        return value.strip() + "\n"
    raise ValueError("write the PEM of the authority's certificate")


def _offered(value: Any) -> dict[str, Any]:
    """How the cluster offers accelerators: ours -> {resource, labels, parts, beside}, or the resource alone."""
    made: dict[str, Any] = {}
    for name, one in value.items():
        if name not in ACCELERATORS:
            raise ValueError(f"unknown accelerator {name}")
        held = {"resource": one} if isinstance(one, str) else dict(one)
        parts = held.pop("parts", 1)
        if not isinstance(parts, int) or not 1 <= parts <= 1000:
            raise ValueError("parts must be 1 to 1000")
        made[name] = {"resource": matches(_LABEL)(held.pop("resource")), "parts": parts}
        made[name] |= {kind: pairs(held.pop(kind, {})) for kind in ("labels", "beside")}
        if held:
            raise ValueError(f"unknown: {', '.join(held)}")
    return made


class KubernetesKind(Kind):
    """A namespace of a Kubernetes cluster whose pods see a folder of ours (see the guide for each setting)."""

    name = "kubernetes"
    title = ("Kubernetes 集群", "Kubernetes cluster")
    gangs = True
    contains = True
    secret = "must"
    _CHECKS: Mapping[str, Check] = {
        "url": lambda value: checked_url(str(value), secret=True),
        "image": matches(IMAGE),
        "authority": _certificate,
        "share": whole_path,
        "host_path": whole_path,
        "python": matches(re.compile(r"[A-Za-z0-9/._-]{1,200}")),
        "run_as": _user,
        "select": pairs,
        "tolerate": _keys,
        "accelerators": _offered,
        "images": _beginnings,
        **{
            name: matches(_NAME)
            for name in (
                "namespace",
                "claim",
                "kueue",
                "volcano",
                "scheduler",
                "priority_class",
                "runtime_class",
                "pull_secret",
            )
        },
    }

    def check_settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        made = checked(given, self._CHECKS)
        missing = [name for name in ("url", "image") if name not in made]
        if missing:
            raise ValueError(f"{' and '.join(missing)} must be given")
        if ("claim" in made) == ("host_path" in made):
            raise ValueError("the volume is either a claim or a host_path")
        return made

    def takes_image(self, pool: ExecutorPool, image: str) -> bool:
        given = pool.settings.get("images")
        return given is None or image == pool.settings["image"] or any(image.startswith(one) for one in given)

    def images(self, pool: ExecutorPool) -> list[str]:
        given = pool.settings.get("images")
        return [] if given is None else [pool.settings["image"], *given]

    def open(self, platform: Platform, pool: ExecutorPool, node: PoolNode | None) -> KubernetesExecutor:
        from ceyuan.compute.executors.kubernetes import KubernetesExecutor

        held = {"run_as": os.getuid(), **pool.settings}
        held.pop("images", None)
        ours = platform.data_dir / "compute"
        share = Path(held.pop("share", ours))
        if not ours.is_relative_to(share):
            raise ExecutorFault("refused", f"{share} does not hold the platform's folder {ours}")
        cards = {name: Cards(**one) for name, one in held.pop("accelerators", {}).items()}
        secret, root = secret_of(platform, pool), ours / "kubernetes" / pool.id
        url, image = held.pop("url"), held.pop("image")
        return KubernetesExecutor(KubernetesCluster(url, secret, root, share, image, accelerators=cards, **held))

    async def look(self, platform: Platform, pool: ExecutorPool) -> list[Found]:
        executor = self.open(platform, pool, None)
        try:
            if pool.checked_at is None:
                await executor.check()
            isolated = await executor.keeps_off_the_network()
            return [_found(node, isolated, "Kubernetes does not give it work") for node in await executor.nodes()]
        finally:
            await executor.close()


class RayKind(Kind):
    """A Ray cluster, by its job submission API; its nodes see a folder of ours.

    Settings: `url` (of the dashboard), `root` (the shared folder; left out: in the platform's data folder), `python`
    (on the nodes), `resources` (accelerator -> Ray's resource), `authority`, `bubblewrap` (it works on the nodes).
    """

    name = "ray"
    title = ("Ray 集群", "Ray cluster")
    gangs = True
    secret = "may"
    _CHECKS: Mapping[str, Check] = {
        "url": lambda value: checked_url(str(value), secret=False),
        "root": whole_path,
        "python": matches(re.compile(r"[A-Za-z0-9/._-]{1,200}")),
        "resources": pairs,
        "authority": _certificate,
        "bubblewrap": _yes_or_no,
    }

    def check_settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        made = checked(given, self._CHECKS)
        if "url" not in made:
            raise ValueError("url must be given")
        return made

    def open(self, platform: Platform, pool: ExecutorPool, node: PoolNode | None) -> RayExecutor:
        from ceyuan.compute.executors.ray import RayCluster, RayExecutor

        held = {name: value for name, value in pool.settings.items() if name != "bubblewrap"}
        secret = secret_of(platform, pool)
        root = Path(held.pop("root", platform.data_dir / "compute" / "ray" / pool.id))
        try:
            url = checked_url(held.pop("url"), secret=bool(secret))
        except ValueError as error:
            raise ExecutorFault("refused", str(error)) from error
        return RayExecutor(RayCluster(url, root, secret, **held))

    async def look(self, platform: Platform, pool: ExecutorPool) -> list[Found]:
        executor = self.open(platform, pool, None)
        isolated = bool(pool.settings.get("bubblewrap", False))
        try:
            return [_found(node, isolated, "Ray does not give it work") for node in await executor.nodes()]
        finally:
            await executor.close()


def _found(node: ClusterNode, isolated: bool, fault: str) -> Found:
    memory = int(node.memory_gib * 1024)
    told = "" if node.up else fault
    return Found(node.name, node.cpus, memory, node.accelerator, node.accelerators, isolated, node.up, told)


_ALL: tuple[Kind, ...] = (LocalKind(), SshKind(), SlurmKind(), KubernetesKind(), RayKind())
KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
