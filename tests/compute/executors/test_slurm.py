"""What is Slurm's own, against a real controller and two real nodes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ceyuan.compute.executors import ExecutorFault, Launch, Run, SlurmCluster, SlurmExecutor
from tests.compute.executors.slurmlab import SlurmLab, why_no_rest, why_not


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmLab]:
    if reason := why_not():
        pytest.skip(reason)
    made = SlurmLab(tmp_path_factory.mktemp("slurm"), silent_s=10)
    yield made
    made.stop()


WAYS = ("commands", *(pytest.param(way, marks=pytest.mark.slow) for way in ("slurmrestd", "later")))


@pytest.fixture(params=WAYS)
def cluster(request: pytest.FixtureRequest, lab: SlurmLab) -> SlurmCluster:
    """The cluster as either way reaches it."""
    if request.param == "commands":
        return lab.cluster
    if reason := why_no_rest():
        pytest.skip(reason)
    return lab.rest() if request.param == "slurmrestd" else lab.later("v0.0.40", "v0.0.43")


def way_of(cluster: SlurmCluster) -> str:
    """What keys of runs differ in, by the way the cluster is reached."""
    return cluster.url.rpartition(":")[2] or "c"


def sh(script: str, **options: object) -> Launch:
    return Launch(("/bin/sh", "-c", script), {"PATH": os.defpath}, memory_mb=100, **options)  # type: ignore[arg-type]


async def ended(executor: SlurmExecutor, key: str, seconds: float = 60) -> Run:
    async with asyncio.timeout(seconds):
        while not (run := await executor.status(key)).ended:
            await asyncio.sleep(0.2)
    return run


async def test_a_cluster_tells_its_nodes_and_a_run_gets_its_cards_once_even_after_a_crash(
    lab: SlurmLab, cluster: SlurmCluster
) -> None:
    executor, way = SlurmExecutor(cluster), way_of(cluster)
    nodes = {node.name: node for node in await executor.nodes()}
    assert (nodes["bj1"].accelerator, nodes["bj1"].accelerators, nodes["bj1"].cpus) == ("h800", 4, 8)
    assert (nodes["nm1"].accelerator, nodes["nm1"].up) == ("ascend910b", True)
    count = lab.folder / f"count{way}"
    launch = sh(f'echo x >> {count}; echo "cards $ASCEND_RT_VISIBLE_DEVICES"', accelerator="ascend910b", accelerators=2)
    await executor.submit(f"task.1{way}", launch)
    # As after a crash between sbatch and the note of its number: another executor finds the job by its name.
    (executor.root / f"task.1{way}" / "slurm.json").unlink()
    heir = SlurmExecutor(cluster)
    await heir.submit(f"task.1{way}", launch)
    run = await ended(heir, f"task.1{way}")
    assert (run.state, run.exit_code) == ("succeeded", 0), run
    assert await heir.logs(f"task.1{way}") == b"cards 0,1\n"
    assert count.read_text() == "x\n"
    assert run.accounting is not None
    assert (run.accounting["source"], run.accounting["nodes"]) == ("slurmrestd" if cluster.url else "scontrol", "nm1")
    with pytest.raises(ExecutorFault) as refused:
        await heir.submit(f"task.2{way}", sh("true", accelerator="h20", accelerators=1))
    assert refused.value.code == "refused"


@pytest.mark.slow
async def test_a_gang_runs_on_both_nodes_and_one_that_waits_can_be_withdrawn(
    lab: SlurmLab, cluster: SlurmCluster
) -> None:
    executor, way = SlurmExecutor(cluster), way_of(cluster)
    await executor.submit(f"gang.1{way}", sh("echo on $SLURMD_NODENAME", nodes=2, cpus=8))
    run = await ended(executor, f"gang.1{way}")
    assert run.state == "succeeded"
    assert sorted((await executor.logs(f"gang.1{way}")).split()[1::2]) == [b"bj1", b"nm1"]
    await executor.submit(f"long.1{way}", sh("sleep 300", nodes=2, cpus=8, grace_s=0.5))
    await executor.submit(f"waits.1{way}", sh("true"))
    assert (await executor.status(f"waits.1{way}")).state == "queued"
    assert (await executor.cancel(f"waits.1{way}", "gang")).reason == "gang"
    await executor.cancel(f"long.1{way}")
    assert (await ended(executor, f"long.1{way}")).state == "cancelled"


@pytest.mark.slow
async def test_a_node_that_dies_is_told_as_lost_with_what_it_used(lab: SlurmLab, cluster: SlurmCluster) -> None:
    executor, way = SlurmExecutor(cluster), way_of(cluster)
    await executor.submit(f"dies.1{way}", sh("echo here; sleep 300", where="bj1"))
    async with asyncio.timeout(30):
        while b"here" not in await executor.logs(f"dies.1{way}"):
            await asyncio.sleep(0.2)
    await asyncio.sleep(1.5)
    lab.kill_node("bj1")
    run = await ended(executor, f"dies.1{way}", 90)
    assert run.state == "lost"
    assert 0 < run.seconds < 60
    lab.start_node("bj1")


@pytest.mark.slow
async def test_a_token_that_slurmrestd_does_not_take_is_a_fault_that_does_not_show_it(lab: SlurmLab) -> None:
    if reason := why_no_rest():
        pytest.skip(reason)
    executor = SlurmExecutor(replace(lab.rest(), token="wrong-token"))
    with pytest.raises(ExecutorFault) as fault:
        await executor.nodes()
    assert fault.value.code == "unreachable"
    assert "wrong-token" not in str(fault.value)
    await executor.close()


@pytest.mark.slow
async def test_the_newest_version_that_both_speak_is_spoken_and_found_again_after_an_upgrade(lab: SlurmLab) -> None:
    if reason := why_no_rest():
        pytest.skip(reason)
    cluster = lab.later("v0.0.40", "v0.0.41")
    (service,) = (one for versions, one in lab.emulated.items() if versions == ("v0.0.40", "v0.0.41"))
    executor = SlurmExecutor(cluster)
    await executor.submit("newest.1", sh("true", accelerator="h800", accelerators=1, where="bj1", wall_s=30.0))
    assert (await ended(executor, "newest.1")).state == "succeeded"
    (body,) = service.submitted
    assert (body["job"]["tres_per_node"], body["job"]["required_nodes"]) == ("gres/gpu:h800:1", ["bj1"])
    assert body["job"]["requeue"] is False
    assert {one.split()[1].split("/")[0] for one in service.asked if not one.endswith("ping")} == {"v0.0.41"}
    service.versions = {"v0.0.43"}
    with pytest.raises(ExecutorFault) as fault:
        await executor.nodes()
    assert fault.value.code == "unreachable"
    assert len(await executor.nodes()) == 2
    service.versions = {"v0.0.99"}
    with pytest.raises(ExecutorFault):
        await executor.nodes()
    with pytest.raises(ExecutorFault, match=r"none of the versions v0\.0\.46, "):
        await executor.nodes()
    await executor.close()
