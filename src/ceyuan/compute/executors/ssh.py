"""SSH hosts: the same agent, copied there once, driven through OpenSSH's client over one kept connection."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ceyuan.compute.executors import agent
from ceyuan.compute.executors.interface import ExecutorFault
from ceyuan.compute.executors.programs import run_program
from ceyuan.compute.executors.speaking import AgentExecutor

_UNREACHABLE = 255
_CONNECT_S = 10

_LONGEST_SOCKET = 88
"""Bytes: an address of a Unix socket takes 108 with its end (unix(7)), and OpenSSH appends 17 while it listens."""


@dataclass(frozen=True, slots=True)
class SshHost:
    """A host: address, port, user, the file of the private key, the known_hosts file with its key, Python there, and
    the folder for runs (relative: below the user's home)."""

    address: str
    user: str
    key_file: Path
    known_hosts: Path
    port: int = 22
    python: str = "python3"
    root: str = ".ceyuan/runs"


class SshExecutor(AgentExecutor):
    """Runs on one host. `control` is a folder of ours for the kept connection's socket; where its path is too long
    for a socket, each command makes a connection of its own."""

    def __init__(self, host: SshHost, control: Path) -> None:
        self.host = host
        digest = hashlib.sha256(Path(agent.__file__).read_bytes()).hexdigest()[:16]
        self._agent = f"{host.root}/agent-{digest}.py"
        self._socket = control / hashlib.sha256(repr(host).encode()).hexdigest()[:12]
        self._ready = False

    def command(self) -> list[str]:
        """OpenSSH's client with everything that our configuration, not the user's, decides."""
        host = self.host
        options = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(host.known_hosts),
            "IdentitiesOnly": "yes",
            "ConnectTimeout": str(_CONNECT_S),
            "ServerAliveInterval": "15",
            **self._kept_connection(),
            "ForwardAgent": "no",
            "SendEnv": "none",
        }
        flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        target = f"{host.user}@{host.address}"
        return ["ssh", "-F", "/dev/null", "-T", "-i", str(host.key_file), "-p", str(host.port), *flags, target]

    def _kept_connection(self) -> dict[str, str]:
        if len(os.fsencode(self._socket)) > _LONGEST_SOCKET:
            return {"ControlMaster": "no", "ControlPath": "none"}
        return {"ControlMaster": "auto", "ControlPath": str(self._socket), "ControlPersist": "60"}

    async def _run(self, line: str, stdin: bytes) -> tuple[int, bytes, bytes]:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent"}
        return await run_program(*self.command(), line, env=environment, stdin=stdin, new_session=True)

    async def ask(self, *words: str, stdin: bytes = b"") -> bytes:
        """Run the agent there; copies it first if it is not there yet."""
        if not self._ready:
            await self._copy()
        command, *rest = words
        line = shlex.join([self.host.python, self._agent, command, self.host.root, *rest])
        status, out, err = await self._run(line, stdin)
        if status == _UNREACHABLE:
            raise ExecutorFault("unreachable", _last(err))
        if status:
            raise ExecutorFault("unreachable", f"the agent failed: {_last(err)}")
        return out

    async def send(self, folder: Path, place: str) -> None:
        """Put a folder there, below the folder of the runs, in place of what was there."""
        with tempfile.TemporaryFile() as archive:
            await asyncio.to_thread(_pack, folder, archive)
            archive.seek(0)
            await self._stream("take_in", place, archive, None)

    async def fetch(self, place: str, folder: Path) -> None:
        """Bring a folder from there, as a whole: what is here stays until all has come."""
        with tempfile.TemporaryFile() as archive:
            await self._stream("give_out", place, None, archive)
            archive.seek(0)
            await asyncio.to_thread(_unpack, archive, folder)

    async def remove(self, place: str) -> None:
        """Remove a folder there."""
        await self.ask("remove", place)

    async def _stream(self, command: str, place: str, source: IO[bytes] | None, target: IO[bytes] | None) -> None:
        if not self._ready:
            await self._copy()
        line = shlex.join([self.host.python, self._agent, command, self.host.root, place])
        process = await asyncio.create_subprocess_exec(
            *self.command(),
            line,
            stdin=source or asyncio.subprocess.DEVNULL,
            stdout=target or asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent"},
            start_new_session=True,
        )
        _out, err = await process.communicate()
        if process.returncode:
            raise ExecutorFault("unreachable", _last(err))

    async def _copy(self) -> None:
        root, target = shlex.quote(self.host.root), shlex.quote(self._agent)
        line = f"umask 077; mkdir -p {root} && cat > {target}.$$ && mv {target}.$$ {target}"
        status, _, err = await self._run(line, Path(agent.__file__).read_bytes())
        if status:
            raise ExecutorFault("unreachable", _last(err))
        self._ready = True

    async def close(self) -> None:
        """End the kept connection."""
        command = self.command()
        process = await asyncio.create_subprocess_exec(
            *command[:1],
            "-O",
            "exit",
            *command[1:],
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()


def _pack(folder: Path, archive: IO[bytes]) -> None:
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file() or path.is_symlink():
                tar.add(path, str(path.relative_to(folder)), recursive=False)


def _unpack(archive: IO[bytes], folder: Path) -> None:
    """Unpack into a fresh folder that takes the old one's place; the "data" filter lets nothing leave it."""
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with tarfile.open(fileobj=archive, mode="r") as tar:
        tar.extractall(fresh, filter="data")
    old = folder.with_name(f"{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _last(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "no connection"
