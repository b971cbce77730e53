"""A real sshd on loopback with keys of its own, for the tests of the SSH executor."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from ceyuan.compute.executors import SshHost


def why_not() -> str:
    """Why no sshd can be started here; empty if it can."""
    if shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        return "no OpenSSH client: install Debian's package openssh-client"
    if not Path("/usr/sbin/sshd").exists():
        return "no sshd: install Debian's package openssh-server"
    return ""


class Sshd:
    """Started in a folder; `host` is how to reach it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        shutil.copy(folder / "client.pub", folder / "authorized")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        public = (folder / "host.pub").read_text().split()
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {public[0]} {public[1]}\n")
        (folder / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPasswordAuthentication no\n"
            f"PermitRootLogin prohibit-password\n"
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True, mode=0o755)
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", folder / "config"], stdout=log, stderr=log
            )
        for _attempt in range(100):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)

    @property
    def host(self) -> SshHost:
        return SshHost(
            "127.0.0.1",
            getpass.getuser(),
            self.folder / "client",
            self.folder / "known",
            self.port,
            root=str(self.folder / "runs"),
        )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
