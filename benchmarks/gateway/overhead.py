"""What the gateway costs a call: requests and streams per second, added latency, CPU time, beside a fake upstream
called directly, the ceilings (a bare aiohttp proxy, raw protocols) and the peers (the least proxy that Starlette and
httpx make; LiteLLM where `--litellm` names its program), all in one run.

Ours does the whole work of a metered call: key, organisation, limits, balance, quota, hold, journal, label, record,
and the posting of every call to the ledger while the load runs; afterwards the ledger is compared with the answers.

    python -m benchmarks.gateway.overhead [--quick] [--seed N] [--seconds S] [--json FILE] [--data DIR] [--litellm BIN]

`--data DIR` is the folder in which the database and journal are made (default: a temporary one). The fake upstream
answers at once; load generator, upstream and proxy share the machine, so CPU time per request says more than rates.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks.gateway.load import Load, drive

CONNECTIONS = 32
WANTED = {False: 3000.0, True: 1200.0}
"""What one worker is to reach: requests, and streams, per second. Latency is taken at half of what a server gave, which
rises with the machine, and at half of this, which does not."""
BODY = (
    b'{"model":"echo","messages":[{"role":"system","content":"You are helpful."},'
    b'{"role":"user","content":"Which seasons are there? Answer in one sentence."}],"max_tokens":64%s}'
)
COST_MICRO = 81
"""24 tokens in at 0.8 and 31 out at 2.0 micro-yuan, each rounded half to even: 19 + 62."""


@dataclass
class Server:
    """A process that is measured."""

    name: str
    process: subprocess.Popen[str]
    said: dict[str, Any]

    @property
    def port(self) -> int:
        return int(self.said["port"])

    def cpu_s(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)


@contextlib.contextmanager
def server(name: str, *arguments: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "benchmarks.gateway.servers", name, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Server(name, process, json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def request(port: int, key: str, *, streams: bool) -> bytes:
    body = BODY % (b',"stream":true' if streams else b"")
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@dataclass
class Figures:
    """One server under one kind of load."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    added_p50_ms: float
    added_p99_ms: float
    steady_p50_ms: float
    steady_p99_ms: float
    answers: int
    failed: int


@contextlib.contextmanager
def litellm(program: str, upstream_port: int, folder: Path) -> Iterator[Server]:
    """LiteLLM's proxy with a master key and nothing else, its cheapest mode."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    parameters = {"model": "openai/echo", "api_base": f"http://127.0.0.1:{upstream_port}/v1", "api_key": "sk-x"}
    config = {
        "model_list": [{"model_name": "echo", "litellm_params": parameters}],
        "general_settings": {"master_key": "sk-bench"},
    }
    file = folder / "litellm.yaml"
    file.write_text(json.dumps(config))
    command = [program, "--config", str(file), "--port", str(port), "--num_workers", "1"]
    # Its table of prices comes with it; without this it asks the net for a newer one at each start.
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        ends = time.monotonic() + 180
        while time.monotonic() < ends and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.5)
        yield Server("litellm", process, {"port": port, "key": "sk-bench"})
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


async def measure(target: Server, *, streams: bool, seconds: float, direct: Server) -> Figures:
    """Full load, then half of what it gave and half of `WANTED` (or as much, where it gave less), for the upstream
    alone and for the target, with the server's CPU time per request under full load."""
    sent = request(target.port, str(target.said.get("key", "none")), streams=streams)
    loads: list[Load] = []

    async def run(**more: Any) -> Load:
        loads.append(await drive(target.port, sent, streams=streams, connections=CONNECTIONS, **more))
        return loads[-1]

    async def added_ms(rate: float) -> tuple[float, float]:
        short = min(seconds, 3.0)
        alone = await drive(direct.port, sent, streams=streams, connections=CONNECTIONS, seconds=short, rate=rate)
        calm = await run(seconds=seconds, rate=rate)
        p50, p99 = (calm.percentile_ms(share) - alone.percentile_ms(share) for share in (0.5, 0.99))
        return p50, p99

    await run(seconds=min(seconds, 1.0))
    cpu = target.cpu_s()
    full = await run(seconds=seconds)
    cpu = target.cpu_s() - cpu
    half = max(full.per_second / 2, 1.0)
    added_p50_ms, added_p99_ms = await added_ms(half)
    steady_p50_ms, steady_p99_ms = await added_ms(min(half, WANTED[streams] / 2))
    return Figures(
        per_second=full.per_second,
        p50_ms=full.percentile_ms(0.5),
        p99_ms=full.percentile_ms(0.99),
        cpu_ms=cpu / max(len(full.latencies), 1) * 1000,
        added_p50_ms=added_p50_ms,
        added_p99_ms=added_p99_ms,
        steady_p50_ms=steady_p50_ms,
        steady_p99_ms=steady_p99_ms,
        answers=sum(len(load.latencies) for load in loads),
        failed=sum(load.failed for load in loads),
    )


def ledger(path: str) -> tuple[int, int]:
    """How many calls the records have, and what the organisation paid, in micro-yuan."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as database:
        (calls,) = database.execute("SELECT count(*) FROM gateway_call WHERE status = 'ok'").fetchone()
        (paid,) = database.execute("SELECT coalesce(sum(cost_micro), 0) FROM usage_event").fetchone()
    return int(calls), int(paid)


def wait_for_ledger(path: str, answers: int) -> tuple[int, int]:
    """The ledger once it has as many calls as were answered, or what it has after a minute."""
    ends = time.monotonic() + 60
    while True:
        found = ledger(path)
        if found[0] >= answers or time.monotonic() > ends:
            return found
        time.sleep(0.5)


def run(folder: Path, seconds: float, program: str | None) -> list[dict[str, Any]]:
    """All servers under both kinds of load; returns the rows of the table."""
    figures: dict[tuple[str, bool], Figures] = {}

    def load(target: Server, upstream: Server) -> None:
        for streams in (False, True):
            one = uvloop.run(measure(target, streams=streams, seconds=seconds, direct=upstream))
            figures[target.name, streams] = one
            show(target.name, "streams" if streams else "requests", one)

    with server("upstream") as upstream:
        port = str(upstream.port)
        load(upstream, upstream)
        for name in ("raw", "aiohttp", "peer"):
            with server(name, port) as other:
                load(other, upstream)
        if program is not None:
            with litellm(program, upstream.port, folder) as other:
                load(other, upstream)
        with server("gateway", port, str(folder / "data")) as ours:
            load(ours, upstream)
            memory = ours.rss_mb()
            answers = sum(figures["gateway", streams].answers for streams in (False, True))
            calls, paid = wait_for_ledger(str(ours.said["database"]), answers)
    right = calls == answers and paid == answers * COST_MICRO
    print(f"ledger: {calls} calls for {answers} answers, {paid} micro-yuan paid; {'exact' if right else 'WRONG'}")
    print(f"gateway memory after the run: {memory:.0f} MB; load of the machine {os.getloadavg()[0]:.1f}")
    if not right:
        raise SystemExit("the ledger differs from the answers")
    return rows(figures)


def show(name: str, kind: str, one: Figures) -> None:
    """One line of figures."""
    print(
        f"{name:>9} {kind:>8}: {one.per_second:8,.0f}/s  p50 {one.p50_ms:7.2f} ms  p99 {one.p99_ms:7.2f} ms  "
        f"{one.cpu_ms:6.3f} CPU-ms each; added at half p50 {one.added_p50_ms:6.2f} p99 {one.added_p99_ms:7.2f} ms, "
        f"at half of what is wanted p50 {one.steady_p50_ms:6.2f} p99 {one.steady_p99_ms:7.2f} ms; "
        f"{one.failed} failed",
        flush=True,
    )


def _row(bar: str, unit: str, better: str, target: float | None, values: tuple[float, float, float]) -> dict[str, Any]:
    ours, peer, limit = (round(value, 3) for value in values)
    return {"bar": bar, "ours": ours, "peer": peer, "limit": limit, "target": target, "unit": unit, "better": better}


def rows(figures: dict[tuple[str, bool], Figures]) -> list[dict[str, Any]]:
    """The table: peer = LiteLLM, or Starlette with httpx where it is not there; limit = the bare aiohttp proxy."""
    peer = "litellm" if ("litellm", False) in figures else "peer"

    def of(streams: bool, name: str) -> tuple[float, float, float]:
        ours, other, limit = (getattr(figures[who, streams], name) for who in ("gateway", peer, "aiohttp"))
        return ours, other, limit

    table = [
        _row("metered chat requests per second, one worker", "req/s", "higher", WANTED[False], of(False, "per_second")),
        _row(
            "streams of 33 chunks per second, one worker", "streams/s", "higher", WANTED[True], of(True, "per_second")
        ),
        _row("added latency at 1,500 requests/s, p50", "ms", "lower", 1.0, of(False, "steady_p50_ms")),
        _row("added latency at 1,500 requests/s, p99", "ms", "lower", 5.0, of(False, "steady_p99_ms")),
        _row("added latency at half of its own most, p50", "ms", "lower", 1.0, of(False, "added_p50_ms")),
        _row("added latency at half of its own most, p99", "ms", "lower", 5.0, of(False, "added_p99_ms")),
        _row("added latency of a stream at half of its own most, p50", "ms", "lower", None, of(True, "added_p50_ms")),
        _row("added latency of a stream at half of its own most, p99", "ms", "lower", None, of(True, "added_p99_ms")),
        _row("CPU time per request", "ms", "lower", None, of(False, "cpu_ms")),
        _row("CPU time per stream", "ms", "lower", None, of(True, "cpu_ms")),
    ]
    if peer == "litellm":
        for streams, name in ((False, "requests"), (True, "streams")):
            ours, other, _ = of(streams, "per_second")
            table.append(_row(f"{name}: times LiteLLM's rate", "x", "higher", 50, (ours / other, 1.0, 0.0)))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder for database and journal (default: a temporary one)")
    parser.add_argument("--quick", action="store_true", help="one second per measurement instead of eight")
    parser.add_argument("--seconds", type=float, help="seconds per measurement")
    parser.add_argument("--seed", type=int, default=0, help="without effect: nothing here is drawn")
    parser.add_argument("--litellm", help="the program of an installed LiteLLM, which is then measured as the peer")
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    seconds = arguments.seconds or (1.0 if arguments.quick else 8.0)
    with tempfile.TemporaryDirectory(dir=arguments.data) as folder:
        table = run(Path(folder), seconds, arguments.litellm)
    for row in table:
        aim = "" if row["target"] is None else f" · target {row['target']:,}"
        print(f"{row['bar']}: ours {row['ours']:,} · peer {row['peer']:,} · limit {row['limit']:,} {row['unit']}{aim}")
    if arguments.json:
        arguments.json.write_text(json.dumps(table, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
