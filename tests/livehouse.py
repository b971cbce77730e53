"""Starts `tests.live` for a session of tests and stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def live_platform(folder: Path, *, patience_s: float = 240) -> Iterator[dict[str, Any]]:
    """The facts of a furnished platform that runs in a process of its own."""
    log = folder / "live.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.live", str(folder)],
            cwd=ROOT,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])},
        )
    deadline = time.monotonic() + patience_s
    facts = folder / "live.json"
    try:
        while not facts.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the platform did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.2)
        yield json.loads(facts.read_text())
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
