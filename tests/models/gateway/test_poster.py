"""Posting by a process of its own: the same ledger, also when that process is killed."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from ceyuan.models.gateway.settings import GatewaySettings
from tests.models.gateway.house import CHAT, YUAN, House


@pytest.fixture
def gateway_settings() -> GatewaySettings:
    """A process posts from the first call on."""
    return GatewaySettings(posting_process_above=1, post_every_s=0.2)


async def _with_process(house: House) -> int:
    """The posting process once it runs, begun by a first call."""
    await house.post()
    for _ in range(4000):
        if pid := house.gateway.poster.process_id:
            return pid
        await asyncio.sleep(0.02)
    raise AssertionError("no posting process was started")


async def test_what_a_process_posted_is_what_would_have_been_posted_here(books: House) -> None:
    pid = await _with_process(books)
    answers = await asyncio.gather(*(books.post({**CHAT, "seed": number}) for number in range(20)))
    assert {status for status, _, _ in answers} == {200}
    assert len(await books.calls()) == 21
    assert await books.balance() == 10 * YUAN - 21 * 70
    assert books.gateway.poster.process_id == pid
    assert books.gateway.journal.owed == 0


async def test_a_posting_process_that_is_killed_loses_and_doubles_nothing(house: House) -> None:
    os.kill(await _with_process(house), signal.SIGKILL)
    await asyncio.gather(*(house.post({**CHAT, "seed": number}) for number in range(10)))
    assert len(await house.calls()) == 11
    assert await house.balance() == 10 * YUAN - 11 * 70
