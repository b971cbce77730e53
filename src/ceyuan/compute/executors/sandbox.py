"""A sandbox around a run: bubblewrap with a file system that holds the system's programs and the run's own folders."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "ssl", "ca-certificates", "localtime")
_NET = ("resolv.conf", "hosts", "nsswitch.conf")


def sandbox_prefix(
    work: Path, *, readable: Sequence[Path] = (), writable: Sequence[Path] = (), network: bool = False
) -> list[str]:
    """The words before a command: only the system's programs, this Python, `work`, and the named folders exist.

    No home, no data folder of the platform, no other processes, no network unless asked for. Ends with its parent.
    """
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev"]
    words += ["--tmpfs", "/tmp", "--cap-drop", "ALL"]
    if network:
        words.append("--share-net")
    for place in _SYSTEM:
        path = Path(place)
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), place]
        elif path.is_dir():
            words += ["--ro-bind", place, place]
    for name in (*_ETC, *(_NET if network else ())):
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    own = {str(Path(prefix).resolve()) for prefix in (sys.prefix, sys.base_prefix)}
    for place in sorted(own):
        words += ["--ro-bind", place, place]
    for path in readable:
        words += ["--ro-bind", str(path), str(path)]
    for path in (work, *writable):
        words += ["--bind", str(path), str(path)]
    return [*words, "--chdir", str(work)]


def remote_prefix(
    work: str, *, readable: Sequence[str] = (), writable: Sequence[str] = (), network: bool = False
) -> list[str]:
    """The same for a machine whose file system we do not see: what it lacks is left out there."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev"]
    words += ["--tmpfs", "/tmp", "--cap-drop", "ALL"]
    if network:
        words.append("--share-net")
    for place in (*_SYSTEM, *(f"/etc/{name}" for name in (*_ETC, *(_NET if network else ())))):
        words += ["--ro-bind-try", place, place]
    for path in readable:
        words += ["--ro-bind", path, path]
    for path in (work, *writable):
        words += ["--bind", path, path]
    return [*words, "--chdir", work]


def devices_of(vendor: str, indices: Sequence[int]) -> tuple[list[str], dict[str, str]]:
    """What a command needs to see certain accelerators of its node: words for the sandbox, and variables.

    Device files as the makers' container toolkits mount them; a file that is not there is left out.
    """
    names = ",".join(str(index) for index in indices)
    files = {
        "nvidia": [f"nvidia{i}" for i in indices] + ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"],
        "ascend": [f"davinci{i}" for i in indices] + ["davinci_manager", "devmm_svm", "hisi_hdc"],
        "cambricon": [f"cambricon_dev{i}" for i in indices] + ["cambricon_ctl"],
        "amd": ["kfd", "dri"],
        "hygon": ["kfd", "dri", "mkfd"],
    }
    variable = {
        "ascend": "ASCEND_RT_VISIBLE_DEVICES",
        "cambricon": "MLU_VISIBLE_DEVICES",
        "amd": "HIP_VISIBLE_DEVICES",
        "hygon": "HIP_VISIBLE_DEVICES",
        "moorethreads": "MUSA_VISIBLE_DEVICES",
    }.get(vendor, "CUDA_VISIBLE_DEVICES")
    words = [word for name in files.get(vendor, []) for word in ("--dev-bind-try", f"/dev/{name}", f"/dev/{name}")]
    return words, {variable: names}


@cache
def sandbox_works() -> bool:
    """Whether bubblewrap is installed and the kernel lets us use it."""
    if shutil.which("bwrap") is None:
        return False
    try:
        tried = subprocess.run([*sandbox_prefix(Path("/tmp")), "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0
