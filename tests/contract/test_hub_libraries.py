"""`datasets` and `transformers`, and older Hub clients, against our server, with nothing but their own variables set.

They are no part of the project's own environment: `CEYUAN_CLIENT_PYTHONS` names interpreters (separated like PATH) of
environments that have them; without it only what this environment has is tried.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [python for python in os.environ.get("CEYUAN_CLIENT_PYTHONS", "").split(os.pathsep) if python]
pytestmark = pytest.mark.slow


def has(python: str, module: str) -> bool:
    """Whether the interpreter can import a module."""
    if python == sys.executable:
        return find_spec(module) is not None
    tried = f"import importlib.util as u, sys; sys.exit(u.find_spec('{module}') is None)"
    return subprocess.run([python, "-c", tried], check=False, timeout=60).returncode == 0


def run(live: dict[str, Any], python: str, module: str, deed: str, folder: Path, *, xet: bool) -> None:
    """Let a deed happen in a process of its own; its failure is the test's."""
    done = subprocess.run(
        [python, "-m", module, deed, str(folder)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
            "HF_ENDPOINT": live["origin"],
            "HF_TOKEN": live["tokens"]["li"],
            "OTHER_TOKEN": live["tokens"]["zoe"],
            "HF_HOME": str(folder / "home"),
            "HF_HUB_DISABLE_XET": "0" if xet else "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("python", [sys.executable, *OTHERS])
@pytest.mark.parametrize("deed", ["datasets", "transformers"])
def test_the_libraries_make_the_round_trip(live: dict[str, Any], tmp_path: Path, deed: str, python: str) -> None:
    if not has(python, deed):
        pytest.skip(f"{deed} is not installed there")
    run(live, python, "tests.contract.hub_libraries", deed, tmp_path, xet=has(python, "hf_xet"))


@pytest.mark.parametrize("python", OTHERS)
@pytest.mark.parametrize("deed", ["folder", "operations", "gate", "pull", "names", "talk", "large_folder"])
@pytest.mark.parametrize("way", ["xet", "lfs"])
def test_other_versions_of_the_client_do_the_same(
    live: dict[str, Any], tmp_path: Path, way: str, deed: str, python: str
) -> None:
    if way == "xet" and not has(python, "hf_xet"):
        pytest.skip("no hf_xet there")
    run(live, python, "tests.contract.hub_client", deed, tmp_path, xet=way == "xet")
