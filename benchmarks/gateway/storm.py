"""Ten thousand metered calls at once with clients that hang up, an upstream that breaks off, and our process killed:
what the ledger says afterwards, beside the upstream's own count.

    python -m benchmarks.gateway.storm [--quick] [--seed N] [--calls N] [--kills N] [--json FILE] [--data DIR]

Twice: once with an upstream that can be asked for a call by its id, where the ledger must equal its count; once with
one that cannot, where the two may differ by nothing but the calls that are listed in doubt. A second key has a hard
budget of tokens, which it must not pass by more than one call in flight. `--data DIR` holds the databases (default: a
temporary folder). `--calls` are as many at once; each needs two sockets in our process.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

BUDGET = 40_000
"""Tokens that the second key may use in a day."""
LARGEST = 1100
"""Tokens that one call may use at most: the estimate of its prompt and the bound of its answer."""


@dataclass
class Seen:
    """What became of the calls at the clients."""

    answered: int = 0
    refused: int = 0
    left: int = 0
    broken: int = 0
    codes: dict[int, int] = field(default_factory=dict)


def _request(port: int, key: str, number: int, *, streams: bool) -> bytes:
    body = json.dumps(
        {
            "model": "echo",
            "messages": [{"role": "user", "content": f"call {number}"}],
            "max_tokens": 1000,
            "stream": streams,
        }
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Connection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _one(port: int, key: str, number: int, rng: random.Random, seen: Seen) -> None:
    """One client; every fifth hangs up before its answer is whole."""
    patience = rng.uniform(0.0, 2.0) if rng.random() < 0.2 else 90.0
    writer = None
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_request(port, key, number, streams=rng.random() < 0.6))
            answer = await reader.read(1 << 16)
            while more := await reader.read(1 << 16):
                answer += more
        status = int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
        seen.codes[status] = seen.codes.get(status, 0) + 1
        if status == 200:
            seen.answered += 1
        elif status:
            seen.refused += 1
        else:
            seen.broken += 1
    except TimeoutError:
        seen.left += 1
    except OSError:
        seen.broken += 1
    finally:
        if writer is not None:
            writer.transport.abort()


@contextlib.contextmanager
def _server(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "benchmarks.gateway.storm_servers", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _wave(port: int, keys: list[str], count: int, rng: random.Random, kill: subprocess.Popen[str] | None) -> Seen:
    """`count` calls at once; our process is killed in the middle where `kill` names it."""
    seen = Seen()
    tasks = []
    for number in range(count):
        key = keys[0] if rng.random() < 0.9 else keys[1]
        tasks.append(asyncio.create_task(_one(port, key, number, random.Random(rng.random()), seen)))
        if number % 200 == 199:
            await asyncio.sleep(0)
    if kill is not None:
        await asyncio.sleep(rng.uniform(3.0, 8.0))
        kill.kill()
    await asyncio.gather(*tasks)
    return seen


def _calls(database: str) -> list[tuple[str, str, int, int, int, str]]:
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection:
        return connection.execute(
            "SELECT id, status, prompt_tokens, completion_tokens, in_doubt, key_id FROM gateway_call"
        ).fetchall()


def _paid(database: str) -> dict[str, int]:
    """Tokens in the ledger's usage by call."""
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as connection:
        rows = connection.execute(
            "SELECT subject, sum(quantity) FROM usage_event WHERE resource LIKE 'gateway.tokens.%' GROUP BY subject"
        )
        return {subject: int(quantity) // 1000 for subject, quantity in rows}


def storm(folder: Path, calls: int, kills: int, seed: int, *, asked: bool) -> list[dict[str, Any]]:
    """One storm; returns its rows."""
    rng = random.Random(seed)
    began = time.monotonic()
    with _server("upstream", str(seed)) as (_, upstream):
        arguments = ("gateway", str(upstream["port"]), str(folder), "asked" if asked else "mute")
        for wave in range(kills + 1):
            with _server(*arguments) as (process, ours):
                last = wave == kills
                share = calls // (kills + 1)
                seen = uvloop.run(_wave(ours["port"], ours["keys"], share, rng, None if last else process))
                print(f"  wave {wave + 1}: {seen}", flush=True)
        # Started once more, it settles what the last end left.
        with _server(*arguments) as (_, ours):
            database, budgeted = ours["database"], ours["budgeted"]
            time.sleep(3)
        counted: dict[str, int] = uvloop.run(_counts(upstream["port"]))
    rows = _calls(database)
    paid = _paid(database)
    doubtful = {row[0] for row in rows if row[4]}
    wrong = [
        call
        for call in {*counted, *paid}
        if counted.get(call, 0) != paid.get(call, 0) and (asked or call not in doubtful)
    ]
    used = sum(paid.get(row[0], 0) for row in rows if row[5] == budgeted)
    difference = sum(counted.values()) - sum(paid.values())
    of_doubt = sum(counted.get(call, 0) - paid.get(call, 0) for call in doubtful)
    name = "that can be asked" if asked else "that cannot be asked"
    print(
        f"upstream {name}: {len(rows)} records, {len(counted)} calls counted upstream with {sum(counted.values())} "
        f"tokens, {sum(paid.values())} in the ledger, {len(doubtful)} in doubt (they explain {of_doubt} of "
        f"{difference}); {len(wrong)} calls wrong; the budget of {BUDGET} has {used} used; {_since(began)}"
    )
    bar = f"storm of {calls} calls, {kills} kills, upstream {name}"
    return [
        _row(f"{bar}: calls whose charge differs without being listed", len(wrong), 0, "calls"),
        _row(f"{bar}: calls in doubt", len(doubtful), 0 if asked else None, "calls"),
        _row(f"{bar}: tokens over the hard budget", max(used - BUDGET, 0), LARGEST, "tokens"),
    ]


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"


async def _counts(port: int) -> dict[str, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /counts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    data = await reader.read()
    writer.close()
    counts: dict[str, int] = json.loads(data.partition(b"\r\n\r\n")[2])
    return counts


def _row(bar: str, ours: float, target: float | None, unit: str) -> dict[str, Any]:
    return {"bar": bar, "ours": ours, "peer": None, "limit": None, "target": target, "unit": unit, "better": "lower"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder for the databases (default: a temporary one)")
    parser.add_argument("--quick", action="store_true", help="600 calls and one kill")
    parser.add_argument("--calls", type=int, help="calls in all")
    parser.add_argument("--kills", type=int, help="how often our process is killed")
    parser.add_argument("--seed", type=int, default=42, help="of the clients' and the upstream's tempers")
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    calls = arguments.calls or (600 if arguments.quick else 10_000)
    kills = arguments.kills if arguments.kills is not None else (1 if arguments.quick else 3)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    table: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=arguments.data) as folder:
        for asked in (True, False):
            table += storm(Path(folder) / ("asked" if asked else "mute"), calls, kills, arguments.seed, asked=asked)
    for row in table:
        print(f"{row['bar']}: {row['ours']} {row['unit']}" + ("" if row["target"] is None else f" (≤ {row['target']})"))
    if arguments.json:
        arguments.json.write_text(json.dumps(table, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
