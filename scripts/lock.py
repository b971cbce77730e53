"""Write requirements.lock: every dependency of every extra, with hashes and without registry addresses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = (
    *("--generate-hashes", "--all-extras", "--allow-unsafe", "--strip-extras", "--quiet", "--resolver=backtracking"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host", "--no-header", "--no-annotate"),
)


def main() -> int:
    output = ROOT / "requirements.lock"
    command = [sys.executable, "-m", "piptools", "compile", *OPTIONS, "--output-file", str(output), "pyproject.toml"]
    subprocess.run(command, check=True, cwd=ROOT)
    text = output.read_text()
    lines = [line for line in text.splitlines() if not line.startswith(("--index", "--extra-index", "--find-links"))]
    head = "# Written by `make lock`; every extra of pyproject.toml on Linux and Python 3.11. torch is installed apart."
    output.write_text("\n".join([head, *lines]).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
