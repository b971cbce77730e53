"""An emulated Kubernetes API server, with the parts of a cluster that the executor rests on.

It keeps Job and Pod objects under resource versions, answers with the API's status codes, plays the Job controller
(suspension, indexed Jobs, no retries), a scheduler (node affinity, anti-affinity, processors) and a kubelet that runs
the containers' commands as local processes: TERM, grace, KILL, deadlines, exit codes. It is not Kubernetes: nothing is
admitted by webhooks, defaulted as a whole, or kept from anybody; volumes are this machine's folders, at the same paths.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import os
import signal
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from ceyuan.compute.executors.kubernetes_objects import INDEX, KubernetesCluster

TOKEN = "kube-token-of-the-tests"
_PROBLEMS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "AlreadyExists",
    415: "UnsupportedMediaType",
    422: "Invalid",
}
POLICY = {
    "metadata": {"name": "ceyuan-no-network"},
    "spec": {"podSelector": {"matchLabels": {"ceyuan/network": "none"}}, "policyTypes": ["Ingress", "Egress"]},
}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(thing: Any, status: int = 200) -> web.Response:
    # Without a charset, as the API server writes it.
    return web.Response(body=json.dumps(thing).encode(), status=status, content_type="application/json")


def _problem(code: int, text: str) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": _PROBLEMS[code]}
    return _json(body | {"message": text}, status=code)


def node(name: str, cpus: int = 8, labels: dict[str, str] | None = None, **extended: int) -> dict[str, Any]:
    """A node; `extended` are resources with `_` for `.` and `__` for `/`: nvidia_com__gpu=8."""
    allocatable = {"cpu": str(cpus), "memory": "4Gi"}
    allocatable |= {k.replace("__", "/").replace("_", "."): str(v) for k, v in extended.items()}
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {},
        "status": {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": "True"}]},
    }


class KubeLab:
    """Started on loopback; `cluster()` is how to reach it. Attributes may be changed while it runs."""

    def __init__(self, share: Path) -> None:
        self.share = share
        self.nodes = [node("kn1"), node("kn2")]
        self.policies: dict[str, Any] = {}
        self.claims: set[str] = set()
        self.forbidden: set[str] = set()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.pods: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, bytes] = {}
        self.down = False
        self.created = 0
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._version = 0
        self._runner: web.AppRunner | None = None
        self.port = 0

    def cluster(self, **fields: Any) -> KubernetesCluster:
        root = self.share / "kubernetes"
        given = {
            "image": "python:3.12",
            "host_path": str(self.share),
            "settle_s": 0.3,
            "fresh_s": 0.05,
            "run_as": os.getuid(),
        }
        url = f"http://127.0.0.1:{self.port}"
        return KubernetesCluster(url, TOKEN, root, self.share, **(given | fields))  # type: ignore[arg-type]

    async def start(self) -> KubeLab:
        app = web.Application(middlewares=[self._guard])
        jobs, pods = "/apis/batch/v1/namespaces/{space}/jobs", "/api/v1/namespaces/{space}/pods"
        app.router.add_post(jobs, self._create)
        app.router.add_get(jobs, self._list_of(self.jobs, "batch/v1", "JobList"))
        app.router.add_get(jobs + "/{name}", self._get_of(self.jobs))
        app.router.add_patch(jobs + "/{name}", self._patch)
        app.router.add_delete(jobs + "/{name}", self._delete)
        app.router.add_get(pods, self._list_of(self.pods, "v1", "PodList"))
        app.router.add_get(pods + "/{name}", self._get_of(self.pods))
        app.router.add_get(pods + "/{name}/log", self._log)
        app.router.add_get("/api/v1/nodes", self._list_nodes)
        app.router.add_get("/api/v1/namespaces/{space}/persistentvolumeclaims/{name}", self._claim)
        app.router.add_get("/apis/networking.k8s.io/v1/namespaces/{space}/networkpolicies/{name}", self._policy)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        for name in list(self.pods):
            await self._remove_pod(name, 0)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._runner is not None
        await self._runner.cleanup()

    # What an administrator, Kueue and fate do

    def admit(self, name: str) -> None:
        """End a Job's suspension, as Kueue does when there is quota."""
        self.jobs[name]["spec"]["suspend"] = False
        self._touch(self.jobs[name])
        self._reconcile(name)

    async def evict(self, name: str) -> None:
        """Suspend a Job again: its pods are deleted with their grace."""
        self.jobs[name]["spec"]["suspend"] = True
        self._touch(self.jobs[name])
        for pod in self._pods_of(name):
            await self._remove_pod(pod)

    async def lose(self, node_name: str) -> None:
        """A node dies with all that runs there; after a while its pods are given up (taint eviction)."""
        self._node(node_name)["status"]["conditions"] = [{"type": "Ready", "status": "Unknown"}]
        for name, pod in list(self.pods.items()):
            if pod["spec"].get("nodeName") == node_name and pod["status"]["phase"] == "Running":
                pod["status"]["conditions"] = [
                    {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
                ]
                with contextlib.suppress(ProcessLookupError):
                    _end(self._processes[name].pid, signal.SIGKILL)

    # The API

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.down:
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _problem(401, "Unauthorized")
        if any(request.path.split("?")[0].rstrip("/").endswith(word) for word in self.forbidden):
            return _problem(403, f'User "ceyuan" cannot use {request.path}')
        if request.match_info.get("space", "default") != "default" and request.method == "POST":
            return _problem(404, f'namespaces "{request.match_info["space"]}" not found')
        answer: web.StreamResponse = await handler(request)
        return answer

    def _touch(self, thing: dict[str, Any]) -> None:
        self._version += 1
        thing["metadata"]["resourceVersion"] = str(self._version)

    async def _create(self, request: web.Request) -> web.Response:
        job = await request.json()
        name = job["metadata"]["name"]
        pod = job["spec"]["template"]["spec"]
        if len(name) > 63 or name != name.lower():
            return _problem(422, f'Job.batch "{name}" is invalid: metadata.name')
        if pod.get("restartPolicy") not in ("Never", "OnFailure"):
            return _problem(422, f'Job.batch "{name}" is invalid: spec.template.spec.restartPolicy: Required value')
        if name in self.jobs:
            return _problem(409, f'jobs.batch "{name}" already exists')
        labels = {"batch.kubernetes.io/job-name": name, "job-name": name}
        job["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": _now()}
        job["spec"]["template"]["metadata"].setdefault("labels", {}).update(labels)
        job["status"] = {}
        self._touch(job)
        if request.query.get("dryRun") != "All":
            self.created += 1
            self.jobs[name] = job
            self._reconcile(name)
        return _json(job, status=201)

    def _list_of(self, things: dict[str, dict[str, Any]], version: str, kind: str) -> Any:
        async def listed(request: web.Request) -> web.Response:
            words = [pair.split("=", 1) for pair in request.query.get("labelSelector", "").split(",") if pair]
            found = [
                thing
                for thing in things.values()
                if all(thing["metadata"].get("labels", {}).get(k) == v for k, v in words)
            ]
            start, most = int(request.query.get("continue") or 0), int(request.query.get("limit") or 500)
            meta = {"resourceVersion": str(self._version)}
            if start + most < len(found):
                meta["continue"] = str(start + most)
            items = found[start : start + most]
            return _json({"apiVersion": version, "kind": kind, "metadata": meta, "items": items})

        return listed

    def _get_of(self, things: dict[str, dict[str, Any]]) -> Any:
        async def got(request: web.Request) -> web.Response:
            name = request.match_info["name"]
            return _json(things[name]) if name in things else _problem(404, f'"{name}" not found')

        return got

    async def _patch(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if request.content_type != "application/merge-patch+json":
            return _problem(415, "only merge patches are emulated")
        if name not in self.jobs:
            return _problem(404, f'jobs.batch "{name}" not found')
        wanted = (await request.json()).get("spec", {}).get("suspend")
        if wanted:
            await self.evict(name)
        else:
            self.admit(name)
        return _json(self.jobs[name])

    async def _delete(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        job = self.jobs.pop(name, None)
        if job is None:
            return _problem(404, f'jobs.batch "{name}" not found')
        if request.query.get("propagationPolicy") != "Orphan":
            for pod in self._pods_of(name):
                self._keep(self._remove_pod(pod))
        return _json({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    async def _log(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.pods:
            return _problem(404, f'pods "{name}" not found')
        if name not in self.logs:
            return _problem(400, f'container "run" in pod "{name}" is waiting to start')
        lines = self.logs[name].splitlines(keepends=True)[-int(request.query.get("tailLines", "100000")) :]
        return web.Response(body=b"".join(lines), content_type="text/plain")

    async def _list_nodes(self, request: web.Request) -> web.Response:
        held = {one["metadata"]["name"]: one for one in self.nodes}
        answer: web.Response = await self._list_of(held, "v1", "NodeList")(request)
        return answer

    async def _claim(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.claims:
            return _problem(404, f'persistentvolumeclaims "{name}" not found')
        return _json({"metadata": {"name": name}, "spec": {}})

    async def _policy(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return _json(self.policies[name]) if name in self.policies else _problem(404, f'"{name}" not found')

    # Controller, scheduler, kubelet

    def _node(self, name: str) -> dict[str, Any]:
        return next(one for one in self.nodes if one["metadata"]["name"] == name)

    def _pods_of(self, job: str) -> list[str]:
        return [name for name, pod in self.pods.items() if pod["metadata"]["labels"]["job-name"] == job]

    def _reconcile(self, name: str) -> None:
        job = self.jobs.get(name)
        ended = job is not None and job["status"].get("conditions")
        if job is None or ended or job["spec"].get("suspend") or self._pods_of(name):
            return
        for index in range(job["spec"].get("parallelism", 1)):
            template = copy.deepcopy(job["spec"]["template"])
            if job["spec"].get("completionMode") == "Indexed":
                template["metadata"]["labels"][INDEX] = str(index)
            pod = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    **template["metadata"],
                    "name": f"{name}-{index}-{uuid.uuid4().hex[:5]}",
                    "namespace": "default",
                    "creationTimestamp": _now(),
                },
                "spec": template["spec"],
                "status": {"phase": "Pending"},
            }
            self._touch(pod)
            self.pods[pod["metadata"]["name"]] = pod
        self._schedule()

    def _schedule(self) -> None:
        for name, pod in self.pods.items():
            if pod["status"]["phase"] == "Pending" and "nodeName" not in pod["spec"]:
                chosen = next((one for one in self.nodes if self._fits(pod, one)), None)
                if chosen is not None:
                    pod["spec"]["nodeName"] = chosen["metadata"]["name"]
                    self._keep(self._run(name))
                else:
                    text = f"0/{len(self.nodes)} nodes are available: insufficient resources."
                    pod["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "message": text}]
                self._touch(pod)

    def _fits(self, pod: dict[str, Any], one: dict[str, Any]) -> bool:
        name = one["metadata"]["name"]
        firmly, affinity = "requiredDuringSchedulingIgnoredDuringExecution", pod["spec"].get("affinity", {})
        terms = affinity.get("nodeAffinity", {}).get(firmly, {}).get("nodeSelectorTerms", [])
        if any(len(field["values"]) != 1 for term in terms for field in term["matchFields"]):
            return False  # the API takes exactly one name for a field
        if terms and not any(all(name in field["values"] for field in term["matchFields"]) for term in terms):
            return False
        if one["status"]["conditions"][0]["status"] != "True" or one["spec"].get("unschedulable"):
            return False
        there = [p for p in self.pods.values() if p["spec"].get("nodeName") == name]
        live = [p for p in there if p["status"]["phase"] in ("Pending", "Running")]
        for rule in affinity.get("podAntiAffinity", {}).get(firmly, []):
            kept = rule["labelSelector"]["matchLabels"].items()
            if any(kept <= p["metadata"]["labels"].items() for p in live):
                return False
        for resource, wanted in pod["spec"]["containers"][0]["resources"]["requests"].items():
            if resource == "memory":
                continue
            held = sum(float(p["spec"]["containers"][0]["resources"]["requests"].get(resource, 0)) for p in live)
            if held + float(wanted) > float(one["status"]["allocatable"].get(resource, 0)):
                return False
        return True

    def _keep(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _state(self, pod: dict[str, Any], phase: str, **state: Any) -> None:
        held = {"name": "run", "image": pod["spec"]["containers"][0]["image"], "imageID": "", "restartCount": 0}
        pod["status"] |= {"phase": phase, "containerStatuses": [{**held, "ready": phase == "Running", "state": state}]}
        self._touch(pod)

    def _mounts_hold(self, spec: dict[str, Any]) -> bool:
        """Whether the command's own words lie under the volume's mounts, each at the path that it has here."""
        mounts = spec["containers"][0]["volumeMounts"]
        base = Path(spec["volumes"][0].get("hostPath", {}).get("path") or self.share)
        if any(str(base / mount["subPath"]) != mount["mountPath"] for mount in mounts):
            return False
        words = [word for word in spec["containers"][0]["command"] if word.startswith(str(self.share))]
        return all(any(Path(word).is_relative_to(mount["mountPath"]) for mount in mounts) for word in words)

    async def _run(self, name: str) -> None:
        pod = self.pods[name]
        spec = pod["spec"]
        image = spec["containers"][0]["image"]
        if " " in image:
            self._state(pod, "Pending", waiting={"reason": "InvalidImageName", "message": f"no image: {image}"})
            return
        if not self._mounts_hold(spec):
            self._state(pod, "Pending", waiting={"reason": "CreateContainerConfigError", "message": "mounts"})
            return
        begun, path = _now(), self.share / f"{name}.log"
        with path.open("wb") as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *spec["containers"][0]["command"],
                    stdout=output,
                    stderr=output,
                    env={"PATH": os.environ["PATH"], "KUBERNETES_SERVICE_HOST": "10.0.0.1", **_index_of(pod)},
                    start_new_session=True,
                )
            except OSError as error:
                ended = {"exitCode": 128, "reason": "StartError", "message": str(error), "finishedAt": begun}
                self._finish(pod, ended)
                return
        self._processes[name] = process
        self._state(pod, "Running", running={"startedAt": begun})
        limit = spec.get("activeDeadlineSeconds")
        try:
            await asyncio.wait_for(process.wait(), limit)
        except TimeoutError:
            pod["status"] |= {"reason": "DeadlineExceeded", "message": "Pod was active longer than allowed"}
            _end(process.pid, signal.SIGKILL)
            await process.wait()
        _end(process.pid, signal.SIGKILL)
        self.logs[name] = path.read_bytes()
        path.unlink()
        code = process.returncode or 0
        ended = {"exitCode": code if code >= 0 else 128 - code, "reason": "Completed" if code == 0 else "Error"}
        self._finish(pod, ended | {"startedAt": begun, "finishedAt": _now()})

    def _finish(self, pod: dict[str, Any], ended: dict[str, Any]) -> None:
        good = ended["exitCode"] == 0
        self._state(pod, "Succeeded" if good else "Failed", terminated=ended)
        job = self.jobs.get(pod["metadata"]["labels"]["job-name"])
        whole = [self.pods[one]["status"]["phase"] for one in self._pods_of(pod["metadata"]["labels"]["job-name"])]
        over = not good or set(whole) == {"Succeeded"}
        if job is not None and not job["spec"].get("suspend") and over and not job["status"].get("conditions"):
            reason = {} if good else {"reason": "BackoffLimitExceeded"}
            job["status"]["conditions"] = [{"type": "Complete" if good else "Failed", "status": "True", **reason}]
            self._touch(job)
        self._schedule()

    async def _remove_pod(self, name: str, grace: float | None = None) -> None:
        """TERM, grace, KILL, and the object is gone."""
        pod, process = self.pods.get(name), self._processes.get(name)
        if pod is None:
            return
        if process is not None and process.returncode is None:
            pod["metadata"]["deletionTimestamp"] = _now()
            patience = pod["spec"].get("terminationGracePeriodSeconds", 30) if grace is None else grace
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            until = time.monotonic() + patience
            while process.returncode is None and time.monotonic() < until:
                await asyncio.sleep(0.02)
            if process.returncode is None:
                _end(process.pid, signal.SIGKILL)
                await process.wait()
        self.pods.pop(name, None)
        self._schedule()


def _index_of(pod: dict[str, Any]) -> dict[str, str]:
    index = pod["metadata"]["labels"].get(INDEX)
    return {} if index is None else {"JOB_COMPLETION_INDEX": index}


def _end(session: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, number)
