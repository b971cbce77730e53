"""Fail when a source file is longer than 600 lines; generated files are exempt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIMIT = 600
SUFFIXES = {".py", ".ts", ".tsx", ".css"}
GENERATED = ("console/src/api/schema.d.ts", "src/ceyuan/server/migrations/versions/")


def main() -> int:
    root = Path(__file__).resolve().parent.parent
    names = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    bad = []
    for name in names:
        path = root / name
        if path.suffix in SUFFIXES and not name.startswith(GENERATED) and path.is_file():
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LIMIT:
                bad.append(f"{name}: {lines} lines (limit {LIMIT}); split it by use case")
    print("\n".join(bad) or "every file is short enough")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
