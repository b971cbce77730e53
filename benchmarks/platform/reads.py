"""Authenticated reads per second of one worker on SQLite, beside a bare uvicorn and Starlette route in the same run.

The platform runs in its own process, the load in this one: raw sockets with keep-alive and a bearer token. Both share
the machine, so CPU seconds of the server per read stand beside the rates.

    python -m benchmarks.platform.reads [--quick] [--seed N] [--seconds S] [--json FILE] [--data DIR]

`--data DIR` is the folder in which the platform is made (default: a temporary one).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks.gateway.load import Load, drive

CONNECTIONS = 16
SETTLE_S = 5.0
"""After a start the daily jobs run first; they are not what is measured."""
PATHS = {
    "/api/v1/me": 1000,
    "/api/v1/jobs?limit=20": None,
    "/api/v1/repositories?limit=20": None,
}
"""What is read, and its target per second."""


@contextmanager
def server(*arguments: str) -> Iterator[tuple[psutil.Process, dict[str, Any]]]:
    """A server's process and what it said."""
    command = [sys.executable, "-m", "benchmarks.platform.servers", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield psutil.Process(process.pid), json.loads(process.stdout.readline())
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure(one: psutil.Process, said: dict[str, Any], path: str, seconds: float) -> tuple[Load, float]:
    """The load and the server's CPU seconds under it; stops where reads fail."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{said['port']}\r\nAuthorization: Bearer {said['token']}\r\n"
        "Accept: application/json\r\n\r\n"
    ).encode()

    def drive_for(span: float) -> Load:
        return uvloop.run(drive(said["port"], request, streams=False, connections=CONNECTIONS, seconds=span))

    drive_for(min(1.0, seconds))
    before = one.cpu_times()
    load = drive_for(seconds)
    after = one.cpu_times()
    if load.failed:
        raise SystemExit(f"{load.failed} reads of {path} failed")
    return load, (after.user - before.user) + (after.system - before.system)


def run(folder: Path, seconds: float) -> list[dict[str, Any]]:
    """Both servers, one after the other."""
    with server("bare") as (one, said):
        least, least_cpu = measure(one, said, "/", seconds)
    show("bare route", least, least_cpu)
    rows = []
    with server("platform", str(folder)) as (one, said):
        time.sleep(SETTLE_S)
        for path, target in PATHS.items():
            load, cpu = measure(one, said, path, seconds)
            show(path, load, cpu)
            per_cpu = len(load.latencies) / cpu if cpu else 0.0
            least_per_cpu = len(least.latencies) / least_cpu if least_cpu else 0.0
            rows.append(row(f"reads of {path}", load.per_second, least.per_second, target, "reads/s"))
            rows.append(row(f"reads of {path} per CPU second", per_cpu, least_per_cpu, None, "reads/CPU s"))
    return rows


def show(name: str, load: Load, cpu: float) -> None:
    """One line of the table."""
    count = len(load.latencies)
    waits = f"p50 {load.percentile_ms(0.5):.1f} ms, p99 {load.percentile_ms(0.99):.1f} ms"
    print(f"{name}: {load.per_second:,.0f}/s, {waits}, {cpu / max(count, 1) * 1e6:.0f} µs of CPU each", flush=True)


def row(bar: str, ours: float, limit: float, target: int | None, unit: str) -> dict[str, Any]:
    """One row of the table."""
    common = {"peer": None, "limit": round(limit), "target": target, "unit": unit, "better": "higher"}
    return {"bar": bar, "ours": round(ours), **common}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder for the platform (default: a temporary one)")
    parser.add_argument("--quick", action="store_true", help="2 seconds for each path instead of 8")
    parser.add_argument("--seconds", type=float, help="seconds for each path")
    parser.add_argument("--seed", type=int, default=42, help="unused: nothing here is drawn")
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    seconds = arguments.seconds or (2.0 if arguments.quick else 8.0)
    with tempfile.TemporaryDirectory(dir=arguments.data) as name:
        rows = run(Path(name), seconds)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
