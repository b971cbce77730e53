"""What is Slurm's own, against a real controller and two real nodes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from ceyuan.compute.executors import ExecutorFault, Launch, Run, SlurmExecutor
from tests.compute.executors.slurmlab import SlurmLab, why_not


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmLab]:
    if reason := why_not():
        pytest.skip(reason)
    made = SlurmLab(tmp_path_factory.mktemp("slurm"), silent_s=10)
    yield made
    made.stop()


def sh(script: str, **options: object) -> Launch:
    return Launch(("/bin/sh", "-c", script), {"PATH": os.defpath}, memory_mb=100, **options)  # type: ignore[arg-type]


async def ended(executor: SlurmExecutor, key: str, seconds: float = 60) -> Run:
    async with asyncio.timeout(seconds):
        while not (run := await executor.status(key)).ended:
            await asyncio.sleep(0.2)
    return run


async def test_a_cluster_tells_its_nodes_and_a_run_gets_its_cards_once_even_after_a_crash(lab: SlurmLab) -> None:
    executor = SlurmExecutor(lab.cluster)
    nodes = {node.name: node for node in await executor.nodes()}
    assert (nodes["bj1"].accelerator, nodes["bj1"].accelerators, nodes["bj1"].cpus) == ("h800", 4, 8)
    assert (nodes["nm1"].accelerator, nodes["nm1"].up) == ("ascend910b", True)
    count = lab.folder / "count"
    launch = sh(f'echo x >> {count}; echo "cards $ASCEND_RT_VISIBLE_DEVICES"', accelerator="ascend910b", accelerators=2)
    await executor.submit("task.1", launch)
    # As after a crash between sbatch and the note of its number: another executor finds the job by its name.
    (executor.root / "task.1" / "slurm.json").unlink()
    heir = SlurmExecutor(lab.cluster)
    await heir.submit("task.1", launch)
    run = await ended(heir, "task.1")
    assert (run.state, run.exit_code) == ("succeeded", 0), run
    assert await heir.logs("task.1") == b"cards 0,1\n"
    assert count.read_text() == "x\n"
    assert run.accounting is not None
    assert (run.accounting["source"], run.accounting["nodes"]) == ("scontrol", "nm1")
    with pytest.raises(ExecutorFault) as refused:
        await heir.submit("task.2", sh("true", accelerator="h20", accelerators=1))
    assert refused.value.code == "refused"


@pytest.mark.slow
async def test_a_gang_runs_on_both_nodes_and_one_that_waits_can_be_withdrawn(lab: SlurmLab) -> None:
    executor = SlurmExecutor(lab.cluster)
    await executor.submit("gang.1", sh("echo on $SLURMD_NODENAME", nodes=2, cpus=8))
    run = await ended(executor, "gang.1")
    assert run.state == "succeeded"
    assert sorted((await executor.logs("gang.1")).split()[1::2]) == [b"bj1", b"nm1"]
    await executor.submit("long.1", sh("sleep 300", nodes=2, cpus=8, grace_s=0.5))
    await executor.submit("waits.1", sh("true"))
    assert (await executor.status("waits.1")).state == "queued"
    assert (await executor.cancel("waits.1", "gang")).reason == "gang"
    await executor.cancel("long.1")
    assert (await ended(executor, "long.1")).state == "cancelled"


@pytest.mark.slow
async def test_a_node_that_dies_is_told_as_lost_with_what_it_used(lab: SlurmLab) -> None:
    executor = SlurmExecutor(lab.cluster)
    await executor.submit("dies.1", sh("echo here; sleep 300", where="bj1"))
    async with asyncio.timeout(30):
        while b"here" not in await executor.logs("dies.1"):
            await asyncio.sleep(0.2)
    await asyncio.sleep(1.5)
    lab.kill_node("bj1")
    run = await ended(executor, "dies.1", 90)
    assert run.state == "lost"
    assert 0 < run.seconds < 60
    lab.start_node("bj1")
