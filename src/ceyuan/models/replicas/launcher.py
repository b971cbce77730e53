"""What runs on the node in front of an engine: it picks a free port, says which, and starts the engine there.

The platform sends this file as the text of a command (`python3 -c`), so a node needs nothing of ours. It must work with
Python 3.8 and its standard library alone. The engine's words go to the task's log, without the replica's key.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

KEY = "CEYUAN_REPLICA_KEY"
MARK = "ceyuan_replica"
_LONGEST_LINE = 65536
_LAST_WORDS_S = 2.0


def say(line: str) -> None:
    """A line for the task's log."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def free_port(host: str, first: int, last: int) -> int:
    """A port on which nobody listens: any, or one of a range where `first` is not 0."""
    ports = [0]
    if first:
        ports = list(range(first, last + 1))
        random.shuffle(ports)
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit(f"no port between {first} and {last} is free")


def key_file(key: str) -> str:
    """A file of settings that holds the key, for an engine that takes it from no variable."""
    path = os.path.abspath("server.yaml")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"api-key: {json.dumps(key)}\n")
    return path


def words_of(argv: list[str], values: dict[str, str]) -> list[str]:
    """The engine's words with `{name}` replaced by its value, for every name."""
    made = []
    for word in argv:
        for name, value in values.items():
            word = word.replace("{" + name + "}", value)
        made.append(word)
    return made


def die_with_parent() -> None:
    """In the child: be killed when this program is (PR_SET_PDEATHSIG, prctl(2))."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def pass_on(source: Any, secret: bytes) -> None:
    """Copy the engine's output line by line, with the secret struck out."""
    while True:
        line = source.readline(_LONGEST_LINE)
        if not line:
            return
        sys.stdout.buffer.write(line.replace(secret, b"***") if secret else line)
        sys.stdout.buffer.flush()


def announced(text: str) -> int | None:
    """The port that the first line of a log tells; what follows is the engine's and not believed."""
    line, ended, _ = text.partition("\n")
    if not ended:
        return None
    try:
        port = json.loads(line)[MARK]["port"]
    except (ValueError, TypeError, KeyError):
        return None
    return port if isinstance(port, int) and 0 < port < 65536 else None


def main(arguments: list[str]) -> int:
    """Run `argv` of the order (JSON: argv, host, ports, key_name); its exit status."""
    order = json.loads(arguments[0])
    environment = dict(os.environ)
    key = environment.pop(KEY, "")
    if not key:
        say("no key was given: a replica is started by its deployment, not by hand")
        return 1
    if order["key_name"]:
        environment[order["key_name"]] = key
    port = free_port(order["host"], *order["ports"])
    say(json.dumps({MARK: {"port": port}}))
    values = {"host": order["host"], "port": str(port), "model": os.path.join(environment["CEYUAN_INPUTS"], "model")}
    if any("{key_file}" in word for word in order["argv"]):
        values["key_file"] = key_file(key)
    # Whoever asks us to end asks the engine too; we stay for its last words. Unlike SIG_IGN a handler is not inherited.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    argv = words_of(order["argv"], values)
    try:
        engine = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            preexec_fn=die_with_parent,
        )
    except OSError as error:
        say(f"the engine's program cannot be started: {argv[0]}: {error}")
        return 127
    copier = threading.Thread(target=pass_on, args=(engine.stdout, key.encode()), daemon=True)
    copier.start()
    code = engine.wait()
    copier.join(_LAST_WORDS_S)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
