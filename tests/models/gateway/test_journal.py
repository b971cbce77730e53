"""The journal: what is written is found again, whatever was cut off; what a killed process owed is posted once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.errors import JournalFault
from ceyuan.models.gateway.journal import Journal, abandoned_journals, read_calls
from ceyuan.models.gateway.journal.lines import INTENT, decode, encode
from tests.models.gateway.house import CHAT, YUAN, House

FAR = 1 << 30


def _call(number: int) -> Call:
    return Call(f"req_{number:026d}", 1_795_000_000.0 + number, "chat", "org_a", "tok_a", "per_a", model="echo")


def _journal(root: Path, *, segment_bytes: int = FAR) -> Journal:
    journal = Journal(root, segment_bytes=segment_bytes, sync_every_s=0.05)
    journal.open()
    return journal


def _abandon(journal: Journal) -> None:
    """What a kill -9 leaves: the files, without their lock."""
    os.close(journal._fd)
    os.close(journal._lock_fd)
    journal._fd = journal._lock_fd = -1


async def test_intents_without_an_outcome_are_interrupted_calls(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    done, open_ = _call(1), _call(2)
    for call in (done, open_):
        journal.intend(call.id, call.intent())
    done.completion_tokens, done.usage_from = 6, "upstream"
    journal.conclude(done.outcome())
    _abandon(journal)
    with abandoned_journals(tmp_path) as (found,):
        assert found.calls[0] == done
        assert (found.calls[1].status, found.calls[1].usage_from) == ("interrupted", "none")
        found.forget()
    assert list(tmp_path.iterdir()) == []


async def test_a_stream_that_was_cut_off_is_charged_for_what_was_relayed_in_doubt(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    call = _call(1)
    call.prompt_estimate = 40
    journal.intend(call.id, call.intent())
    for tokens in (5, 17):
        journal.progress({"id": call.id, "tokens": tokens})
    (found,) = read_calls(journal.folder)
    assert (found.prompt_tokens, found.completion_tokens, found.usage_from, found.in_doubt) == (40, 17, "relayed", True)
    await journal.close()


async def test_a_line_that_was_half_written_is_passed_over(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    for number in (1, 2):
        journal.intend(_call(number).id, _call(number).intent())
    path = next(journal.folder.glob("*.jsonl"))
    whole = path.read_bytes()
    second = whole.index(b"\n") + 1
    for cut in range(second + 1, len(whole) - 1, 37):
        path.write_bytes(whole[:cut])
        assert [call.id for call in read_calls(journal.folder)] == [_call(1).id]
    path.write_bytes(whole[:20] + b"X" + whole[21:])
    assert [call.id for call in read_calls(journal.folder)] == [_call(2).id]
    _abandon(journal)


async def test_after_a_torn_write_the_next_line_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = _journal(tmp_path)
    write = os.write
    monkeypatch.setattr("ceyuan.models.gateway.journal.writer.os.write", lambda fd, data: write(fd, data[:30]))
    with pytest.raises(JournalFault):
        journal.intend("req_torn", _call(1).intent())
    monkeypatch.undo()
    journal.intend(_call(2).id, _call(2).intent())
    assert [call.id for call in read_calls(journal.folder)] == [_call(2).id]
    assert journal.fault is None
    _abandon(journal)


async def test_files_go_oldest_first_when_all_their_calls_are_posted(tmp_path: Path) -> None:
    journal = _journal(tmp_path, segment_bytes=400)
    calls = [_call(number) for number in range(6)]
    for call in calls:
        journal.intend(call.id, call.intent())
        journal.conclude(call.outcome())
    count = len(list(journal.folder.glob("*.jsonl")))
    assert count >= 5
    for call in calls[1:]:
        journal.settle(call.id)
    assert len(list(journal.folder.glob("*.jsonl"))) == count
    journal.settle(calls[0].id)
    assert len(list(journal.folder.glob("*.jsonl"))) == 1
    await journal.close()
    assert not journal.folder.exists()


async def test_the_journal_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    journal.intend(_call(1).id, _call(1).intent())
    with abandoned_journals(tmp_path) as found:
        assert found == []
    _abandon(journal)


async def test_what_is_written_reaches_the_disk_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (synced.append(fd), sync(fd)))
    journal = _journal(tmp_path)
    for number in range(100):
        journal.intend(_call(number).id, _call(number).intent())
    assert synced == []
    while not synced:
        await asyncio.sleep(0.01)
    assert len(synced) == 1
    _abandon(journal)


def test_damage_in_a_line_is_noticed() -> None:
    line = encode(INTENT, {"id": "req_1", "at": 1.5})
    assert decode(line) == {"t": "i", "id": "req_1", "at": 1.5}
    for position in range(len(line) - 1):
        broken = line[:position] + bytes([line[position] ^ 1]) + line[position + 1 :]
        assert decode(broken) is None


VICTIM = """
import asyncio, os, sys
from pathlib import Path
import orjson
from ceyuan.server import rooms
from tests.models.conftest import _needed_rooms
rooms.ROOMS = _needed_rooms()
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.poster import Poster
from ceyuan.models.gateway.journal import Journal
from ceyuan.models.gateway.settings import GatewaySettings
from tests.models.gateway.house import app_of, serve_http, started

point = sys.argv[2]

def die(*_):
    os.kill(os.getpid(), 9)

if point == "before posting":
    Poster.start = lambda self: None
elif point == "in the middle of posting":
    inner = repository.insert_calls
    async def insert(session, calls):
        await inner(session, calls)
        die()
    repository.insert_calls = insert
elif point == "after the commit":
    Journal.settle = die
elif point == "before the outcome":
    Journal.conclude = die
elif point == "in mid-stream":
    note = Journal.progress
    def progress(self, document):
        note(self, document)
        die()
    Journal.progress = progress
    import ceyuan.models.gateway.forwarding as forwarding
    forwarding._PROGRESS_S = 0.0

async def main():
    platform = build_platform(ServerSettings(data_dir=Path(sys.argv[1]), database_url=sys.argv[3]))
    platform.sections[GatewaySettings] = GatewaySettings(post_every_s=0.2)
    async with started(platform), serve_http(app_of(platform)) as url:
        print(url, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
POINTS = {
    "before posting": ("ok", 70),
    "in the middle of posting": ("ok", 70),
    "after the commit": ("ok", 70),
    "before the outcome": ("interrupted", 0),
}


def _start_victim(house: House, point: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", VICTIM, str(house.platform.data_dir), point, house.platform.database.url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


async def _kill_at(
    house: House, point: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> None:
    """Call a gateway in a process of its own that dies by SIGKILL at `point`, then start ours again."""
    await house.service.stop(house.platform)
    victim = _start_victim(house, point)
    assert victim.stdout is not None
    there = House(house.platform, house.upstream, victim.stdout.readline().strip())
    there.key = house.key
    try:
        with contextlib.suppress(aiohttp.ClientError):
            await there.post(body, headers=headers)
        if point == "before posting":
            victim.kill()
        status = await asyncio.to_thread(victim.wait, 30)
    finally:
        victim.kill()
    assert status == -signal.SIGKILL
    victim.stdout.close()
    await house.service.start(house.platform)


async def _is_charged_once(house: House, point: str) -> None:
    await _kill_at(house, point)
    status, cost = POINTS[point]
    call = await house.the_call()
    assert (call.status, call.cost_micro) == (status, cost)
    assert await house.balance() == 10 * YUAN - cost
    journals = [path.name for path in (house.platform.data_dir / "gateway" / "journal").iterdir()]
    assert journals == [house.gateway.journal.folder.name]
    await house.service.stop(house.platform)
    await house.service.start(house.platform)
    assert await house.balance() == 10 * YUAN - cost


@pytest.mark.parametrize("point", ["before posting", "after the commit", "before the outcome"])
async def test_a_call_is_charged_once_wherever_the_process_is_killed(house: House, point: str) -> None:
    await _is_charged_once(house, point)


async def test_a_call_is_charged_once_when_the_process_is_killed_within_the_transaction(books: House) -> None:
    await _is_charged_once(books, "in the middle of posting")


async def test_a_stream_that_our_own_end_cuts_off_is_charged_for_what_was_relayed(house: House) -> None:
    house.upstream.script = "slow"
    await _kill_at(house, "in mid-stream", {**CHAT, "stream": True})
    call = await house.the_call()
    assert (call.status, call.in_doubt, call.usage_from) == ("interrupted", True, "relayed")
    assert call.cost_micro > 0
    assert await house.balance() == 10 * YUAN - call.cost_micro


async def test_an_orderly_end_leaves_no_journal(house: House) -> None:
    await house.post()
    await house.service.stop(house.platform)
    assert list((house.platform.data_dir / "gateway" / "journal").iterdir()) == []
    await house.service.start(house.platform)
    assert len(await house.calls()) == 1
