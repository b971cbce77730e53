"""A dataset kept up to date: only what changed is measured, the content is that of a full run, gone ones are known."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.corpus import Inputs, Recipe
from ceyuan.data.corpus.compare import compare
from ceyuan.data.corpus.trace import trace
from ceyuan.data.problems import DataProblem
from ceyuan.data.versions import Store
from ceyuan.data.versions.publish import main, publish
from tests.data.corpus.conftest import sentence, silent

TITLE = {"zh": "语料", "en": "Corpus"}
RECIPE: dict[str, Any] = {"split": {"heldout": 0.1}}
Texts = dict[str, str]


def texts(seed: int, count: int) -> Texts:
    """Texts by name: unlike ones, copies, near-copies and some that are too short."""
    chance = random.Random(seed)
    found: Texts = {}
    for number in range(count):
        text = sentence(chance, chance.randint(40, 120))
        if found and number % 5 == 0:
            text = chance.choice(list(found.values()))
        elif found and number % 4 == 0:
            text = chance.choice(list(found.values()))[:-6] + sentence(chance, 3)
        elif number % 11 == 0:
            text = "短"
        found[f"{number:04d}.txt"] = text
    return found


def collected(root: Path, wanted: Texts) -> Path:
    """The texts as a folder source, collected."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "own").mkdir(parents=True)
    for name, text in wanted.items():
        (root / "own" / name).write_text(text, "utf-8")
    source = Source("own", "folder", str(root / "own"), licence="CC0-1.0")
    collect(root / "raw", [source], PackageCache(root / "cache"), silent)
    return root / "raw"


def run(raw: Path, store: Path, out: Path, **more: Any) -> dict[str, Any]:
    arguments = {"store": str(store), "collections": [str(raw)], "out": str(out), "recipe": RECIPE, "title": TITLE}
    return main(arguments | more, silent)


def held(out: Path) -> Texts:
    rows = pl.read_parquet(sorted((out / "data").glob("*.parquet")))
    return dict(zip(rows["id"].to_list(), rows["text"].to_list(), strict=True))


def reasons(out: Path) -> Sequence[tuple[Any, ...]]:
    return pl.read_parquet(out / "statistics.parquet").select("id", "reason", "duplicate_of", "cluster", "split").rows()


def test_runs_over_changed_sources_equal_full_runs_and_measure_only_what_changed(tmp_path: Path) -> None:
    chance = random.Random(0)
    now = texts(1, 120)
    previous: dict[str, Any] = {}
    for step in range(2):
        raw = collected(tmp_path / f"in{step}", now)
        made = run(raw, tmp_path / "store", tmp_path / f"out{step}", **previous)
        anew = run(raw, tmp_path / f"anew{step}", tmp_path / f"whole{step}")
        assert (made["content"], made["counts"]) == (anew["content"], anew["counts"])
        assert held(tmp_path / f"out{step}") == held(tmp_path / f"whole{step}")
        assert reasons(tmp_path / f"out{step}") == reasons(tmp_path / f"whole{step}")
        if step:
            assert made["change"] == {"put": 6, "deleted": 5, "measured": 6}
        previous = {"previous": str(tmp_path / f"out{step}"), "previous_ref": f"datasets/demo/c@{step}"}
        gone = chance.sample(sorted(now), 5)
        put = {f"n{step}-{n}.txt": sentence(chance, 60) for n in range(4)}
        changed = {name: sentence(chance, 70) for name in chance.sample(sorted(now.keys() - set(gone)), 2)}
        now = {name: text for name, text in now.items() if name not in gone} | put | changed


def test_what_the_sources_no_longer_have_is_kept_as_tombstones_and_told_by_the_difference(tmp_path: Path) -> None:
    now = texts(2, 40)
    first = run(collected(tmp_path / "a", now), tmp_path / "store", tmp_path / "out1")
    del now["0001.txt"], now["0002.txt"]
    now["0003.txt"] = "改过的正文，足够长，可以留下来，也不会被看作太短。"
    before = {"previous": str(tmp_path / "out1"), "previous_ref": "datasets/demo/c@one"}
    run(collected(tmp_path / "b", now), tmp_path / "store", tmp_path / "out2", **before)
    gone = pl.read_parquet(tmp_path / "out2" / "tombstones.parquet")
    assert gone["id"].to_list() == ["own/0001.txt", "own/0002.txt"]
    assert set(gone["last"]) == {"datasets/demo/c@one"}
    told = compare(tmp_path / "out1" / "statistics.parquet", tmp_path / "out2" / "statistics.parquet")
    assert told["counts"]["removed"] == 2
    assert {"id": "own/0003.txt", "domain": "general", "kind": "changed"}.items() <= told["documents"][0].items() or (
        told["counts"]["newly_kept"] == 1
    )
    versions = [{"ref": name, "statistics": str(tmp_path / name / "statistics.parquet")} for name in ("out2", "out1")]
    lost = trace(tmp_path / "out2", "own/0001.txt", versions)
    assert lost["tombstone"]["last"] == "datasets/demo/c@one"
    assert lost["history"][0]["state"] == "absent"
    assert first["counts"]["total"]["documents"] == 40


def test_a_document_is_traced_to_its_source_and_to_the_bound_that_it_failed(tmp_path: Path) -> None:
    run(collected(tmp_path / "a", texts(3, 40)), tmp_path / "store", tmp_path / "out")
    kept = trace(tmp_path / "out", "own/0001.txt", [])
    assert (kept["state"], kept["origin"]["licence"]) == ("kept", "CC0-1.0")
    assert kept["place"]["file"].startswith("data/")
    short = trace(tmp_path / "out", "own/0011.txt", [])
    assert (short["reason"], short["evidence"]["statistic"]) == ("too_short", "characters")
    assert short["evidence"]["value"] < short["evidence"]["at_least"]
    with pytest.raises(DataProblem, match="document_unknown"):
        trace(tmp_path / "out", "own/nothing", [])


def test_the_same_input_and_recipe_leave_the_revision_as_it_is_and_a_lost_store_costs_only_time(tmp_path: Path) -> None:
    raw = collected(tmp_path / "a", texts(4, 40))
    first = run(raw, tmp_path / "store", tmp_path / "out1")
    before = {"previous": str(tmp_path / "out1"), "previous_ref": "datasets/demo/c@one"}
    again = run(raw, tmp_path / "store", tmp_path / "out2", **before)
    assert again["unchanged"]
    assert again["content_sha256"] == first["content_sha256"]
    assert not (tmp_path / "out2").exists()
    shutil.rmtree(tmp_path / "store")
    anew = run(raw, tmp_path / "store", tmp_path / "out3")
    assert anew["content_sha256"] == first["content_sha256"]
    full = run(raw, tmp_path / "store", tmp_path / "out4", full="once", **before)
    assert (full["unchanged"], full["content"], full["change"]["measured"]) == (False, first["content"], 40)


def test_other_thresholds_cut_again_without_measuring(tmp_path: Path) -> None:
    raw = collected(tmp_path / "a", texts(5, 40))
    run(raw, tmp_path / "store", tmp_path / "out1")
    looser = RECIPE | {"thresholds": {"general": {"too_short": {"at_least": 1}}}}
    told: list[dict[str, object]] = []
    arguments = {"store": str(tmp_path / "store"), "collections": [str(raw)], "out": str(tmp_path / "out2")}
    made = main(arguments | {"recipe": looser, "title": TITLE}, told.append)
    assert made["change"] == {"put": 0, "deleted": 0, "measured": 0}
    assert not [one for one in told if "operators" in one]


def test_a_run_tells_what_each_operator_did_and_why_documents_go(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    raw = collected(tmp_path / "a", texts(6, 40))
    inputs = Inputs.of([raw])
    publish(Store(tmp_path / "store"), inputs, Recipe.of(RECIPE), tmp_path / "out", TITLE, told.append)
    operators = next(one["operators"] for one in reversed(told) if "operators" in one)
    assert operators[0]["name"] == "normalise"
    assert all(one["documents"] == 40 for one in operators)
    stages = next(one["stages"] for one in told if "stages" in one)
    assert {"too_short", "exact_duplicate"} <= {one["reason"] for one in stages}


_KILLED = """
import sys
from pathlib import Path
from tests.data.versions.test_publish import run
print("ready", flush=True)
run(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.slow
def test_kill_dash_nine_at_random_moments_leaves_no_trace(tmp_path: Path) -> None:
    raw = collected(tmp_path / "a", texts(7, 300))
    expected = run(raw, tmp_path / "undisturbed", tmp_path / "whole")["content_sha256"]
    chance = random.Random(0)
    place = [str(raw), str(tmp_path / "store"), str(tmp_path / "out")]
    for _ in range(8):
        process = subprocess.Popen([sys.executable, "-c", _KILLED, *place], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert run(raw, tmp_path / "store", tmp_path / "out")["content_sha256"] == expected
