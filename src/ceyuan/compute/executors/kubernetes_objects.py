"""Kubernetes' objects as we write and read them: the Job of a run, what Job and Pod say of it, a node's capacity.

Fields follow the API reference of batch/v1 and v1 (kubernetes.io/docs/reference/kubernetes-api); the queue's label is
Kueue's (kueue.sigs.k8s.io), the annotation Volcano's (volcano.sh).
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ceyuan.compute.accelerators import ACCELERATORS
from ceyuan.compute.executors.interface import ClusterNode, ExecutorFault, Launch, RunState

OURS = {"app.kubernetes.io/managed-by": "ceyuan"}
KEY, RUN, NETWORK = "ceyuan/key", "ceyuan/run", "ceyuan/network"
INDEX = "batch.kubernetes.io/job-completion-index"
"""Label of a pod of an indexed Job (kubernetes.io/docs/reference/labels-annotations-taints)."""
_OVERHEAD_MIB = 64
"""Memory of the supervisor, beside what the command may use."""
_MARGIN_S = 60
"""Our own limit comes first; the cluster's is there if the supervisor is not."""
_KEPT_S = 86_400
_NEVER = frozenset({"InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError"})
"""Reasons for which a container will not start however long one waits."""
_PULLS, _UNKNOWN = frozenset({"ErrImagePull", "ImagePullBackOff"}), ("not found", "notfound", "manifest unknown")
"""A pull is tried again and again; what its registry does not know will not come of it."""
_SHOWN = ("CUDA_*", "NVIDIA_*", "ASCEND_*", "CAMBRICON_*", "MLU_*", "HIP_*", "ROCR_*", "MUSA_*", "LD_LIBRARY_PATH")
"""Variables by which device plugins show a container its accelerators."""


@dataclass(frozen=True, slots=True)
class Cards:
    """How a cluster offers an accelerator: the extended resource, the labels of the nodes that have it, the parts into
    which a sharing layer divides one card (HAMi's deviceSplitCount), and what is asked for beside (per card)."""

    resource: str
    labels: Mapping[str, str] = field(default_factory=dict)
    parts: int = 1
    beside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KubernetesCluster:
    """A cluster: its API server with a bearer token and the PEM of its authority, the namespace, the image of the runs,
    and the volume they share with us: a claim, or a folder of every node, that is our folder `share`; the runs lie in
    `root` below it. `kueue` and `volcano` name a queue there. `run_as` owns the files (none: the image's own user).
    `settle_s`: how long the volume may take to show here what was written there; `fresh_s`: one list of Jobs and Pods
    answers all questions of so many seconds."""

    url: str
    token: str
    root: Path
    share: Path
    image: str
    namespace: str = "default"
    authority: str = ""
    claim: str = ""
    host_path: str = ""
    python: str = "python3"
    kueue: str = ""
    volcano: str = ""
    scheduler: str = ""
    priority_class: str = ""
    runtime_class: str = ""
    pull_secret: str = ""
    run_as: int | None = None
    select: Mapping[str, str] = field(default_factory=dict)
    tolerate: Sequence[str] = ()
    accelerators: Mapping[str, Cards] = field(default_factory=dict)
    settle_s: float = 3.0
    fresh_s: float = 0.7

    def cards(self, accelerator: str) -> Cards:
        """How an accelerator is asked for; raises `ExecutorFault`."""
        if accelerator in self.accelerators:
            return self.accelerators[accelerator]
        if accelerator in ACCELERATORS and ACCELERATORS[accelerator].vendor == "nvidia":
            return Cards("nvidia.com/gpu")
        raise ExecutorFault("refused", f"the pool does not say how the cluster offers {accelerator}")


def job_name(key: str) -> str:
    """The Job of a key: always the same, so that a second submission meets the first."""
    return f"ceyuan-{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def passes_of(launch: Launch) -> Sequence[str]:
    """Variables of the container that the command may see."""
    return _SHOWN if launch.accelerators else ()


def job_of(cluster: KubernetesCluster, key: str, launch: Launch, programs: tuple[Path, Path]) -> dict[str, Any]:
    """The Job that runs a key's supervisor, once, in a container that sees only the run's own folders; for several
    nodes an indexed one with as many pods. `programs`: the supervisor, and what joins several nodes."""
    name = job_name(key)
    labels = {**OURS, RUN: name}
    top = dict(labels)
    if cluster.kueue:
        top["kueue.x-k8s.io/queue-name"] = cluster.kueue
    volcano = {}
    if cluster.volcano:
        volcano["scheduling.volcano.sh/queue-name"] = cluster.volcano
        if launch.nodes > 1:
            volcano["scheduling.volcano.sh/group-min-member"] = str(launch.nodes)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": cluster.namespace, "labels": top, "annotations": {KEY: key}},
        "spec": {
            # Kueue starts a job by ending its suspension.
            "suspend": bool(cluster.kueue),
            "backoffLimit": 0,
            "completionMode": "Indexed" if launch.nodes > 1 else "NonIndexed",
            "completions": launch.nodes,
            "parallelism": launch.nodes,
            "ttlSecondsAfterFinished": _KEPT_S,
            "template": {
                "metadata": {
                    "labels": {**labels, NETWORK: "any" if launch.network else "none"},
                    "annotations": volcano,
                },
                "spec": _pod_of(cluster, key, launch, programs),
            },
        },
    }


def _pod_of(cluster: KubernetesCluster, key: str, launch: Launch, programs: tuple[Path, Path]) -> dict[str, Any]:
    folder, (agent, gang) = cluster.root / key, programs
    shown, words = [(folder, False), (agent, True)], [str(agent), "supervise", str(folder), "preempted"]
    if launch.nodes > 1:
        shown, words = [*shown, (gang, True)], [str(gang), "take", str(agent), str(folder), str(launch.nodes)]
    shown += [(Path(path), True) for path in launch.readable] + [(Path(path), False) for path in launch.writable]
    volume = {"hostPath": {"path": cluster.host_path}}
    if cluster.claim:
        volume = {"persistentVolumeClaim": {"claimName": cluster.claim}}
    security: dict[str, Any] = {"seccompProfile": {"type": "RuntimeDefault"}}
    if cluster.run_as is not None:
        security |= {"runAsUser": cluster.run_as, "fsGroupChangePolicy": "OnRootMismatch"}
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": math.ceil(launch.grace_s) + 5,
        "securityContext": security,
        "volumes": [{"name": "runs", **volume}],
        "containers": [
            {
                "name": "run",
                "image": launch.image or cluster.image,
                "command": [cluster.python, "-I", *words],
                "resources": {"limits": (amounts := _amounts(cluster, launch)), "requests": amounts},
                "volumeMounts": [_mount(cluster, path, alone) for path, alone in shown],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
        "tolerations": [{"key": key, "operator": "Exists"} for key in cluster.tolerate],
        "nodeSelector": dict(cluster.select),
    }
    if launch.wall_s:
        pod["activeDeadlineSeconds"] = math.ceil(launch.wall_s + launch.grace_s) + _MARGIN_S
    pod["affinity"] = _affinity(key, launch)
    if scheduler := cluster.scheduler or ("volcano" if cluster.volcano else ""):
        pod["schedulerName"] = scheduler
    if cluster.priority_class:
        pod["priorityClassName"] = cluster.priority_class
    if cluster.runtime_class:
        pod["runtimeClassName"] = cluster.runtime_class
    if cluster.pull_secret:
        pod["imagePullSecrets"] = [{"name": cluster.pull_secret}]
    return pod


def _affinity(key: str, launch: Launch) -> dict[str, Any]:
    """Where the pods go: to the nodes chosen, and of several to one each."""
    firmly, affinity = "requiredDuringSchedulingIgnoredDuringExecution", dict[str, Any]()
    if launch.where:
        # A list of names is allowed for labels only: each field selects one node, and terms are alternatives.
        fields = [[{"key": "metadata.name", "operator": "In", "values": [name]}] for name in launch.where.split(",")]
        affinity["nodeAffinity"] = {firmly: {"nodeSelectorTerms": [{"matchFields": one} for one in fields]}}
    if launch.nodes > 1:
        others = {"labelSelector": {"matchLabels": {RUN: job_name(key)}}, "topologyKey": "kubernetes.io/hostname"}
        affinity["podAntiAffinity"] = {firmly: [others]}
    return affinity


def _amounts(cluster: KubernetesCluster, launch: Launch) -> dict[str, str]:
    amounts = {"cpu": str(launch.cpus)}
    if launch.memory_mb:
        amounts["memory"] = f"{math.ceil(launch.memory_mb / 1.048576) + _OVERHEAD_MIB}Mi"
    if launch.accelerators:
        cards = cluster.cards(launch.accelerator)
        amounts |= {cards.resource: str(launch.accelerators), **cards.beside}
    return amounts


def _mount(cluster: KubernetesCluster, path: Path, alone: bool) -> dict[str, Any]:
    """A folder (or file) of the share at its own path, `alone`: read only. Nothing else of the share is shown."""
    try:
        inside = path.relative_to(cluster.share)
    except ValueError as error:
        raise ExecutorFault("refused", f"{path} is not in the folder that the cluster shares") from error
    return {"name": "runs", "mountPath": str(path), "subPath": os.fspath(inside), "readOnly": alone}


@dataclass(frozen=True, slots=True)
class Sight:
    """What the cluster says of a run. If it ended without our supervisor's word: `outcome` and `reason`; `text` is why
    it waits or failed. Times are those of its container."""

    phase: Literal["gone", "waiting", "running", "ended"]
    outcome: RunState = "lost"
    reason: str = "unreachable"
    text: str = ""
    suspended: bool = False
    node: str = ""
    pod: str = ""
    started: float | None = None
    finished: float | None = None
    exit_code: int | None = None


def sight_of(job: Mapping[str, Any] | None, pods: Sequence[Mapping[str, Any]]) -> Sight:
    """Read a run's Job and Pods."""
    if job is None:
        return Sight("gone")
    suspended = bool(job["spec"].get("suspend"))
    if not pods:
        for condition in job.get("status", {}).get("conditions", []):
            if condition["status"] == "True" and condition["type"] in ("Complete", "Failed"):
                return Sight("ended", text=condition.get("message", ""))
        return Sight("waiting", suspended=suspended, text="suspended until its queue admits it" if suspended else "")
    # Of several the first leads: its container is the supervisor's.
    leads = [one for one in pods if (one["metadata"].get("labels") or {}).get(INDEX, "0") == "0"]
    if not leads:
        return Sight("waiting", suspended=suspended)
    pod = max(leads, key=lambda one: str(one["metadata"].get("creationTimestamp", "")))
    status = pod.get("status", {})
    named = {"node": pod.get("spec", {}).get("nodeName", ""), "pod": pod["metadata"]["name"], "suspended": suspended}
    state: dict[str, Any] = next((one["state"] for one in status.get("containerStatuses", []) if one.get("state")), {})
    if "terminated" in state or status.get("phase") in ("Failed", "Succeeded"):
        ended = state.get("terminated", {})
        outcome, reason = _ending(status, ended, suspended)
        return Sight(
            "ended",
            outcome,
            reason,
            status.get("message") or ended.get("message") or "",
            started=_moment(ended.get("startedAt")),
            finished=_moment(ended.get("finishedAt")),
            exit_code=ended.get("exitCode"),
            **named,
        )
    if "running" in state:
        return Sight("running", started=_moment(state["running"].get("startedAt")), **named)
    waits = state.get("waiting", {})
    said = ": ".join(word for word in (waits.get("reason"), waits.get("message")) if word)
    unknown = waits.get("reason") in _PULLS and any(word in said.lower() for word in _UNKNOWN)
    if waits.get("reason") in _NEVER or unknown:
        return Sight("ended", "failed", "not_started", said, **named)
    unscheduled = [one.get("message", "") for one in status.get("conditions", []) if one["type"] == "PodScheduled"]
    return Sight("waiting", text=said or "".join(unscheduled), **named)


def _ending(status: Mapping[str, Any], ended: Mapping[str, Any], suspended: bool) -> tuple[RunState, str]:
    for condition in status.get("conditions", []):
        # kubernetes.io/docs/concepts/workloads/pods/disruptions: why the cluster itself ended a pod.
        if condition["type"] == "DisruptionTarget" and condition["status"] == "True":
            taken = condition.get("reason") == "PreemptionByScheduler"
            return ("cancelled", "preempted") if taken else ("lost", "unreachable")
    if suspended:
        return "cancelled", "preempted"
    if status.get("reason") == "DeadlineExceeded":
        return "failed", "time"
    if status.get("reason") == "Evicted":
        return "lost", "unreachable"
    if ended.get("reason") == "OOMKilled":
        return "failed", "memory"
    if ended.get("reason") in ("StartError", "ContainerCannotRun"):
        return "failed", "not_started"
    return "lost", "supervisor"


def _moment(text: Any) -> float | None:
    return datetime.fromisoformat(str(text)).timestamp() if text else None


def amount(text: str) -> float:
    """A quantity (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity): `7910m`, `3Gi`, `8`."""
    for number, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1):
        if text.endswith(suffix):
            return float(text[:-2]) * 1024.0**number
    for suffix, factor in {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}.items():
        if text.endswith(suffix):
            return float(text[:-1]) * factor
    return float(text)


def node_of(cluster: KubernetesCluster, node: Mapping[str, Any]) -> ClusterNode:
    """A node of the API as ours."""
    offered = node.get("status", {}).get("allocatable", {})
    ready = any(
        one["type"] == "Ready" and one["status"] == "True" for one in node.get("status", {}).get("conditions", [])
    )
    kind, count = _accelerators(cluster, node["metadata"].get("labels", {}), offered)
    return ClusterNode(
        node["metadata"]["name"],
        int(amount(str(offered.get("cpu", "0")))),
        amount(str(offered.get("memory", "0"))) / 2**30,
        kind,
        count,
        ready and not node.get("spec", {}).get("unschedulable", False),
    )


def _accelerators(cluster: KubernetesCluster, labels: Mapping[str, str], offered: Mapping[str, str]) -> tuple[str, int]:
    for name, cards in cluster.accelerators.items():
        if cards.resource in offered and all(labels.get(label) == value for label, value in cards.labels.items()):
            return name, int(amount(str(offered[cards.resource]))) // cards.parts
    # NVIDIA's feature discovery names the product on the node: NVIDIA-H100-80GB-HBM3.
    words = labels.get("nvidia.com/gpu.product", "").lower().split("-")
    known = next((word for word in words if word in ACCELERATORS), "")
    return (known, int(amount(str(offered.get("nvidia.com/gpu", "0"))))) if known else ("", 0)
