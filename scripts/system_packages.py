"""Install what the tests need from Debian where apt is there: a browser, PostgreSQL, sshd and more; else say so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_SBIN = "/usr/sbin:/sbin"
WANTED = {
    "bubblewrap": lambda: shutil.which("bwrap") is not None,
    "chromium": lambda: shutil.which("chromium") is not None,
    "fonts-noto-cjk": lambda: any(Path("/usr/share/fonts").rglob("NotoSansCJK*")),
    "git-lfs": lambda: shutil.which("git-lfs") is not None,
    "munge": lambda: shutil.which("munged", path=_SBIN) is not None,
    "openssh-server": lambda: Path("/usr/sbin/sshd").exists(),
    "postgresql": lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
    "slurm-client": lambda: shutil.which("sbatch") is not None,
    "slurmctld": lambda: shutil.which("slurmctld", path=_SBIN) is not None,
    "slurmd": lambda: shutil.which("slurmd", path=_SBIN) is not None,
}


def main() -> None:
    missing = [name for name, is_there in WANTED.items() if not is_there()]
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"not installed, the tests that need them will be skipped: {', '.join(missing)}")
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
    for name in missing:
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", name],
            check=False,
            env=environment,
            stdout=subprocess.DEVNULL,
        )


if __name__ == "__main__":
    main()
