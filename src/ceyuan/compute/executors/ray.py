"""Ray: each run is a submitted job whose entrypoint is our supervisor, on a folder that the nodes share with us.

A key is submitted once: it is the job's `submission_id`, and Ray refuses a second one of the name
(docs.ray.io, Ray Jobs REST API). The supervisor executes a key at most once, come what may. A run of several nodes
is a job that reserves them as a placement group, all or none, and starts a rank on each (see `on_ray` and `gang`).
"""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.executors import agent, gang, on_ray
from ceyuan.compute.executors.interface import ClusterNode, ExecutorFault, Launch, Machine, Run
from ceyuan.compute.executors.shared import ClusterExecutor

_PULSE_S = 20.0
"""A supervisor that wrote so recently is at work, even while the head does not answer."""
_SETTLE_S = 2.0
"""How long the shared folder may take to show here what was written there."""
_LOOKS = 8
"""Looks at a job whose supervisor has ended until Ray has closed it."""
_ENDED = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
_LABEL = "ray.io/node-id"
_SHOWN = ("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ASCEND_RT_VISIBLE_DEVICES")
"""Variables by which Ray shows a job the accelerators that it allotted."""


@dataclass(frozen=True, slots=True)
class RayCluster:
    """A cluster: the address of its dashboard with the cluster's token (empty: none is asked), the shared folder of
    the runs, Python on the nodes, and the resource under which the nodes offer an accelerator (`h800` -> `GPU`)."""

    url: str
    root: Path
    token: str = field(default="", repr=False)
    python: str = "python3"
    authority: str = ""
    resources: Mapping[str, str] = field(default_factory=dict)


class RayExecutor(ClusterExecutor):
    """Runs on one cluster."""

    def __init__(self, cluster: RayCluster) -> None:
        from ceyuan.compute.executors.calling import Service

        super().__init__(cluster.root)
        self.cluster = cluster
        headers = {"Authorization": f"Bearer {cluster.token}"} if cluster.token else {}
        self._service = Service(cluster.url, headers, cluster.authority)

    async def close(self) -> None:
        """End kept connections."""
        await self._service.close()

    async def _rows(self) -> list[dict[str, Any]]:
        number, answer = await self._service.call("GET", "/api/v0/nodes?detail=1&limit=10000")
        try:
            rows: list[dict[str, Any]] = answer["data"]["result"]["result"]
        except (TypeError, KeyError) as error:
            raise ExecutorFault("unreachable", f"no Ray dashboard answers there (HTTP {number})") from error
        return [row for row in rows if row["state"] == "ALIVE"]

    async def nodes(self) -> list[ClusterNode]:
        """The cluster's nodes; those that died are not told any more."""
        found = []
        for row in await self._rows():
            offered = row.get("resources_total") or {}
            kind, count = self._accelerators(offered)
            memory = float(offered.get("memory", 0)) / 2**30
            found.append(ClusterNode(_name(row), int(offered.get("CPU", 0)), memory, kind, count))
        return found

    def _accelerators(self, offered: Mapping[str, float]) -> tuple[str, int]:
        # Ray names the kind of a node's accelerators by a resource of its own: accelerator_type:H100.
        for resource in offered:
            kind = resource.partition("accelerator_type:")[2].lower().replace("-", "_")
            if kind in ACCELERATORS:
                return kind, int(offered.get(self._resource_of(kind), 0))
        for kind, resource in self.cluster.resources.items():
            if resource in offered:
                return kind, int(offered[resource])
        return "", 0

    def _resource_of(self, accelerator: str) -> str:
        if accelerator in self.cluster.resources:
            return self.cluster.resources[accelerator]
        vendor = ACCELERATORS[accelerator].vendor if accelerator in ACCELERATORS else ""
        names = {"ascend": "NPU"} | dict.fromkeys(("nvidia", "amd", "metax", "iluvatar", "moorethreads"), "GPU")
        if vendor not in names:
            raise ExecutorFault("refused", f"the pool does not say how the cluster offers {accelerator}")
        return names[vendor]

    async def probe(self) -> Machine:
        """The cluster as one machine: sums of its nodes."""
        running = await asyncio.to_thread(agent.running, str(self.root))
        return self.as_one(await self.nodes(), running, self.cluster.python)

    async def submit(self, key: str, launch: Launch) -> Run:
        """Submit a run under a key, once."""
        folder = self.root / self.checked(key)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        launch = replace(launch, passes=_SHOWN if launch.accelerators else ())
        launch = await asyncio.to_thread(self.ganged, launch, folder, self.cluster.python)
        await self.accept(key, launch)
        if self.written(key)[0] == "accepted":
            number, answer = await self._service.call("POST", "/api/jobs/", await self._job(key, folder, launch))
            # A name that is taken is answered with 500 and a sentence.
            if number != 200 and "already exists" not in str(answer):
                code = "refused" if number == 400 else "unreachable"
                raise ExecutorFault(code, f"Ray answers {number}: {_last_line(answer)}")
        return await self.status(key)

    async def _job(self, key: str, folder: Path, launch: Launch) -> dict[str, Any]:
        programs = [await asyncio.to_thread(self.place_file, Path(str(one.__file__))) for one in (on_ray, gang, agent)]
        starter, ranks, supervisor = (str(program) for program in programs)
        labels = [{_LABEL: one} for one in await self._node_ids(launch.where)]
        held = self._held(launch)
        body: dict[str, Any] = {"submission_id": key, "metadata": {"made_by": "ceyuan"}}
        if launch.nodes > 1:
            bundles = {"bundles": [held] * launch.nodes, "labels": labels}
            await asyncio.to_thread(agent.write, str(folder / "bundles.json"), bundles)
            words = [starter, ranks, supervisor, str(folder)]
        else:
            words = [supervisor, "supervise", str(folder), "preempted"]
            body["entrypoint_num_cpus"] = held.pop("CPU")
            if labels:
                body["entrypoint_label_selector"] = labels[0]
            for ours, theirs in (("memory", "entrypoint_memory"), ("GPU", "entrypoint_num_gpus")):
                if ours in held:
                    body[theirs] = held.pop(ours)
            if held:
                body["entrypoint_resources"] = held
        body["entrypoint"] = f"exec {shlex.join([self.cluster.python, '-I', *words])}"
        return body

    def _held(self, launch: Launch) -> dict[str, int]:
        """What is reserved on each node, by Ray's names."""
        held = {"CPU": launch.cpus}
        if launch.memory_mb:
            held["memory"] = launch.memory_mb * 1_000_000
        if launch.accelerators:
            held[self._resource_of(launch.accelerator)] = launch.accelerators
        return held

    async def _node_ids(self, names: str) -> list[str]:
        """Ray's ids of the nodes with these names."""
        if not names:
            return []
        known = {_name(row): str(row["node_id"]) for row in await self._rows()}
        wanted = names.split(",")
        if missing := [name for name in wanted if name not in known]:
            raise ExecutorFault("refused", f"the cluster has no node {missing[0]}")
        return [known[name] for name in wanted]

    async def _told(self, key: str) -> dict[str, Any] | None:
        """Ray's own record of a run; `None` if it has none."""
        number, answer = await self._service.call("GET", f"/api/jobs/{key}")
        if number == 404:
            return None
        if number != 200 or not isinstance(answer, dict):
            raise ExecutorFault("unreachable", f"Ray answers {number}: {_last_line(answer)}")
        return answer

    async def status(self, key: str) -> Run:
        """How a run stands: what its supervisor wrote, and what Ray says where it wrote nothing."""
        phase, run = self.written(self.checked(key))
        if phase == "absent":
            return run
        if phase == "ended":
            return replace(run, accounting=await self._accounting(key))
        try:
            told = await self._told(key)
        except ExecutorFault:
            if run.ended_at is not None and time.time() - run.ended_at < _PULSE_S:
                return replace(run, ended_at=None)
            raise
        if told is None and phase == "accepted":
            return Run(key, "absent")
        if told is not None and told["status"] not in _ENDED:
            return replace(run, ended_at=None)
        return await self._ended(key, told or {})

    async def _ended(self, key: str, told: Mapping[str, Any]) -> Run:
        """Ray says that it is over: wait for the supervisor's last word, else write down what Ray says."""
        until = time.monotonic() + _SETTLE_S
        while (said := self.written(key))[0] != "ended" and time.monotonic() < until:
            await asyncio.sleep(0.1)
        phase, run = said
        if phase != "ended":
            # With an exit code the entrypoint, our supervisor, died; without one its node did, or it never began.
            asked = agent.read(str(self.root / key / "cancel")).get("reason")
            lost = told.get("driver_exit_code") is None or asked == "unreachable"
            reason = "unreachable" if lost else "supervisor"
            result = {"state": "lost", "reason": reason, "seconds": run.seconds, "started_at": run.started_at}
            result |= {"ended_at": run.ended_at, "cpu_seconds": run.cpu_seconds, "peak_mb": run.peak_mb}
            with (self.root / key / "output.log").open("ab") as output:
                output.write(f"{told.get('message') or ''}\n".encode() if phase == "accepted" else b"")
            agent.write(str(self.root / key / "result.json"), result)
            run = Run.of({"key": key, **result})
        return replace(run, accounting=await self._accounting(key))

    async def _accounting(self, key: str) -> dict[str, Any] | None:
        """What Ray says of an ended run, asked once and kept. Its times are those of the job, with its waiting."""
        path = str(self.root / key / "accounting.json")
        if kept := agent.read(path):
            return kept
        try:
            told = await self._told(key)
            for _look in range(_LOOKS):
                if told is None or told["status"] in _ENDED:
                    break
                await asyncio.sleep(_SETTLE_S / _LOOKS)
                told = await self._told(key)
            else:
                return None
        except ExecutorFault:
            return None
        begun, over = ((told or {}).get(name) for name in ("start_time", "end_time"))
        found = {
            "source": "ray" if told else "none",
            "job": key,
            "state": (told or {}).get("status", ""),
            "nodes": (told or {}).get("driver_node_id") or "",
            "elapsed_s": (over - begun) / 1000 if begun and over else None,
        }
        agent.write(path, found)
        return found

    async def cancel(self, key: str, reason: str = "cancelled") -> Run:
        """Ask a run to end: one that waits is withdrawn, one that runs is told by its supervisor."""
        phase, run = self.written(self.checked(key))
        if phase in ("absent", "ended"):
            return run
        await asyncio.to_thread(agent.ask_to_end, str(self.root / key), reason)
        if phase == "accepted":
            told = await self._told(key)
            if (told is None or told["status"] != "RUNNING") and self.withdraw(key, reason):
                await self._service.call("POST", f"/api/jobs/{key}/stop")
        return await self.status(key)

    async def forget(self, key: str) -> None:
        """Remove what an ended run left, here and in Ray's records."""
        known = self.written(self.checked(key))[0] != "absent"
        await super().forget(key)
        if known:
            await self._service.call("DELETE", f"/api/jobs/{key}")


def _name(row: Mapping[str, Any]) -> str:
    """A node's name: nodes may share an address, and ids are long."""
    return f"{row['node_ip']}.{row['node_id'][:12]}"


def _last_line(answer: Any) -> str:
    lines = str(answer).strip().splitlines()
    return next((line for line in reversed(lines) if len(line.strip(" .")) > 3), "")[:300]
