from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ceyuan.compute.executors import ExecutorFault, Launch, LocalExecutor, SshExecutor, sandbox_prefix, sandbox_works
from tests.compute.executors.sshd import Sshd, why_not


async def output(root: Path, launch: Launch) -> tuple[str, str]:
    executor = LocalExecutor(root)
    await executor.submit("one", launch)
    async with asyncio.timeout(20):
        while not (run := await executor.status("one")).ended:
            await asyncio.sleep(0.05)
    return run.state, (await executor.logs("one")).decode()


async def test_a_sandbox_shows_the_run_its_own_folders_and_no_other(tmp_path: Path) -> None:
    if not sandbox_works():
        pytest.skip("bubblewrap is missing or may not be used here: install Debian's package bubblewrap")
    secret, inputs = tmp_path / "keys", tmp_path / "inputs"
    secret.mkdir()
    inputs.mkdir()
    (secret / "master.json").write_text("secret")
    (inputs / "rows").write_text("rows")
    work = LocalExecutor(tmp_path / "runs").work("one")
    work.mkdir(parents=True)
    script = f"cat {inputs}/rows; echo; cat {secret}/master.json; echo x > {inputs}/rows; ls /root /home; touch made"
    launch = Launch(
        ("/bin/sh", "-c", script), {"PATH": "/usr/bin:/bin"}, prefix=sandbox_prefix(work, readable=[inputs])
    )
    state, text = await output(tmp_path / "runs", launch)
    assert state == "succeeded", text
    assert text.startswith("rows\n")
    assert "secret" not in text
    assert "Read-only file system" in text
    assert (work / "made").exists()
    assert (inputs / "rows").read_text() == "rows"


async def test_a_run_in_the_sandbox_that_is_asked_to_end_has_its_notice_to_do_so(tmp_path: Path) -> None:
    if not sandbox_works():
        pytest.skip("bubblewrap is missing or may not be used here: install Debian's package bubblewrap")
    executor = LocalExecutor(tmp_path / "runs")
    work = executor.work("one")
    work.mkdir(parents=True)
    script = "trap 'echo told; sleep 0.5; echo saved; exit 7' TERM; echo begun; while :; do sleep 0.1; done"
    launch = Launch(("/bin/sh", "-c", script), {"PATH": os.defpath}, prefix=sandbox_prefix(work), grace_s=60)
    await executor.submit("one", launch)
    async with asyncio.timeout(60):
        while "begun" not in (await executor.logs("one")).decode():
            await asyncio.sleep(0.05)
        await executor.cancel("one", "preempted")
        while not (run := await executor.status("one")).ended:
            await asyncio.sleep(0.05)
    assert (run.state, run.reason, run.exit_code) == ("cancelled", "preempted", 7)
    assert "saved" in (await executor.logs("one")).decode()


async def test_a_host_with_another_key_or_a_wrong_credential_is_refused(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    server = Sshd(tmp_path)
    try:
        (tmp_path / "other").write_text(
            (tmp_path / "known").read_text().replace((tmp_path / "host.pub").read_text().split()[1], "AAAA")
        )
        for host in (
            replace(server.host, known_hosts=tmp_path / "other"),
            replace(server.host, key_file=tmp_path / "host"),
        ):
            with pytest.raises(ExecutorFault) as refused:
                await SshExecutor(host, tmp_path).probe()
            assert refused.value.code == "unreachable"
    finally:
        server.stop()
