"""No two processes that live go by one name; the name of a killed one is free at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import text

from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.jobs import executor_name, executors
from ceyuan.kernel.jobs.executors import ExecutorHold, ExecutorTaken
from ceyuan.kernel.platform import Platform
from ceyuan.server.assembly import running

HOLDER = """
import asyncio, sys
from ceyuan.kernel.database import Database
from ceyuan.kernel.jobs.executors import ExecutorHold
async def main():
    hold = ExecutorHold(Database(sys.argv[1]), "a")
    await hold.take()
    print("held", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def test_a_second_process_of_the_same_name_is_refused_before_it_takes_up_anything(
    built: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = ExecutorHold(Database(database_url), executor_name())
    async with running(built):
        with monkeypatch.context() as hasty:
            hasty.setattr(executors, "_PATIENCE_S", 0.0)
            with pytest.raises(ExecutorTaken) as refused:
                await second.take()
    # The server notices a moment later that the session is over.
    assert "another process uses" in refused.value.line("en")
    await second.take()
    await second.release()


async def test_the_name_of_a_killed_process_is_free_at_once(database_url: str) -> None:
    command = [sys.executable, "-c", HOLDER, database_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
        process.wait()
    again = ExecutorHold(Database(database_url), "a")
    await again.take()
    await again.release()


async def break_off(database: Database) -> None:
    """End the sessions that hold names, as a restart of the server does."""
    async with database.session(write=True) as session:
        await session.execute(text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory'"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_name_whose_session_broke_off_is_taken_again_and_its_process_stops_if_another_was_quicker(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_LOOK_S", 3600.0)
    monkeypatch.setattr(executors, "_PATIENCE_S", 0.0)
    database, lost = Database(database_url), list[str]()
    first, other = ExecutorHold(database, "a", lost=lambda: lost.append("a")), ExecutorHold(database, "b")
    await first.take()
    await other.take()
    await other.release()
    quicker = ExecutorHold(database, "a")
    await break_off(database)
    assert [await first.look(), await first.look()] == [True, True]
    with pytest.raises(ExecutorTaken):
        await quicker.take()
    await break_off(database)
    await quicker.take()
    assert ([await first.look(), await first.look()], lost) == ([True, False], ["a"])
    await quicker.release()
    await first.release()
    await database.close()


def test_what_is_no_name_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEYUAN_EXECUTOR", "a/b")
    with pytest.raises(Invalid, match="is no name"):
        executor_name()
