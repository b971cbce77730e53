"""Kubernetes: each run is a Job whose only container is our supervisor, on a volume that the cluster shares with us.

A key is submitted once: the Job's name is made of it, and a second creation is answered with 409. Kubernetes may start
a Job's pod twice (kubernetes.io/docs/concepts/workloads/controllers/job); the supervisor executes a key at most once,
come what may. A run of several nodes is an indexed Job with a pod on each (see `gang`). The containers see the run's
own folders only, and what they write there of their own time is believed only as far as the cluster's books agree.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ceyuan.compute.executors import agent, gang
from ceyuan.compute.executors.addresses import checked_url
from ceyuan.compute.executors.interface import ClusterNode, ExecutorFault, Launch, Machine, Run
from ceyuan.compute.executors.kubernetes_objects import (
    KEY,
    NETWORK,
    OURS,
    RUN,
    KubernetesCluster,
    Sight,
    job_name,
    job_of,
    node_of,
    passes_of,
    sight_of,
)
from ceyuan.compute.executors.shared import ClusterExecutor

_PULSE_S = 20.0
"""A supervisor that wrote so recently is at work, even while the API server does not answer."""
_LOOKS = 12
"""Looks at a container whose supervisor has ended until it has ended too."""
_AGREE_S = 3.0
"""Seconds by which supervisor and cluster may differ: the API's times are whole seconds."""
_POLICY = "ceyuan-no-network"
_T = TypeVar("_T")


class KubernetesExecutor(ClusterExecutor):
    """Runs in one namespace of one cluster."""

    def __init__(self, cluster: KubernetesCluster) -> None:
        super().__init__(cluster.root)
        self.cluster = cluster
        self._client: Any = None
        self._seen: dict[str, Sight] = {}
        self._seen_at = float("-inf")
        self._asking = asyncio.Lock()

    def _open(self) -> Any:
        if self._client is None:
            from ceyuan.compute.executors.calling import CheckedTransport

            try:
                from lightkube import AsyncClient, KubeConfig
                from lightkube.config.models import Cluster, User
            except ImportError as error:
                raise ExecutorFault("refused", "lightkube is missing: pip install 'ceyuan[kubernetes]'") from error
            try:
                url = checked_url(self.cluster.url, secret=True)
            except ValueError as error:
                raise ExecutorFault("refused", str(error)) from error
            config = KubeConfig.from_one(
                cluster=Cluster(server=url), user=User(token=self.cluster.token), namespace=self.cluster.namespace
            )
            transport = CheckedTransport(self.cluster.authority)
            self._client = AsyncClient(config, trust_env=False, transport=transport, lazy=False)
        return self._client

    async def _call(self, ask: Callable[[Any], Awaitable[_T]]) -> _T:
        """Speak with the API server: `gone` and `taken` for 404 and 409, `refused` for what it will never accept."""
        client = self._open()
        from httpx2 import HTTPError, HTTPStatusError

        try:
            return await ask(client)
        except HTTPStatusError as error:
            number = error.response.status_code
            names = {404: "gone", 409: "taken", 400: "refused", 422: "refused"}
            text = f"the API server answers {number}: {error.response.text}"[:300]
            with contextlib.suppress(ValueError, AttributeError):
                text = f"the API server answers {number}: {error.response.json()['message']}"[:300]
            raise ExecutorFault(names.get(number, "unreachable"), text) from error
        except (HTTPError, OSError, ValueError) as error:
            raise ExecutorFault("unreachable", f"{type(error).__name__}: {error}"[:300]) from error

    async def close(self) -> None:
        """End kept connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def nodes(self) -> list[ClusterNode]:
        """The nodes that the pool's labels select."""
        from lightkube.resources.core_v1 import Node

        async def ask(client: Any) -> list[ClusterNode]:
            found = client.list(Node, labels=dict(self.cluster.select) or None)
            return [node_of(self.cluster, node.to_dict()) async for node in found]

        return await self._call(ask)

    async def check(self) -> None:
        """Try what every run needs: its volume, and the right to create Jobs (a creation that is not kept)."""
        from lightkube.resources.batch_v1 import Job
        from lightkube.resources.core_v1 import PersistentVolumeClaim

        if self.cluster.claim:
            await self._call(lambda client: client.get(PersistentVolumeClaim, self.cluster.claim))
        trial = job_of(self.cluster, "trial", Launch(("true",)), self._programs())
        try:
            await self._call(lambda client: client.create(Job.from_dict(trial), dry_run=True))
        except ExecutorFault as fault:
            if fault.code != "taken":
                raise

    async def keeps_off_the_network(self) -> bool:
        """Whether the namespace has the policy that lets pods marked `ceyuan/network: none` reach nobody."""
        from lightkube.resources.networking_v1 import NetworkPolicy

        try:
            found = await self._call(lambda client: client.get(NetworkPolicy, _POLICY))
        except ExecutorFault:
            return False
        spec = found.to_dict().get("spec", {})
        marked = spec.get("podSelector", {}).get("matchLabels") == {NETWORK: "none"}
        both = {"Ingress", "Egress"} <= set(spec.get("policyTypes", []))
        return marked and both and not spec.get("egress") and not spec.get("ingress")

    async def probe(self) -> Machine:
        """The cluster as one machine: sums of its nodes that are up."""
        nodes = await self.nodes()
        await self._look()
        running = sum(sight.phase == "running" for sight in self._seen.values())
        return self.as_one(nodes, running, self.cluster.python)

    async def submit(self, key: str, launch: Launch) -> Run:
        """Submit a run under a key, once."""
        from lightkube.resources.batch_v1 import Job

        folder = self.root / self.checked(key)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        launch = self.ganged(replace(launch, passes=passes_of(launch)), folder, self.cluster.python)
        manifest = job_of(self.cluster, key, launch, self._programs())
        await self.accept(key, launch)
        if self.written(key)[0] == "accepted":
            try:
                await self._call(lambda client: client.create(Job.from_dict(manifest)))
            except ExecutorFault as known:
                if known.code != "taken":
                    raise
                await self._require_ours(key)
            self._seen_at = float("-inf")
        return await self.status(key)

    def _programs(self) -> tuple[Path, Path]:
        """The supervisor, and what joins several nodes, where the pods see them."""
        return self.place_file(Path(agent.__file__)), self.place_file(Path(gang.__file__))

    async def _require_ours(self, key: str) -> None:
        from lightkube.resources.batch_v1 import Job

        held = await self._call(lambda client: client.get(Job, job_name(key)))
        if (held.to_dict()["metadata"].get("annotations") or {}).get(KEY) != key:
            raise ExecutorFault("refused", f"a job {job_name(key)} that is not ours stands in its place")

    async def _look(self) -> None:
        from lightkube.resources.batch_v1 import Job
        from lightkube.resources.core_v1 import Pod

        async def ask(client: Any) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
            jobs = [one.to_dict() async for one in client.list(Job, labels=OURS)]
            return jobs, [one.to_dict() async for one in client.list(Pod, labels=OURS)]

        jobs, pods = await self._call(ask)
        self._seen = {job["metadata"]["name"]: sight_of(job, _pods_of(job, pods)) for job in jobs}
        self._seen_at = time.monotonic()

    async def _sight(self, key: str) -> Sight:
        """What the cluster says of a run, at most a moment old; a Job that is not listed is asked for by name."""
        from lightkube.resources.batch_v1 import Job
        from lightkube.resources.core_v1 import Pod

        async with self._asking:
            if time.monotonic() - self._seen_at > self.cluster.fresh_s:
                await self._look()
        name = job_name(key)
        if name in self._seen:
            return self._seen[name]

        async def ask(client: Any) -> Sight:
            job = (await client.get(Job, name)).to_dict()
            return sight_of(job, [pod.to_dict() async for pod in client.list(Pod, labels={RUN: name})])

        try:
            return await self._call(ask)
        except ExecutorFault as fault:
            if fault.code != "gone":
                raise
            return Sight("gone")

    async def status(self, key: str) -> Run:
        """How a run stands: what its supervisor wrote, and what the cluster says where it wrote nothing."""
        phase, run = self.written(self.checked(key))
        if phase == "absent":
            return run
        if phase == "ended":
            return await self._closed(key, run)
        fresh = run.ended_at is not None and time.time() - run.ended_at < _PULSE_S
        try:
            sight = await self._sight(key)
        except ExecutorFault:
            if fresh:
                return replace(run, ended_at=None)
            raise
        if sight.phase == "running" and (fresh or phase == "accepted"):
            return replace(run, ended_at=None)
        if sight.phase == "running":
            raise ExecutorFault("unreachable", f"the supervisor on {sight.node} is silent")
        if phase == "accepted" and sight.phase in ("gone", "waiting"):
            return Run(key, "absent") if sight.phase == "gone" else run
        if phase == "started" and sight.phase == "waiting" and fresh and not sight.suspended:
            return replace(run, ended_at=None)
        return await self._ended(key, sight)

    async def _ended(self, key: str, sight: Sight) -> Run:
        """The cluster says that it is over: wait for the supervisor's last word (the volume may show it late), else
        write down what the cluster says."""
        until = time.monotonic() + self.cluster.settle_s
        while (said := self.written(key))[0] != "ended" and time.monotonic() < until:
            await asyncio.sleep(0.1)
        phase, run = said
        if phase == "ended":
            return await self._closed(key, run)
        outcome, reason = (sight.outcome, sight.reason)
        if sight.phase == "waiting" and sight.suspended:
            outcome, reason = "cancelled", "preempted"
        result: dict[str, Any] = {"state": outcome, "reason": reason, "seconds": run.seconds}
        result |= {"started_at": run.started_at, "ended_at": run.ended_at, "exit_code": None}
        result |= {"cpu_seconds": run.cpu_seconds, "peak_mb": run.peak_mb}
        if reason == "not_started":
            result["exit_code"] = 127
        await self._tell(key, sight)
        agent.write(str(self.root / key / "result.json"), result)
        return await self._closed(key, Run.of({"key": key, **result}))

    async def _tell(self, key: str, sight: Sight) -> None:
        """Put into the run's output what the cluster and the container said, where the supervisor could not."""
        lines = [f"{sight.text}\n"] if sight.text else []
        if sight.pod:

            async def ask(client: Any) -> list[str]:
                return [line async for line in client.log(sight.pod, container="run", tail_lines=200)]

            # The log of a pod is asked of its kubelet: it may be gone with its node.
            with contextlib.suppress(ExecutorFault):
                lines += await self._call(ask)
        with (self.root / key / "output.log").open("ab") as output:
            output.write("".join(lines).encode())

    async def _closed(self, key: str, run: Run) -> Run:
        """An ended run with what the cluster's books say, asked once and kept; where they contradict, they count."""
        path = str(self.root / key / "accounting.json")
        books = agent.read(path)
        if not books:
            try:
                books = await self._books(key)
            except ExecutorFault:
                return run
            agent.write(path, books)
        begun, over = books.get("started_at"), books.get("ended_at")
        if begun is not None and over is not None and abs(run.seconds - (over - begun)) > _AGREE_S:
            run = replace(run, seconds=over - begun, started_at=begun, ended_at=over)
        return replace(run, accounting=books)

    async def _books(self, key: str) -> dict[str, Any]:
        """What the API server says of an ended run's container. One that goes on after its supervisor's last word is
        ended, and so is a Job that would start another."""
        sight = await self._sight(key)
        for _look in range(_LOOKS):
            if sight.phase != "running":
                break
            await asyncio.sleep(self.cluster.fresh_s / 2)
            self._seen_at = float("-inf")
            sight = await self._sight(key)
        if sight.phase in ("running", "waiting"):
            await self._delete(key)
        over = sight.finished if sight.phase != "running" else time.time()
        elapsed = over - sight.started if over is not None and sight.started is not None else None
        return {
            "source": "kubernetes" if sight.phase != "gone" else "none",
            "job": job_name(key),
            "nodes": sight.node,
            "started_at": sight.started,
            "ended_at": over,
            "elapsed_s": elapsed,
        }

    async def _delete(self, key: str) -> None:
        from lightkube.resources.batch_v1 import Job
        from lightkube.types import CascadeType

        try:
            await self._call(lambda client: client.delete(Job, job_name(key), cascade=CascadeType.BACKGROUND))
        except ExecutorFault as fault:
            if fault.code != "gone":
                raise
        self._seen_at = float("-inf")

    async def cancel(self, key: str, reason: str = "cancelled") -> Run:
        """Ask a run to end: one that waits is withdrawn, one that runs is told by its supervisor."""
        phase, run = self.written(self.checked(key))
        if phase in ("absent", "ended"):
            return run
        await asyncio.to_thread(agent.ask_to_end, str(self.root / key), reason)
        if phase == "accepted":
            self._seen_at = float("-inf")
            if (await self._sight(key)).phase != "running" and self.withdraw(key, reason):
                await self._delete(key)
        return await self.status(key)

    async def forget(self, key: str) -> None:
        """Remove what an ended run left, here and in the cluster."""
        known = self.written(self.checked(key))[0] != "absent"
        await super().forget(key)
        if known:
            await self._delete(key)


def _pods_of(job: Mapping[str, Any], pods: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    name = job["metadata"]["name"]
    return [pod for pod in pods if (pod["metadata"].get("labels") or {}).get(RUN) == name]
