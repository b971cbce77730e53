"""What every executor keeps, against the real thing: local processes, a host behind a real sshd, a real Slurm.
Kubernetes is the exception: no API server can be brought up here, so that one is emulated (see kubelab)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from ceyuan.compute.executors import Executor, ExecutorFault, Launch, LocalExecutor, Run, SlurmExecutor, SshExecutor
from ceyuan.compute.executors.kubernetes import KubernetesExecutor
from ceyuan.compute.executors.ray import RayExecutor
from tests.compute.executors import raylab, slurmlab
from tests.compute.executors.kubelab import KubeLab
from tests.compute.executors.sshd import Sshd, why_not

SHELL = ("/bin/sh", "-c")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if reason := why_not():
        pytest.skip(reason)
    server = Sshd(tmp_path_factory.mktemp("sshd"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurmlab.SlurmLab]:
    if reason := slurmlab.why_not():
        pytest.skip(reason)
    made = slurmlab.SlurmLab(tmp_path_factory.mktemp("slurm"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def rays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[raylab.RayLab]:
    if reason := raylab.why_not():
        pytest.skip(reason)
    made = raylab.RayLab(tmp_path_factory.mktemp("ray"))
    yield made
    made.stop()


PLACES = [
    "local",
    "ssh",
    "kubernetes",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("slurm", "slurmrestd", "slurmrestd-later", "ray")),
]


@pytest.fixture(params=PLACES)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Executor, Path]]:
    """An executor and the folder of its runs."""
    if request.param == "local":
        yield LocalExecutor(tmp_path / "runs"), tmp_path / "runs"
        return
    if request.param == "kubernetes":
        pytest.importorskip("lightkube", reason="lightkube is missing: pip install 'ceyuan[kubernetes]'")
        kube = await KubeLab(tmp_path).start()
        clustered = KubernetesExecutor(kube.cluster())
        yield clustered, clustered.root
        await clustered.close()
        await kube.stop()
        return
    if request.param == "ray":
        on_ray = RayExecutor(request.getfixturevalue("rays").cluster)
        yield on_ray, on_ray.root
        await on_ray.close()
        return
    if request.param.startswith("slurmrestd"):
        if reason := slurmlab.why_no_rest():
            pytest.skip(reason)
        made: slurmlab.SlurmLab = request.getfixturevalue("lab")
        by_rest = SlurmExecutor(made.rest() if request.param == "slurmrestd" else made.later("v0.0.43"))
        yield by_rest, by_rest.root
        await by_rest.close()
        return
    if request.param == "slurm":
        cluster = request.getfixturevalue("lab").cluster
        yield SlurmExecutor(cluster), cluster.root
        return
    server: Sshd = request.getfixturevalue("sshd")
    (tmp_path / "control").mkdir()
    executor = SshExecutor(server.host, tmp_path / "control")
    yield executor, Path(server.host.root)
    await executor.close()


def sh(script: str, **options: Any) -> Launch:
    return Launch((*SHELL, script), {"PATH": os.defpath}, **options)


async def ended(executor: Executor, key: str, seconds: float = 60) -> Run:
    async with asyncio.timeout(seconds):
        while not (run := await executor.status(key)).ended:
            await asyncio.sleep(0.1)
    return run


async def until(executor: Executor, key: str, text: bytes) -> None:
    async with asyncio.timeout(60):
        while text not in await executor.logs(key):
            await asyncio.sleep(0.05)


async def test_a_run_ends_with_its_exit_code_its_output_and_its_meter(
    place: tuple[Executor, Path], request: pytest.FixtureRequest
) -> None:
    executor, _root = place
    key = f"ok-{os.urandom(4).hex()}"
    assert (await executor.status(key)).state == "absent"
    await executor.submit(key, sh("echo out; echo err >&2; exit 3"))
    run = await ended(executor, key)
    assert (run.state, run.exit_code) == ("failed", 3)
    assert sorted((await executor.logs(key)).split()) == [b"err", b"out"]
    assert await executor.logs(key, 4) in (b"err\n", b"out\n")
    assert run.started_at is not None
    assert run.ended_at is not None
    assert 0 < run.seconds == pytest.approx(run.ended_at - run.started_at, abs=0.01)
    await executor.forget(key)
    assert (await executor.status(key)).state == "absent"


async def test_a_key_runs_once_however_often_it_is_submitted(place: tuple[Executor, Path]) -> None:
    executor, root = place
    key = f"once-{os.urandom(4).hex()}"
    launch = sh(f"echo x >> {root}/{key}.count; sleep 0.3")
    await asyncio.gather(*(executor.submit(key, launch) for _ in range(4)))
    await ended(executor, key)
    await executor.submit(key, launch)
    assert (root / f"{key}.count").read_text() == "x\n"
    with pytest.raises(ExecutorFault) as reused:
        await executor.submit(key, sh("true"))
    assert reused.value.code == "key_reused"


async def test_nothing_of_our_environment_reaches_a_run(
    place: tuple[Executor, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    executor, _root = place
    monkeypatch.setenv("CEYUAN_MASTER_KEY", "secret-of-the-platform")
    key = f"env-{os.urandom(4).hex()}"
    await executor.submit(key, Launch(("/usr/bin/env",), {"ONLY": "this"}))
    assert (await ended(executor, key)).state == "succeeded"
    assert (await executor.logs(key)).split() == [b"ONLY=this"]


async def test_a_cancelled_run_ends_with_its_whole_family(place: tuple[Executor, Path]) -> None:
    executor, _root = place
    key = f"stop-{os.urandom(4).hex()}"
    await executor.submit(key, sh("trap '' TERM; sleep 300 & echo $!; wait", grace_s=0.3))
    await until(executor, key, b"\n")
    await executor.cancel(key)
    run = await ended(executor, key)
    assert (run.state, run.reason) == ("cancelled", "cancelled")
    child = int((await executor.logs(key)).split()[0])
    assert not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes()


@pytest.mark.parametrize(
    ("script", "limits", "reason"),
    [
        ("sleep 300", {"wall_s": 0.3}, "time"),
        (
            "exec python3 -c 'x = bytearray(200_000_000); __import__(\"time\").sleep(300)'",
            {"memory_mb": 100},
            "memory",
        ),
    ],
)
async def test_limits_end_a_run_and_say_which(
    place: tuple[Executor, Path], script: str, limits: dict[str, Any], reason: str
) -> None:
    executor, _root = place
    key = f"limit-{os.urandom(4).hex()}"
    environment = {"PATH": os.environ["PATH"]}
    await executor.submit(key, Launch((*SHELL, script), environment, grace_s=0.3, **limits))
    run = await ended(executor, key)
    assert run.state == "failed"
    assert run.reason == reason


async def test_a_supervisor_killed_with_9_is_told_as_lost_and_leaves_nobody_at_work(
    place: tuple[Executor, Path],
) -> None:
    executor, root = place
    key = f"lost-{os.urandom(4).hex()}"
    await executor.submit(key, sh("echo $$; sleep 300; echo done"))
    await until(executor, key, b"\n")
    os.kill(json.loads((root / key / "started").read_text())["pid"], signal.SIGKILL)
    run = await ended(executor, key)
    assert (run.state, run.reason) == ("lost", "supervisor")
    child = int((await executor.logs(key)).split()[0])
    await asyncio.sleep(0.1)
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"
    # The same key again starts nothing: who wants another try takes another key.
    assert (await executor.submit(key, sh("echo $$; sleep 300; echo done"))).state == "lost"


async def test_a_run_outlives_the_one_who_submitted_it_and_another_finds_it(
    place: tuple[Executor, Path], tmp_path: Path
) -> None:
    executor, root = place
    key = f"heir-{os.urandom(4).hex()}"
    go = tmp_path / "go"
    await executor.submit(key, sh(f"echo begun; while [ ! -e {go} ]; do sleep 0.05; done; echo late"))
    await until(executor, key, b"begun")
    heir = LocalExecutor(root)
    assert (await heir.status(key)).state == "running"
    go.touch()
    assert (await ended(heir, key)).state == "succeeded"


async def test_a_drained_place_takes_nothing_new(place: tuple[Executor, Path]) -> None:
    executor, _root = place
    assert await executor.drain() >= 0
    try:
        assert (await executor.probe()).draining
        with pytest.raises(ExecutorFault) as refused:
            await executor.submit(f"new-{os.urandom(4).hex()}", sh("true"))
        assert refused.value.code == "draining"
    finally:
        await executor.drain(False)
    machine = await executor.probe()
    assert machine.cpus >= 1
    assert machine.memory_gib > 0


async def test_a_command_that_does_not_exist_fails_and_says_so(place: tuple[Executor, Path]) -> None:
    executor, _root = place
    key = f"none-{os.urandom(4).hex()}"
    await executor.submit(key, Launch(("/no/such/program",)))
    run = await ended(executor, key)
    assert (run.state, run.exit_code, run.reason) == ("failed", 127, "not_started")
    for wrong in ("../etc", ".", "-x"):
        with pytest.raises(ExecutorFault):
            await executor.status(wrong)
