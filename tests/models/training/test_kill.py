"""Killed without warning, again and again, a run still ends in the same bytes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.models.training.conftest import TINY, needs_torch

pytestmark = needs_torch

# PyTorch is loaded once; each life of the run is a fork of a process that has computed nothing yet.
LIVES = """
import json, os, random, signal, sys, time
import torch, gguf, pyarrow.parquet, tokenizers
from pathlib import Path
from ceyuan.models.training import stages
from ceyuan.models.training.process import main

torch.set_num_threads(1)
torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])  # pulls in what PyTorch loads late

asked = json.loads(sys.argv[1])
chance = random.Random(asked["seed"])

def die_at(event):
    seen = 0
    def count(*_):
        nonlocal seen
        seen += 1
        if seen == event:
            os.kill(os.getpid(), signal.SIGKILL)
    sync, replace = os.fsync, Path.replace
    os.fsync = lambda descriptor: (count(), sync(descriptor))
    Path.replace = lambda self, target: (count(), replace(self, target), count())

def live(event):
    child = os.fork()
    if child == 0:
        if event is not None:
            die_at(event)
        main(asked["arguments"], lambda report: None)
        os._exit(0)
    return child

kills, start = 0, time.monotonic()
for life in range(asked["lives"]):
    by_event = life % 2 == 0
    child = live(chance.randint(1, 12) if by_event else None)
    if not by_event:
        time.sleep(chance.uniform(0.0, asked["longest"]))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    kills += os.WIFSIGNALED(status)
_, status = os.waitpid(live(None), 0)
assert status == 0, status
print(json.dumps({"kills": kills, "seconds": time.monotonic() - start}))
"""


def run(
    corpus: Path, output: Path, recipe: dict[str, Any], lives: int = 0, seed: int = 0, longest: float = 0.0
) -> dict[str, float]:
    """One output after `lives` that were ended within `longest` seconds, or at some write, and one that was not."""
    asked = {
        "arguments": {"corpus": str(corpus), "output": str(output), "recipe": recipe},
        "lives": lives,
        "seed": seed,
        "longest": longest,
    }
    done = subprocess.run([sys.executable, "-c", LIVES, json.dumps(asked)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return dict(json.loads(done.stdout))


def content(output: Path) -> dict[str, bytes]:
    folder = output / "model"
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def longer() -> dict[str, Any]:
    """Many checkpoints, hence many moments to die at."""
    return {**TINY, "steps": 80, "checkpoint_every": 4}


@pytest.fixture(scope="module")
def undisturbed(
    corpus_folder: Path, longer: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, float]:
    output = tmp_path_factory.mktemp("quiet")
    return output, run(corpus_folder, output, longer)["seconds"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_killed_at_random_moments_ends_in_the_same_bytes(
    corpus_folder: Path, longer: dict[str, Any], undisturbed: tuple[Path, float], tmp_path: Path, seed: int
) -> None:
    quiet, seconds = undisturbed
    # A life is a tenth of the whole at most: however fast the machine, the run is not over before it was killed often.
    kills = run(corpus_folder, tmp_path, longer, lives=12, seed=seed, longest=seconds / 10)["kills"]
    assert kills >= 6
    assert content(tmp_path) == content(quiet)
