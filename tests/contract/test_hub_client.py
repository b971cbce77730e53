"""The stock client of the Hub against our server, with nothing but its own variables set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("deed", "way"),
    [
        ("folder", "xet"),
        ("folder", "lfs"),
        ("operations", "xet"),
        ("operations", "lfs"),
        ("erase", "xet"),
        ("erase", "lfs"),
        ("gate", "xet"),
        ("pull", "xet"),
    ],
)
def test_the_stock_client_does(live: dict[str, Any], tmp_path: Path, deed: str, way: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.hub_client", deed, str(tmp_path)],
        cwd=ROOT,
        env={
            **os.environ,
            "HF_ENDPOINT": live["origin"],
            "HF_TOKEN": live["tokens"]["li"],
            "OTHER_TOKEN": live["tokens"]["zoe"],
            "HF_HOME": str(tmp_path / "home"),
            "HF_HUB_DISABLE_XET": "0" if way == "xet" else "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
