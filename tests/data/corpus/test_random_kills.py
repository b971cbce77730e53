"""Collecting and building, killed at random moments, end as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from ceyuan.data.files import sha256_of
from tests.data.corpus.conftest import records

KILLS = 25
PROGRAM = """
import json, sys
from ceyuan.data.collection.entry import main as collect
from ceyuan.data.corpus.entry import main as build
args = json.loads(sys.argv[1])
print("ready", flush=True)
collect(args["collect"], lambda message: None)
build(args["build"], lambda message: None)
"""


def arguments(own: Path, out: Path) -> dict[str, object]:
    sources = [{"key": key, "kind": "folder", "location": str(own / key)} for key in ("alpha", "beta")]
    recipe = {"output": {"shard_bytes": 65536}}
    return {
        "collect": {"out": str(out / "raw"), "cache": str(out / "cache"), "sources": sources},
        "build": {"collections": [str(out / "raw")], "out": str(out), "recipe": recipe, "threads": 1},
    }


def start(values: dict[str, object]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(values)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def content(out: Path) -> dict[str, str]:
    """Hashes of all that counts; what is volatile, and nothing else, stands in run.json."""
    paths = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != "run.json"]
    return {path.relative_to(out).as_posix(): sha256_of(path) for path in paths}


@pytest.mark.slow
def test_killed_at_random_moments_the_result_is_the_same(tmp_path: Path) -> None:
    for seed, key in enumerate(("alpha", "beta")):
        (tmp_path / "own" / key).mkdir(parents=True)
        lines = (orjson.dumps(record) for record in records(seed, 400))
        (tmp_path / "own" / key / "a.jsonl").write_bytes(b"\n".join(lines))
    process, began = start(arguments(tmp_path / "own", tmp_path / "whole")), time.monotonic()
    assert process.wait(timeout=120) == 0
    span = time.monotonic() - began
    expected = content(tmp_path / "whole")
    assert "dataset/manifest.json" in expected
    chance = random.Random(20)
    killed = 0
    for number in range(KILLS):
        out = tmp_path / f"out-{number}"
        process = start(arguments(tmp_path / "own", out))
        try:
            process.wait(timeout=chance.uniform(0.0, 1.2 * span))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert start(arguments(tmp_path / "own", out)).wait(timeout=120) == 0
        assert content(out) == expected
    assert killed > KILLS // 3
