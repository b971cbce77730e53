"""Posting in a process of its own: the calls go to it in batches, their costs come back.

It knows nothing that must not be lost: a batch is committed when its costs come back, and posted again by whoever
finds it in the journal otherwise. Frames are a length (4 bytes, big-endian) and JSON.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import orjson

from ceyuan.kernel.audit import AuditLog
from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import CeyuanError
from ceyuan.kernel.platform import Platform
from ceyuan.metering.settings import MeteringSettings
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.posting import Finished, post_calls

_START_S = 120.0
_PATIENCE_S = 120.0
_NICENESS = 5
"""Calls that run come before the posting of those that are over."""


class PostingProcessGone(Exception):
    """The process ended or does not answer."""


def _frame(document: Any) -> bytes:
    data = orjson.dumps(document)
    return len(data).to_bytes(4, "big") + data


async def _read_frame(reader: asyncio.StreamReader) -> Any:
    size = int.from_bytes(await reader.readexactly(4), "big")
    return orjson.loads(await reader.readexactly(size))


class PostingProcess:
    """The parent's end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, platform: Platform, keep_refusals: int) -> PostingProcess:
        """Start it and wait until it has opened the database; raises `PostingProcessGone`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", f"from {__name__} import main; main()"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 22,
        )
        handlers = {topic: list(known) for topic, known in platform.subscriptions.durable.items()}
        started = cls(process)
        settings = {
            "url": platform.database.url,
            "data_dir": str(platform.data_dir),
            "handlers": handlers,
            "keep_refusals": keep_refusals,
            "sections": _sections(platform),
        }
        try:
            await started._exchange(settings, _START_S)
        except BaseException:
            await started.end()
            raise
        return started

    async def post(self, batch: Sequence[Finished]) -> dict[str, int]:
        """Post a batch; returns the costs by call. Raises `PostingProcessGone`, or `RuntimeError` with the fault."""
        answer = await self._exchange(
            [(one.call, one.prompt, one.answer, one.redact, one.shares) for one in batch], _PATIENCE_S
        )
        if "fault" in answer:
            raise RuntimeError(answer["fault"])
        for finished in batch:
            if finished.call.id in answer["doubts"]:
                finished.call.in_doubt, finished.call.usage_from = True, "none"
        costs: dict[str, int] = answer["costs"]
        return costs

    async def _exchange(self, document: Any, patience_s: float) -> dict[str, Any]:
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None
        assert writer is not None
        try:
            writer.write(_frame(document))
            async with asyncio.timeout(patience_s):
                await writer.drain()
                return cast(dict[str, Any], await _read_frame(reader))
        except (OSError, EOFError, TimeoutError) as error:
            raise PostingProcessGone(repr(error)) from error

    async def end(self) -> None:
        """Close its input, which ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def _sections(platform: Platform) -> dict[str, Any]:
    return {"metering": platform.section(MeteringSettings).model_dump(mode="json")}


def _platform(settings: dict[str, Any]) -> Platform:
    """A platform that can do nothing but post: it publishes events and leaves their delivery to the parent."""
    # Neither files nor secrets are touched by posting.
    platform = Platform(
        database=Database(settings["url"], pool_size=2),
        data_dir=Path(settings["data_dir"]),
        blobs=cast(Any, None),
        audit=AuditLog(),
        vault=cast(Any, None),
    )
    platform.sections[MeteringSettings] = MeteringSettings(**settings["sections"]["metering"])
    for topic, names in settings["handlers"].items():
        platform.subscriptions.durable[topic] = dict.fromkeys(names, cast(Any, None))
    return platform


def _write(frame: bytes) -> None:
    while frame:
        frame = frame[os.write(sys.stdout.fileno(), frame) :]


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    settings = await _read_frame(reader)
    platform = _platform(settings)
    await platform.database.ping()

    async def say(document: Any) -> None:
        await asyncio.to_thread(_write, _frame(document))

    try:
        await say({})
        while True:
            batch = [
                Finished(
                    Call(**call),
                    prompt=prompt,
                    answer=said,
                    redact=redact,
                    shares=tuple((name, worker, amount) for name, worker, amount in shares),
                )
                for call, prompt, said, redact, shares in await _read_frame(reader)
            ]
            try:
                costs = await post_calls(platform, batch, settings["keep_refusals"])
                doubts = [one.call.id for one in batch if one.call.in_doubt and one.call.usage_from == "none"]
                await say({"costs": costs, "doubts": doubts})
            except Exception as error:
                await say({"fault": f"{type(error).__name__}: {error}"[:300]})
    except (EOFError, BrokenPipeError):
        pass
    finally:
        await platform.database.close()


def main() -> None:
    """Run until the parent closes our input or is gone."""
    os.nice(_NICENESS)
    try:
        asyncio.run(_serve())
    except CeyuanError as error:  # the parent tries again; a trace would say no more
        sys.exit(error.line("en"))
