"""The agent on a machine: one file of the standard library, so that it can be copied to any host with Python 3.8.

`agent.py COMMAND ROOT [KEY] [OFFSET]`; `submit` reads the launch as JSON from standard input; answers are JSON.

A run is a folder `ROOT/KEY`. Its supervisor holds a lock on it for its whole life: who finds the lock free and no
result knows that the supervisor died, whatever process ids were reused since. The file `started` is made before
the command runs and never again, so that a key is executed at most once.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

LOOK_S = 0.1
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def write(path: str, value: object, once: bool = False) -> None:
    """Put JSON at a path as a whole; `once`: only if nothing is there (else `FileExistsError`)."""
    fresh = f"{path}.{os.getpid()}.{time.monotonic_ns()}"
    with open(fresh, "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    if not once:
        os.replace(fresh, path)
        return
    try:
        os.link(fresh, path)
    finally:
        os.remove(fresh)


def read(path: str) -> dict[str, Any]:
    try:
        with open(path) as file:
            found: dict[str, Any] = json.load(file)
            return found
    except (OSError, ValueError):
        return {}


def at(folder: str, name: str) -> str:
    return os.path.join(folder, name)


def is_locked(folder: str) -> bool:
    """Whether a supervisor lives."""
    try:
        descriptor = os.open(os.path.join(folder, "lock"), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


def status(folder: str, key: str) -> dict[str, Any]:
    if not os.path.exists(at(folder, "spec.json")):
        return {"key": key, "state": "absent"}
    alive = is_locked(folder)
    result = read(at(folder, "result.json"))
    if result:
        return {"key": key, **result}
    started = read(at(folder, "started"))
    if not os.path.exists(at(folder, "started")):
        return {"key": key, "state": "queued"}
    pulse = read(at(folder, "pulse"))
    now = time.time()
    if not alive:
        # Whatever outlived its supervisor must end before anybody tries again.
        child = read(at(folder, "child")).get("pid")
        if child:
            send(child, signal.SIGKILL)
        last = pulse.get("at", started.get("started_at", now))
        spent = max(0.0, last - started.get("started_at", last))
        return {
            "key": key,
            "state": "lost",
            "reason": "supervisor",
            "started_at": started.get("started_at"),
            "ended_at": last,
            "seconds": spent,
            "cpu_seconds": pulse.get("cpu_seconds", 0.0),
            "peak_mb": pulse.get("peak_mb", 0.0),
        }
    began = started.get("started_at", now)
    used = {name: pulse.get(name, 0.0) for name in ("cpu_seconds", "peak_mb")}
    return {"key": key, "state": "running", "started_at": began, "seconds": max(0.0, now - began), **used}


def submit(root: str, key: str) -> dict[str, Any]:
    folder = os.path.join(root, key)
    spec = json.load(sys.stdin)
    if not os.path.exists(at(folder, "spec.json")):
        if os.path.exists(os.path.join(root, "draining")):
            return {"error": "draining"}
        os.makedirs(at(folder, "work"), mode=0o700, exist_ok=True)
        try:
            write(at(folder, "spec.json"), spec, once=True)
        except FileExistsError:
            pass
    if read(at(folder, "spec.json")) != spec:
        return {"error": "key_reused"}
    if not os.path.exists(os.path.join(folder, "started")) and not os.path.exists(os.path.join(folder, "result.json")):
        supervise_apart(folder)
    return status(folder, key)


def supervise_apart(folder: str) -> None:
    """Start a supervisor that outlives us, and wait until it has the run in hand."""
    subprocess.Popen(
        [sys.executable, "-I", os.path.abspath(__file__), "supervise", folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if any(os.path.exists(os.path.join(folder, name)) for name in ("started", "result.json")):
            return
        time.sleep(0.02)


def family(session: int) -> list[Any]:
    """Processes of the command's session and all their descendants (a sandbox opens sessions of its own):
    (pid, CPU seconds, resident bytes)."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    seen = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        used = (int(fields[11]) + int(fields[12])) / ticks
        seen[int(name)] = (int(fields[1]), int(fields[3]), used, int(fields[21]) * page)
    inside = {pid for pid, row in seen.items() if row[1] == session or pid == session}
    grown = True
    while grown:
        more = {pid for pid, row in seen.items() if row[0] in inside} - inside
        inside |= more
        grown = bool(more)
    return [(pid, seen[pid][2], seen[pid][3]) for pid in inside]


def send(session: int, number: int) -> None:
    for pid, _cpu, _memory in family(session):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def supervise(folder: str) -> None:
    """Run the command of a folder, once, and write down how it ended."""
    lock = os.open(at(folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    # Those who only look hold the lock for a moment; another supervisor holds it until there is a result.
    for _attempt in range(50):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            time.sleep(0.02)
    else:
        return
    if os.path.exists(at(folder, "result.json")) or os.path.exists(at(folder, "started")):
        return
    if os.path.exists(at(folder, "cancel")):
        write(at(folder, "result.json"), {"state": "cancelled", "reason": "cancelled", "seconds": 0.0})
        return
    began = time.time()
    write(at(folder, "started"), {"started_at": began, "pid": os.getpid()})
    spec = read(at(folder, "spec.json"))
    with open(at(folder, "output.log"), "ab") as output:
        try:
            process = subprocess.Popen(
                [*spec.get("prefix", []), *spec["argv"]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=at(folder, "work"),
                env=spec.get("environment", {}),
                start_new_session=True,
            )
        except OSError as error:
            output.write(f"{error}\n".encode())
            write(
                at(folder, "result.json"),
                {
                    "state": "failed",
                    "exit_code": 127,
                    "reason": "not_started",
                    "started_at": began,
                    "ended_at": time.time(),
                    "seconds": time.time() - began,
                },
            )
            return
    write(at(folder, "child"), {"pid": process.pid})
    reason, used, peak = follow(process, spec, folder, began)
    send(process.pid, signal.SIGKILL)
    code, ended = process.returncode, time.time()
    state = "cancelled" if reason == "cancelled" else "succeeded" if code == 0 and not reason else "failed"
    write(
        at(folder, "result.json"),
        {
            "state": state,
            "exit_code": code,
            "reason": reason,
            "started_at": began,
            "ended_at": ended,
            "seconds": ended - began,
            "cpu_seconds": used,
            "peak_mb": peak / 1e6,
        },
    )


def follow(process: subprocess.Popen[bytes], spec: dict[str, Any], folder: str, began: float) -> tuple[str, float, int]:
    """Wait for the command; end it when it is cancelled or passes a limit. (reason, CPU seconds, peak bytes)"""
    reason, kill_at, used, peak, pulse_at = "", 0.0, 0.0, 0, 0.0
    while process.poll() is None:
        now = time.time()
        members = family(process.pid)
        used = max(used, sum(cpu for _pid, cpu, _memory in members))
        peak = max(peak, sum(memory for _pid, _cpu, memory in members))
        if now >= pulse_at:
            write(at(folder, "pulse"), {"at": now, "cpu_seconds": used, "peak_mb": peak / 1e6})
            pulse_at = now + 1.0
        if not reason:
            if os.path.exists(at(folder, "cancel")):
                reason = "cancelled"
            elif spec.get("wall_s") and now - began > spec["wall_s"]:
                reason = "time"
            elif spec.get("memory_mb") and peak > spec["memory_mb"] * 1_000_000:
                reason = "memory"
            if reason:
                send(process.pid, signal.SIGTERM)
                kill_at = now + spec.get("grace_s", 5.0)
        elif now >= kill_at:
            send(process.pid, signal.SIGKILL)
        time.sleep(LOOK_S)
    return reason, used, peak


def cancel(root: str, key: str) -> dict[str, Any]:
    folder = os.path.join(root, key)
    if not os.path.exists(os.path.join(folder, "spec.json")):
        return {"key": key, "state": "absent"}
    write(os.path.join(folder, "cancel"), {"at": time.time()})
    if not os.path.exists(os.path.join(folder, "started")):
        supervise_apart(folder)
    return status(folder, key)


def keys(root: str) -> list[Any]:
    found = os.listdir(root) if os.path.isdir(root) else []
    return [name for name in found if os.path.exists(os.path.join(root, name, "spec.json"))]


def running(root: str) -> int:
    return sum(status(os.path.join(root, key), key)["state"] == "running" for key in keys(root))


def probe(root: str) -> dict[str, Any]:
    os.makedirs(root, mode=0o700, exist_ok=True)
    chips = []
    if shutil.which("nvidia-smi"):
        command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
        found = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        for line in found.stdout.splitlines():
            name, _, memory = line.rpartition(",")
            if found.returncode == 0 and name:
                chips.append([name.strip(), round(float(memory) / 1024, 1)])
    space = os.statvfs(root)
    return {
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        "disk_gib": space.f_bavail * space.f_frsize / 2**30,
        "accelerators": chips,
        "running": running(root),
        "draining": os.path.exists(os.path.join(root, "draining")),
        "python": sys.executable,
        "sandbox": shutil.which("bwrap") is not None,
    }


def drain(root: str, on: bool) -> dict[str, Any]:
    os.makedirs(root, mode=0o700, exist_ok=True)
    flag = os.path.join(root, "draining")
    if on:
        write(flag, {"at": time.time()})
    elif os.path.exists(flag):
        os.remove(flag)
    return {"running": running(root)}


def forget(root: str, key: str) -> dict[str, Any]:
    folder = os.path.join(root, key)
    if status(folder, key)["state"] in ("running", "queued"):
        return {"error": "refused"}
    shutil.rmtree(folder, ignore_errors=True)
    return {}


def logs(root: str, key: str, offset: int, limit: int) -> bytes:
    try:
        with open(os.path.join(root, key, "output.log"), "rb") as file:
            file.seek(offset)
            return file.read(limit)
    except OSError:
        return b""


def main(arguments: list[str]) -> int:
    command, root, rest = arguments[0], arguments[1], arguments[2:]
    if command == "supervise":
        supervise(root)
        return 0
    if rest and command != "drain" and not KEY.fullmatch(rest[0]):
        answer = {"error": "refused"}
    elif command == "logs":
        sys.stdout.buffer.write(logs(root, rest[0], int(rest[1]), int(rest[2])))
        return 0
    elif command == "probe":
        answer = probe(root)
    elif command == "drain":
        answer = drain(root, rest[0] == "on")
    else:
        known: dict[str, Callable[[str, str], dict[str, Any]]] = {
            "submit": submit,
            "cancel": cancel,
            "forget": forget,
            "status": lambda place, key: status(at(place, key), key),
        }
        answer = known[command](root, rest[0])
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
