"""The agent on a machine: one file of the standard library, so that it can be copied to any host with Python 3.8.

`agent.py COMMAND ROOT [KEY] [OFFSET]`; `submit` reads the launch as JSON from standard input; answers are JSON.

A run is a folder `ROOT/KEY`. Its supervisor holds a lock on it for its whole life: who finds the lock free and no
result knows that the supervisor died, whatever process ids were reused since. The file `started` is made before
the command runs and never again, so that a key is executed at most once. A run with a lease (`lease_s`) ends by itself
when nobody has asked for its status for so long: whoever gave it up for lost may then start another.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from typing import Any

LOOK_S = 0.1
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
PLACE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9._-]{0,119}(/[A-Za-z0-9][A-Za-z0-9._-]{0,119}){0,3}")
"""A folder below the root that is sent or fetched."""


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
    renew(folder)
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


def renew(folder: str) -> None:
    """Somebody still asks for this run."""
    try:
        os.utime(at(folder, "spec.json"))
    except OSError:
        pass


def accept(root: str, key: str, spec: dict[str, Any]) -> str:
    """Write a launch down under its key, once; the name of the fault, if there is one."""
    folder = os.path.join(root, key)
    if not os.path.exists(at(folder, "spec.json")):
        if os.path.exists(os.path.join(root, "draining")):
            return "draining"
        os.makedirs(at(folder, "work"), mode=0o700, exist_ok=True)
        try:
            write(at(folder, "spec.json"), spec, once=True)
        except FileExistsError:
            pass
    return "" if read(at(folder, "spec.json")) == spec else "key_reused"


def submit(root: str, key: str) -> dict[str, Any]:
    folder = os.path.join(root, key)
    fault = accept(root, key, json.load(sys.stdin))
    if fault:
        return {"error": fault}
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


def is_sandbox(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip() == "bwrap"
    except OSError:
        return False


def send(session: int, number: int) -> None:
    for pid, _cpu, _memory in family(session):
        # A sandbox that is told to end kills what is in it at once; it ends by itself with the command.
        if number == signal.SIGTERM and is_sandbox(pid):
            continue
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def supervise(folder: str, leaving: str = "") -> None:
    """Run the command of a folder, once, and write down how it ended. `leaving`: the reason for which it is asked to
    end when the supervisor gets TERM (a cluster wants its node back); without, TERM ends the supervisor itself."""
    if leaving:
        signal.signal(signal.SIGTERM, lambda _number, _frame: ask_to_end(folder, leaving))
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
        asked = str(read(at(folder, "cancel")).get("reason", "cancelled"))
        write(at(folder, "result.json"), {"state": "cancelled", "reason": asked, "seconds": 0.0})
        return
    began = time.time()
    renew(folder)
    try:
        write(at(folder, "started"), {"started_at": began, "pid": os.getpid(), "host": os.uname().nodename}, once=True)
    except FileExistsError:
        return
    spec = read(at(folder, "spec.json"))
    with open(at(folder, "output.log"), "ab") as output:
        try:
            process = subprocess.Popen(
                [*spec.get("prefix", []), *spec["argv"]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=at(folder, "work"),
                env={**spec.get("environment", {}), **passed_on(spec)},
                start_new_session=True,
                preexec_fn=die_with_parent,
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
    told = os.path.exists(at(folder, "cancel")) and reason not in ("time", "memory", "lease", "")
    state = "cancelled" if told else "succeeded" if code == 0 and not reason else "failed"
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


def die_with_parent() -> None:
    """In the child: be killed when the supervisor is (PR_SET_PDEATHSIG, prctl(2)), so that nobody works unwatched."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def passed_on(spec: dict[str, Any]) -> dict[str, str]:
    """Variables of a queueing system around us that the launch lets through; `NAME*`: all that begin so."""
    names = spec.get("passes", [])
    starts = tuple(name[:-1] for name in names if name.endswith("*"))
    return {name: value for name, value in os.environ.items() if name in names or (starts and name.startswith(starts))}


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
                reason = str(read(at(folder, "cancel")).get("reason", "cancelled"))
            elif spec.get("lease_s") and now - os.stat(at(folder, "spec.json")).st_mtime > spec["lease_s"]:
                reason = "lease"
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


def ask_to_end(folder: str, reason: str) -> None:
    """Leave word for the supervisor; the first reason stays."""
    try:
        write(os.path.join(folder, "cancel"), {"at": time.time(), "reason": reason}, once=True)
    except FileExistsError:
        pass


def cancel(root: str, key: str, reason: str = "cancelled") -> dict[str, Any]:
    folder = os.path.join(root, key)
    if not os.path.exists(os.path.join(folder, "spec.json")):
        return {"key": key, "state": "absent"}
    ask_to_end(folder, reason)
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
        "sandbox": sandbox(),
        "root": os.path.abspath(root),
    }


def sandbox() -> bool:
    """Whether bubblewrap is there and the kernel lets us use it."""
    if shutil.which("bwrap") is None:
        return False
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true"]
    return subprocess.run(words, capture_output=True, timeout=10, check=False).returncode == 0


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


def take_in(root: str, place: str) -> dict[str, Any]:
    """Unpack a tar archive from standard input below the root, in place of what was there."""
    target = os.path.join(root, place)
    fresh = f"{target}.{os.getpid()}.new"
    os.makedirs(fresh, mode=0o700)
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        archive.extractall(fresh, filter="data")
    shutil.rmtree(target, ignore_errors=True)
    os.rename(fresh, target)
    return {}


def give_out(root: str, place: str) -> None:
    """Write a folder below the root as a tar archive to standard output; files that vanish meanwhile are left out."""
    top = os.path.join(root, place)
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for folder, _folders, names in os.walk(top):
            for name in sorted(names):
                path = os.path.join(folder, name)
                try:
                    archive.add(path, os.path.relpath(path, top), recursive=False)
                except OSError:
                    continue


def main(arguments: list[str]) -> int:
    command, root, rest = arguments[0], arguments[1], arguments[2:]
    if command == "supervise":
        supervise(root, *rest[:1])
        return 0
    answer: dict[str, Any]
    if command in ("take_in", "give_out", "remove"):
        if not PLACE.fullmatch(rest[0]) or ".." in rest[0].split("/"):
            answer = {"error": "refused"}
        elif command == "give_out":
            give_out(root, rest[0])
            return 0
        elif command == "take_in":
            answer = take_in(root, rest[0])
        else:
            shutil.rmtree(os.path.join(root, rest[0]), ignore_errors=True)
            answer = {}
    elif rest and command != "drain" and not KEY.fullmatch(rest[0]):
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
            "forget": forget,
            "status": lambda place, key: status(at(place, key), key),
        }
        answer = cancel(root, *rest[:2]) if command == "cancel" else known[command](root, rest[0])
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
