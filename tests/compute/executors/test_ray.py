"""What is Ray's own, against a real cluster of two nodes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from ceyuan.compute.executors import ExecutorFault, Launch, Run
from ceyuan.compute.executors.ray import RayCluster, RayExecutor
from tests.compute.executors.raylab import RayLab, why_not

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayLab]:
    if reason := why_not():
        pytest.skip(reason)
    made = RayLab(tmp_path_factory.mktemp("ray"), cpus=1)
    yield made
    made.stop()


def sh(script: str, **options: object) -> Launch:
    return Launch(("/bin/sh", "-c", script), {"PATH": os.defpath}, memory_mb=100, **options)  # type: ignore[arg-type]


async def ended(executor: RayExecutor, key: str) -> Run:
    async with asyncio.timeout(120):
        while not (run := await executor.status(key)).ended:
            await asyncio.sleep(0.2)
    return run


async def test_a_run_gets_its_cards_once_even_after_a_crash_and_a_node_that_dies_is_told(lab: RayLab) -> None:
    lab.add_node(2, 2, "H800")
    executor = RayExecutor(lab.cluster)
    (cards,) = [node for node in await executor.nodes() if node.accelerators]
    assert (cards.accelerator, cards.accelerators, cards.cpus) == ("h800", 2, 2)
    with pytest.raises(ExecutorFault) as refused:
        await RayExecutor(RayCluster(lab.url, lab.folder / "shared", "wrong-token")).nodes()
    assert "wrong-token" not in str(refused.value)

    count = lab.folder / "count"
    launch = sh(f'echo x >> {count}; echo "cards $CUDA_VISIBLE_DEVICES"', accelerator="h800", accelerators=2)
    await asyncio.gather(*(RayExecutor(lab.cluster).submit("task.1", launch) for _ in range(3)))
    run = await ended(executor, "task.1")
    assert (run.state, run.exit_code) == ("succeeded", 0), run
    assert await executor.logs("task.1") == b"cards 0,1\n"
    assert count.read_text() == "x\n"
    assert run.accounting is not None
    assert (run.accounting["source"], run.accounting["state"]) == ("ray", "SUCCEEDED")
    await executor.forget("task.1")
    assert (await executor.status("task.1")).state == "absent"

    script = "echo $CEYUAN_RANK of $CEYUAN_NODES"
    both = ",".join(node.name for node in await executor.nodes())
    await executor.submit("gang.1", sh(script, nodes=2, where=both))
    run = await ended(executor, "gang.1")
    assert run.state == "succeeded", await executor.logs("gang.1")
    assert sorted((await executor.logs("gang.1")).splitlines()) == [b"0 of 2", b"1 of 2"]
    await executor.submit("holds.1", sh("echo here; sleep 300", where=cards.name, cpus=2, grace_s=0.5))
    async with asyncio.timeout(120):
        while not await executor.logs("holds.1"):
            await asyncio.sleep(0.2)
    await executor.submit("late.1", sh(script, nodes=2))
    # All nodes or none: the one that is free is not held meanwhile.
    await executor.submit("between.1", sh("true"))
    assert (await ended(executor, "between.1")).state == "succeeded"
    assert (await executor.status("late.1")).state == "queued"
    await executor.cancel("late.1", "gang")
    run = await ended(executor, "late.1")
    assert (run.state, run.reason) == ("cancelled", "gang")
    await executor.cancel("holds.1")
    await ended(executor, "holds.1")

    await executor.submit("long.1", sh("echo here; sleep 300", where=cards.name))
    await executor.submit("waits.1", sh("true", cpus=2))
    async with asyncio.timeout(120):
        while not await executor.logs("long.1"):
            await asyncio.sleep(0.2)
    assert (await executor.status("waits.1")).state == "queued"
    assert (await executor.cancel("waits.1", "gang")).reason == "gang"
    lab.kill_node(1)
    run = await ended(executor, "long.1")
    assert (run.state, run.reason) == ("lost", "unreachable")
    await executor.close()
