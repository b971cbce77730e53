"""huggingface_hub's own tests against our hub: `python -m benchmarks.hub.client_suite SOURCES --python PYTHON`.

SOURCES is a checkout of https://github.com/huggingface/huggingface_hub at commit ee0a4510f, kept outside the project;
PYTHON is that of an environment in which it and its test dependencies are installed. A copy of the sources is made in
which the address of the Hub, the people and their tokens are ours; nothing of them is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmarks.hub.house import ORGANISATION, house

FILES = (
    "test_commit_api.py",
    "test_lfs.py",
    "test_upload_pipeline.py",
    "test_file_download.py",
    "test_snapshot_download.py",
    "test_hf_api.py",
)
TARGET = 285


def adapt(sources: Path, copy: Path, facts: dict[str, Any]) -> None:
    """Copy the sources and put our address and people in place of the Hub's."""
    shutil.copytree(sources / "tests", copy / "tests")
    shutil.copytree(sources / "src", copy / "src")
    for name in ("pyproject.toml", "setup.cfg"):
        if (sources / name).exists():
            shutil.copy(sources / name, copy / name)
    tokens = facts["tokens"]
    changes = {
        r"https://hub-ci\.huggingface\.co": facts["origin"],
        r"__DUMMY_HUB_USER__": "DummyHubUser",
        r"valid_org_hub": ORGANISATION,
        r'(\nTOKEN = )"[^"]*"': rf'\1"{tokens["DummyHubUser"]}"',
        r'(\nOTHER_TOKEN = )"[^"]*"': rf'\1"{tokens["DVUser"]}"',
        r'(\nENTERPRISE_TOKEN = )"[^"]*"': rf'\1"{tokens["EnterpriseAdmin"]}"',
    }
    for path in [*(copy / "tests").rglob("*.py"), *(copy / "src").rglob("constants.py")]:
        text = path.read_text(encoding="utf-8")
        new = text
        for pattern, ours in changes.items():
            new = re.sub(pattern, ours, new)
        if new != text:
            path.write_text(new, encoding="utf-8")


def run(python: str, copy: Path, origin: str, more: list[str]) -> Path:
    """Run the selected tests; returns the report."""
    report = copy / "report.xml"
    environment = {
        **os.environ,
        "HF_ENDPOINT": origin,
        "PYTHONPATH": str(copy / "src"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HOME": str(copy / "home"),
    }
    command = [python, "-m", "pytest", *(f"tests/{name}" for name in FILES), "-q", "-p", "no:cacheprovider"]
    command += [
        "-m",
        "not production and not inference",
        "--timeout",
        "60",
        f"--junitxml={report}",
        "--tb=short",
        *more,
    ]
    with (copy / "pytest.log").open("wb") as out:
        subprocess.run(command, cwd=copy, env=environment, stdout=out, stderr=out, timeout=3000, check=False)
    return report


def outcomes(report: Path) -> list[tuple[str, str, str]]:
    """(state, test, first line of what went wrong) of each test."""
    found = []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = f"{case.get('classname', '').removeprefix('tests.')}.{case.get('name')}"
        state, why = "passed", ""
        for kind in ("failure", "error", "skipped"):
            element = case.find(kind)
            if element is not None:
                state, why = kind, (element.get("message") or "").strip().split("\n")[0][:160]
        found.append((state, name, why))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="folder for the log and the report")
    parser.add_argument("more", nargs="*", help="more arguments of pytest, after --")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/dev/shm")) as name:
        folder = Path(name)
        with house(folder / "house", CEYUAN_HUB_DEFAULT_VISIBILITY="public") as facts:
            adapt(chosen.sources, folder / "suite", facts)
            found = outcomes(run(chosen.python, folder / "suite", facts["origin"], chosen.more))
        if chosen.keep:
            shutil.copy(folder / "suite" / "pytest.log", chosen.keep / "pytest.log")
            shutil.copy(folder / "house" / "house.log", chosen.keep / "house.log")
    counted = Counter(state for state, _, _ in found)
    for state, test, why in found:
        if state != "passed":
            print(f"{state:8} {test}  {why}")
    print(f"{counted['passed']} of {len(found)} pass (target {TARGET}); {dict(counted)}")
    if chosen.json:
        row = {
            "bar": "huggingface_hub's own tests that pass",
            "ours": counted["passed"],
            "peer": 180,
            "limit": len(found),
            "target": TARGET,
            "unit": "tests",
            "better": "higher",
        }
        chosen.json.write_text(json.dumps([row], indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
