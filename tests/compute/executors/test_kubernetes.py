"""What is Kubernetes' own, against an emulated API server (see kubelab)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lightkube", reason="lightkube is missing: pip install 'ceyuan[kubernetes]'")

from ceyuan.compute.executors import ExecutorFault, Launch, Run
from ceyuan.compute.executors.kubernetes import KubernetesExecutor
from ceyuan.compute.executors.kubernetes_objects import Cards, KubernetesCluster, job_name, job_of, sight_of
from tests.compute.executors.kubelab import POLICY, TOKEN, KubeLab, node


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[KubeLab]:
    made = await KubeLab(tmp_path).start()
    yield made
    await made.stop()


def sh(script: str, **options: Any) -> Launch:
    return Launch(("/bin/sh", "-c", script), {"PATH": os.defpath}, **options)


async def until(executor: KubernetesExecutor, key: str, *states: str) -> Run:
    async with asyncio.timeout(60):
        while (run := await executor.status(key)).state not in states:
            await asyncio.sleep(0.05)
    return run


ENDS = ("succeeded", "failed", "cancelled", "lost")


async def test_a_crash_on_either_side_of_the_submission_loses_nothing_and_runs_nothing_twice(
    lab: KubeLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor, launch = KubernetesExecutor(lab.cluster()), sh(f"echo x >> {lab.share}/count; echo $$; sleep 300")
    lab.down = True
    with pytest.raises(ExecutorFault) as fault:
        await executor.submit("task.1", launch)
    assert fault.value.code == "unreachable"
    lab.down = False
    heir = KubernetesExecutor(lab.cluster())
    assert (await heir.status("task.1")).state == "absent"
    await heir.submit("task.1", launch)
    # As if we had died before the answer came: the name is taken, and by us.
    monkeypatch.setattr(KubernetesExecutor, "written", lambda self, key: ("accepted", Run(key, "queued")))
    await heir.submit("task.1", launch)
    monkeypatch.undo()
    await until(heir, "task.1", "running")
    async with asyncio.timeout(30):
        while not await heir.logs("task.1"):
            await asyncio.sleep(0.05)
    # While the API server is away, what runs is known to run.
    lab.down = True
    third = KubernetesExecutor(lab.cluster())
    assert (await third.status("task.1")).state == "running"
    lab.down = False
    await third.cancel("task.1", "moved")
    run = await until(third, "task.1", *ENDS)
    assert (run.state, run.reason, lab.created) == ("cancelled", "moved", 1)
    assert (lab.share / "count").read_text() == "x\n"
    assert run.accounting is not None
    assert (run.accounting["source"], run.accounting["nodes"]) == ("kubernetes", "kn1")
    await third.forget("task.1")
    assert not lab.jobs
    lab.jobs[job_name("task.2")] = {"metadata": {"name": job_name("task.2")}, "spec": {"template": {}}}
    with pytest.raises(ExecutorFault, match="not ours"):
        await third.submit("task.2", launch)
    lab.jobs.clear()


async def test_kueue_starts_a_run_takes_it_back_and_one_that_waits_can_be_withdrawn(lab: KubeLab) -> None:
    executor = KubernetesExecutor(lab.cluster(kueue="team-a"))
    script = "trap 'exit 0' TERM; echo begun; sleep 300 & wait"
    for key in ("waits.1", "runs.1"):
        assert (await executor.submit(key, sh(script))).state == "queued"
    job = lab.jobs[job_name("runs.1")]
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "team-a"
    assert not lab.pods
    assert (await executor.cancel("waits.1", "gang")).reason == "gang"
    lab.admit(job_name("runs.1"))
    async with asyncio.timeout(30):
        while b"begun" not in await executor.logs("runs.1"):
            await asyncio.sleep(0.05)
    await lab.evict(job_name("runs.1"))
    run = await until(executor, "runs.1", *ENDS)
    assert (run.state, run.reason, run.seconds > 0) == ("cancelled", "preempted", True)
    # Neither can be admitted again.
    assert not lab.jobs


async def test_a_gang_runs_on_both_nodes_or_not_at_all(lab: KubeLab) -> None:
    executor = KubernetesExecutor(lab.cluster())
    whole = {"nodes": 2, "cpus": 8, "where": "kn1,kn2"}
    await executor.submit("holds.1", sh("sleep 300", where="kn2", grace_s=0.3))
    await until(executor, "holds.1", "running")
    await executor.submit("late.1", sh("echo never", **whole))
    async with asyncio.timeout(30):
        while not (executor.root / "late.1" / "ranks" / "0.here").exists():
            await asyncio.sleep(0.05)
    # One node is there and waits: nothing has begun, and nothing will.
    assert (await executor.status("late.1")).state == "queued"
    await executor.cancel("late.1", "gang")
    run = await until(executor, "late.1", *ENDS)
    assert (run.state, run.reason, run.seconds) == ("cancelled", "gang", 0.0)
    await executor.forget("late.1")
    await executor.cancel("holds.1")
    await until(executor, "holds.1", *ENDS)

    await executor.submit("gang.1", sh("echo $CEYUAN_RANK of $CEYUAN_NODES", **whole))
    (job,) = [one for name, one in lab.jobs.items() if name == job_name("gang.1")]
    assert (job["spec"]["completionMode"], job["spec"]["completions"], job["spec"]["parallelism"]) == ("Indexed", 2, 2)
    run = await until(executor, "gang.1", *ENDS)
    assert run.state == "succeeded", await executor.logs("gang.1")
    assert sorted((await executor.logs("gang.1")).splitlines()) == [b"0 of 2", b"1 of 2"]
    assert run.accounting is not None
    assert run.accounting["nodes"] in ("kn1", "kn2")


async def test_a_node_that_dies_and_a_cluster_that_takes_no_more_are_told_apart(lab: KubeLab) -> None:
    executor = KubernetesExecutor(lab.cluster())
    await executor.submit("dies.1", sh("echo here; sleep 300", where="kn2", cpus=8))
    await until(executor, "dies.1", "running")
    await executor.submit("waits.1", sh("true", where="kn2"))
    assert (await executor.status("waits.1")).state == "queued"
    await lab.lose("kn2")
    run = await until(executor, "dies.1", *ENDS)
    assert (run.state, run.reason) == ("lost", "unreachable")
    assert [one.up for one in await executor.nodes()] == [True, False]
    await executor.cancel("waits.1")
    for key, changes in {"image.1": {"image": "no such image"}, "python.1": {"python": "/no/python"}}.items():
        other = KubernetesExecutor(lab.cluster(**changes))
        await other.submit(key, sh("true"))
        run = await until(other, key, *ENDS)
        assert (run.state, run.reason, run.exit_code) == ("failed", "not_started", 127)
        assert b"no" in await other.logs(key)


def test_a_task_brings_its_own_image_and_one_that_the_registry_does_not_know_ends_the_try(tmp_path: Path) -> None:
    cluster = KubernetesCluster("https://10.0.0.2", "t", tmp_path / "k", tmp_path, "python:3.12", host_path="/x")
    programs = (tmp_path / "agent.py", tmp_path / "gang.py")
    for given, made in (("", "python:3.12"), ("reg.example/lab/train:2", "reg.example/lab/train:2")):
        job = job_of(cluster, "k", sh("true", image=given), programs)
        assert job["spec"]["template"]["spec"]["containers"][0]["image"] == made

    def sight(reason: str, message: str) -> tuple[str, str]:
        state = {"containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}
        pod = {"metadata": {"name": "p"}, "status": {"phase": "Pending", **state}}
        found = sight_of({"spec": {}}, [pod])
        return found.phase, found.reason if found.phase == "ended" else ""

    assert sight("ErrImagePull", "rpc error: code = NotFound desc = lab/nothing:1: not found") == (
        "ended",
        "not_started",
    )
    assert sight("ErrImagePull", "dial tcp: i/o timeout") == ("waiting", "")


async def test_a_command_that_forges_its_own_meter_is_metered_by_the_clusters_books(lab: KubeLab) -> None:
    executor = KubernetesExecutor(lab.cluster())
    forged = '{"state": "succeeded", "exit_code": 0, "started_at": 1.0, "ended_at": 9000.0, "seconds": 8999.0}'
    folder = executor.root / "forged.1"
    await executor.submit("forged.1", sh(f"echo '{forged}' > {folder}/result.json; sleep 300"))
    async with asyncio.timeout(30):
        while not (folder / "result.json").exists():
            await asyncio.sleep(0.05)
    run = await until(executor, "forged.1", *ENDS)
    assert run.seconds < 60
    async with asyncio.timeout(30):
        while lab.pods:
            await asyncio.sleep(0.05)


async def test_credentials_addresses_and_rights_are_tried_and_never_told(lab: KubeLab) -> None:
    executor = KubernetesExecutor(lab.cluster(claim="runs"))
    with pytest.raises(ExecutorFault, match="not found"):
        await executor.check()
    lab.claims.add("runs")
    await executor.check()
    assert not lab.jobs
    assert not await executor.keeps_off_the_network()
    lab.policies["ceyuan-no-network"] = POLICY
    assert await executor.keeps_off_the_network()
    lab.forbidden = {"/nodes"}
    with pytest.raises(ExecutorFault, match="403"):
        await executor.nodes()
    good = lab.cluster()
    wrong = KubernetesCluster(good.url, "wrong-token", good.root, good.share, good.image)
    with pytest.raises(ExecutorFault, match="401") as fault:
        await KubernetesExecutor(wrong).check()
    assert "wrong-token" not in str(fault.value)
    for url in ("http://10.0.0.1:6443", "https://169.254.169.254", "https://[fd00:ec2::254]", "file:///etc/passwd"):
        with pytest.raises(ExecutorFault) as fault:
            await KubernetesExecutor(KubernetesCluster(url, TOKEN, good.root, good.share, good.image)).check()
        assert TOKEN not in str(fault.value)
    with pytest.raises(ExecutorFault, match="shares"):
        await executor.submit("outside.1", sh("true", readable=["/etc"]))


def test_queues_schedulers_and_shared_cards_are_named_as_their_makers_do(tmp_path: Path) -> None:
    hami = Cards("nvidia.com/gpu", {"gpu": "h800"}, 10, {"nvidia.com/gpumem-percentage": "100"})
    cluster = KubernetesCluster(
        "https://k8s", "t", tmp_path / "runs", tmp_path, "img", volcano="research", accelerators={"h800": hami}
    )
    launch = sh("true", accelerator="h800", accelerators=2, cpus=4, memory_mb=1000, where="n7", wall_s=100)
    programs = (tmp_path / "agent.py", tmp_path / "gang.py")
    job = job_of(cluster, "k", launch, programs)
    pod = job["spec"]["template"]["spec"]
    assert pod["schedulerName"] == "volcano"
    assert job["spec"]["template"]["metadata"]["annotations"] == {"scheduling.volcano.sh/queue-name": "research"}
    limits = pod["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "4", "memory": "1018Mi", "nvidia.com/gpu": "2", "nvidia.com/gpumem-percentage": "100"}
    mounts = {mount["subPath"]: mount["readOnly"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts == {"runs/k": False, "agent.py": True}
    assert not pod["automountServiceAccountToken"]
    with pytest.raises(ExecutorFault, match="ascend910b"):
        job_of(cluster, "k", sh("true", accelerator="ascend910b", accelerators=1), programs)


async def test_nodes_offer_what_the_pool_says_and_what_nvidia_names(lab: KubeLab) -> None:
    lab.nodes = [
        node("a", labels={"gpu": "h800"}, nvidia_com__gpu=80),
        node("b", labels={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}, nvidia_com__gpu=8),
        node("c", huawei_com__Ascend910=8),
    ]
    lab.nodes[2]["spec"]["unschedulable"] = True
    cards = {"h800": Cards("nvidia.com/gpu", {"gpu": "h800"}, 10), "ascend910b": Cards("huawei.com/Ascend910")}
    found = await KubernetesExecutor(lab.cluster(accelerators=cards)).nodes()
    assert [(one.accelerator, one.accelerators, one.up) for one in found] == [
        ("h800", 8, True),
        ("h100", 8, True),
        ("ascend910b", 8, False),
    ]
