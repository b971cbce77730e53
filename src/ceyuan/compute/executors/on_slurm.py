"""Started by Slurm on the first node of a job: finds the accelerators that Slurm allotted, then becomes the supervisor.

`on_slurm.py AGENT FOLDER VARIABLE`. Slurm sets CUDA_VISIBLE_DEVICES for the GRES `gpu` only; of others (`npu`, ...) the
indices are told by `scontrol --details show job` (slurm.schedmd.com/gres.html).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys


def expanded(text: str) -> list[int]:
    """Indices of a list such as `0-1,3`."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def main(agent: str, folder: str, variable: str) -> None:
    if variable and variable not in os.environ:
        job = os.environ.get("SLURM_JOB_ID", "")
        words = ["scontrol", "--details", "--oneliner", "show", "job", job]
        told = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False).stdout
        found = re.search(r"GRES=[^ ]*\(IDX:([0-9,-]+)\)", told)
        if found:
            os.environ[variable] = ",".join(str(index) for index in expanded(found[1]))
    os.execv(sys.executable, [sys.executable, "-I", agent, "supervise", folder])


if __name__ == "__main__":
    main(*sys.argv[1:4])
