"""Running a program to its end, with what it reads and what it says."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping


async def run_program(
    *words: str, env: Mapping[str, str], stdin: bytes = b"", new_session: bool = False
) -> tuple[int, bytes, bytes]:
    """(exit status, output, error output). Raises `FileNotFoundError` where there is no such program.

    What it reads lies in a file: of a pipe the other end may be closed before we write, by a program that reads nothing
    or ends at once, and the event loop then raises instead of telling how the program ended.
    """
    with tempfile.TemporaryFile() as source:
        if stdin:
            source.write(stdin)
            source.seek(0)
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=source if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(env),
            start_new_session=new_session,
        )
    try:
        out, err = await process.communicate()
    finally:
        # Whoever waits no longer (a limit of time, our own end) leaves nothing at work.
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, out, err
