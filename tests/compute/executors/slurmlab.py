"""A real Slurm on this machine: munge, the controller and two nodes of different accelerators (device files that stand
for cards), as a child of the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from ceyuan.compute.executors import SlurmCluster
from tests.compute.executors.slurm_later import Later

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "munged")
_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={at}/munge.socket
CredType=cred/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={at}/jwt.key
SlurmctldPort={controller}
SlurmctldPidFile={at}/slurmctld.pid
SlurmdPidFile={at}/slurmd.%n.pid
SlurmdSpoolDir={at}/spool.%n
StateSaveLocation={at}/state
SlurmctldLogFile={at}/slurmctld.log
SlurmdLogFile={at}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=10000,bf_interval=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
GresTypes=gpu,npu
SlurmctldTimeout=10
SlurmdTimeout={silent}
SlurmdParameters=config_overrides
NodeName=bj1 NodeHostname={host} NodeAddr=127.0.0.1 Port={bj1} CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=8 \
ThreadsPerCore=1 RealMemory=4000 Gres=gpu:h800:4
NodeName=nm1 NodeHostname={host} NodeAddr=127.0.0.1 Port={nm1} CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=8 \
ThreadsPerCore=1 RealMemory=4000 Gres=npu:ascend910b:4
PartitionName=normal Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
_GRES = """
NodeName=bj1 Name=gpu Type=h800 File={at}/dev/gpu[0-3]
NodeName=nm1 Name=npu Type=ascend910b File={at}/dev/npu[0-3]
"""


def why_no_rest() -> str:
    """Why no slurmrestd can be started here; empty if it can."""
    if reason := why_not():
        return reason
    found = shutil.which("slurmrestd", path=f"{os.environ['PATH']}:/usr/sbin")
    return "" if found else "no slurmrestd: install Debian's slurmrestd"


def why_not() -> str:
    """Why no Slurm can be started here; empty if it can."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing:
        return f"no Slurm ({', '.join(missing)} missing): install Debian's slurmctld, slurmd, slurm-client and munge"
    return "" if os.geteuid() == 0 else "Slurm's daemons are started as root only"


class SlurmLab:
    """Started in a folder; `cluster` is how to reach it."""

    def __init__(self, folder: Path, silent_s: int = 30) -> None:
        self.folder = folder
        for name in ("state", "dev", "spool.bj1", "spool.nm1", "shared"):
            (folder / name).mkdir(parents=True)
        for name in [f"{kind}{index}" for kind in ("gpu", "npu") for index in range(4)]:
            os.mknod(folder / "dev" / name, 0o20666, os.makedev(1, 3))
        (folder / "munge.key").write_bytes(os.urandom(1024))
        (folder / "munge.key").chmod(0o400)
        (folder / "jwt.key").write_bytes(os.urandom(32))
        (folder / "jwt.key").chmod(0o600)
        words = {"at": folder, "host": socket.gethostname().split(".")[0], "silent": silent_s}
        ports = _free_ports(3)
        words |= dict(zip(("controller", "bj1", "nm1"), ports, strict=True))
        self.conf = folder / "slurm.conf"
        self.conf.write_text(_CONF.format(**words))
        (folder / "gres.conf").write_text(_GRES.format(**words))
        self._environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "SLURM_CONF": str(self.conf)}
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}
        self._rest: tuple[str, str] | None = None
        self._public: Path | None = None
        self.emulated: dict[tuple[str, ...], Later] = {}
        at = folder / "munge"
        files = [f"--{name}-file={at}.{name}" for name in ("pid", "log", "seed")]
        self._start(
            "munged", "munged", "--foreground", "--force", f"--key-file={at}.key", f"--socket={at}.socket", *files
        )
        self._wait(lambda: (folder / "munge.socket").exists())
        self.start_controller()
        for node in ("bj1", "nm1"):
            self.start_node(node)
        self._wait(lambda: self._told().count("idle") == 2)

    @property
    def cluster(self) -> SlurmCluster:
        return SlurmCluster(self.folder / "shared", conf=str(self.conf), python=sys.executable)

    def rest(self) -> SlurmCluster:
        """The same cluster through a real slurmrestd, which is started; for that daemon, which must not be root, the
        configuration lies in a folder that everybody may read."""
        if self._rest is None:
            (port,) = _free_ports(1)
            self._public = Path(tempfile.mkdtemp(prefix="slurmrestd-"))
            self._public.chmod(0o755)
            for name in ("slurm.conf", "gres.conf"):
                shutil.copy(self.folder / name, self._public / name)
            words = (
                "slurmrestd",
                "-f",
                str(self._public / "slurm.conf"),
                "-s",
                "openapi/v0.0.38",
                "-a",
                "rest_auth/jwt",
            )
            with (self.folder / "slurmrestd.out").open("wb") as log:
                self.daemons["slurmrestd"] = subprocess.Popen(
                    [*words, f"127.0.0.1:{port}"],
                    stdout=log,
                    stderr=log,
                    env={**self._environment, "SLURM_CONF": str(self._public / "slurm.conf"), "SLURM_JWT": "daemon"},
                    user="nobody",
                    group="nogroup",
                    extra_groups=[],
                    cwd="/",
                )
            self._wait(lambda: _answers(port))
            told = subprocess.run(
                ["scontrol", "token", "username=root", "lifespan=86400"],
                capture_output=True,
                text=True,
                env=self._environment,
                check=True,
            ).stdout
            self._rest = (f"http://127.0.0.1:{port}", told.strip().partition("=")[2])
        url, token = self._rest
        return SlurmCluster(self.folder / "shared", url=url, user="root", token=token, python=sys.executable)

    def later(self, *versions: str) -> SlurmCluster:
        """The same through the emulation of later versions of its interface, in front of that slurmrestd."""
        cluster = self.rest()
        found = self.emulated.get(versions)
        if found is None:
            found = self.emulated[versions] = Later(cluster.url, versions)
        return replace(cluster, url=found.url)

    def start_controller(self) -> None:
        self._start("slurmctld", "slurmctld", "-D", "-f", str(self.conf))

    def kill_controller(self) -> None:
        """Kill the controller with -9; nodes and jobs go on."""
        daemon = self.daemons.pop("slurmctld")
        daemon.kill()
        daemon.wait()

    def start_node(self, node: str) -> None:
        self._start(f"slurmd.{node}", "slurmd", "-D", "-f", str(self.conf), "-N", node)

    def kill_node(self, node: str) -> None:
        """Kill a node with everything on it, as a power cut does."""
        self.daemons.pop(f"slurmd.{node}").kill()
        self._kill_those_with(f"SLURMD_NODENAME={node}\0")

    def _kill_those_with(self, variable: str) -> None:
        """Kill processes of this cluster in whose environment stands `variable`."""
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                environment = path.read_bytes()
                if variable.encode() in environment and f"SLURM_CONF={self.conf}\0".encode() in environment:
                    os.kill(int(path.parent.name), signal.SIGKILL)

    def _start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.out").open("wb") as log:
            self.daemons[name] = subprocess.Popen(words, stdout=log, stderr=log, env=self._environment)

    def _told(self) -> str:
        words = ["sinfo", "--noheader", "--Node", "--format=%N %T"]
        return subprocess.run(words, capture_output=True, text=True, env=self._environment, check=False).stdout

    def _wait(self, ready: object, seconds: float = 60) -> None:
        assert callable(ready)
        until = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > until:
                logs = "\n".join(p.read_text(errors="replace")[-800:] for p in self.folder.glob("*.[ol]*"))
                raise RuntimeError(f"Slurm did not start:\n{logs}")
            time.sleep(0.1)

    def stop(self) -> None:
        for emulated in self.emulated.values():
            emulated.stop()
        for daemon in reversed(list(self.daemons.values())):
            daemon.terminate()
        for daemon in self.daemons.values():
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
        self._kill_those_with("SLURM_CONF=")
        if self._public is not None:
            shutil.rmtree(self._public, ignore_errors=True)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
