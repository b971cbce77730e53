"""Programs run to their end under the loop that the server uses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import uvloop

from ceyuan.compute.executors.programs import run_program


def test_a_program_that_reads_nothing_or_all_tells_how_it_ended() -> None:
    async def run() -> None:
        for _again in range(20):
            assert await run_program("true", env={}, stdin=b"x" * 200_000) == (0, b"", b"")
            assert (await run_program("false", env={}))[0] == 1
        assert await run_program("cat", env={}, stdin=b"y" * 200_000) == (0, b"y" * 200_000, b"")
        with pytest.raises(FileNotFoundError):
            await run_program("/no/such/program", env={})

    uvloop.run(run())


async def test_a_program_that_is_waited_for_no_longer_is_ended(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; exec sleep 300"
    waiting = asyncio.create_task(run_program("/bin/sh", "-c", script, env={"PATH": "/usr/bin:/bin"}))
    async with asyncio.timeout(30):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            await asyncio.sleep(0.02)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        pid = (tmp_path / "pid").read_text().strip()
        while Path(f"/proc/{pid}").exists():
            await asyncio.sleep(0.02)
