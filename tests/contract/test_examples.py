"""The programs in examples/ do what they say, on a running platform."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run(live: dict[str, Any], name: str, *arguments: str) -> str:
    """What the example prints."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        env=os.environ
        | {"CEYUAN_URL": live["origin"], "CEYUAN_TOKEN": live["tokens"]["li"], "CEYUAN_ORG": "lab", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_folder_becomes_a_dataset_with_two_revisions(live: dict[str, Any]) -> None:
    said = run(live, "publish_dataset.py", "lab/seasons")
    assert "seasons.txt" in said
    assert said.count("\n") == 3


def test_every_model_is_asked(live: dict[str, Any]) -> None:
    assert "echo: " in run(live, "ask_models.py", "一年有几个季节?")


def test_the_log_of_a_job_is_followed_to_its_end(live: dict[str, Any]) -> None:
    assert run(live, "follow_job.py", live["job_id"]).splitlines()[-1] == "end succeeded"
