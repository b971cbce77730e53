"""Versions: a change costs what it changes, gives what a full run would give, and survives any interruption."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from ceyuan.data.corpus import Recipe
from ceyuan.data.files import sha256_of
from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import Document
from ceyuan.data.versions import Change, Store, Version, changed_files, difference, documents, refresh
from tests.data.corpus.conftest import sentence

RECIPE = Recipe.of({"split": {"heldout": 0.1}})


def made(seed: int, count: int) -> dict[str, Document]:
    """Documents by id: unlike ones, copies, near-copies, and some that are too short."""
    chance = random.Random(seed)
    found: dict[str, Document] = {}
    for number in range(count):
        text = sentence(chance, chance.randint(40, 120))
        if found and number % 5 == 0:
            text = chance.choice(list(found.values())).text
        elif found and number % 4 == 0:
            text = chance.choice(list(found.values())).text[:-6] + sentence(chance, 3)
        elif number % 11 == 0:
            text = "短"
        found[f"{number:04d}"] = Document(f"{number:04d}", text, title=f"题{number}")
    return found


def texts(store: Store, version: Version) -> dict[str, str]:
    frames = pl.concat(documents(store, version))
    return dict(zip(frames["id"].to_list(), frames["text"].to_list(), strict=True))


def full(root: Path, wanted: dict[str, Document]) -> Version:
    return refresh(Store(root), Change(wanted.values()), RECIPE)


@pytest.mark.parametrize("seed", range(3))
def test_refreshing_step_by_step_equals_a_run_from_everything_anew(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    now = made(seed, 120)
    store = Store(tmp_path / "steps")
    refresh(store, Change(now.values()), RECIPE)
    for step in range(4):
        gone = chance.sample(sorted(now), 6)
        put = {name: made(100 * seed + step, 120)[name] for name in chance.sample(sorted(now), 8)}
        put[f"new{step}"] = Document(f"new{step}", chance.choice(list(now.values())).text + "又")
        now = {name: one for name, one in now.items() if name not in gone} | put
        version = refresh(store, Change(put.values(), tuple(gone)), RECIPE)
    anew = full(tmp_path / "anew", now)
    assert version.content == anew.content
    assert version.counts == anew.counts
    assert texts(store, version) == texts(Store(tmp_path / "anew"), anew)


def test_only_what_changed_is_measured_and_written_again(tmp_path: Path) -> None:
    wanted = made(1, 80)
    store = Store(tmp_path)
    first = full(tmp_path, wanted)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    chance = random.Random(9)
    second = refresh(store, Change([Document("0001", sentence(chance, 80))], ("0002",)), RECIPE)
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())
    assert {one.sha256 for one in first.parts} <= {one.sha256 for one in second.parts}
    told = difference(store, first, second)
    assert "own/0001" in [*told["changed"], *told["added"]]
    assert "own/0002" in told["removed"] or "own/0002" not in texts(store, first)
    assert sum(len(one.dead) for one in second.segments) == 2


def test_every_version_stays_and_one_may_go_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = full(tmp_path, made(2, 40))
    held = texts(store, first)
    second = refresh(store, Change([], tuple(made(2, 40))[:20]), RECIPE)
    assert [one.id for one in store.history()] == [second.id, first.id]
    assert texts(store, first) == held
    assert store.roll_back(first.id[:8]).id == store.head == first.id
    with pytest.raises(DataProblem, match="version_unknown"):
        store.version("0" * 8)


def test_the_same_history_gives_the_same_files(tmp_path: Path) -> None:
    versions = []
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        refresh(store, Change(made(3, 50).values()), RECIPE, threads=1 if name == "one" else 2)
        versions.append(
            refresh(store, Change([Document("0003", "改过的正文，足够长，可以留下来，不会太短。")]), RECIPE)
        )
    assert versions[0] == versions[1]
    trees = [
        {p.name: sha256_of(p) for folder in ("raw", "data", "manifests") for p in (tmp_path / n / folder).iterdir()}
        for n in ("one", "two")
    ]
    assert trees[0] == trees[1]


def test_a_shard_that_cannot_be_read_is_named_and_the_run_continues_when_it_is_back(tmp_path: Path) -> None:
    store = Store(tmp_path)
    full(tmp_path, made(4, 30))
    shard = next((tmp_path / "data").iterdir())
    whole = shard.read_bytes()
    shard.write_bytes(whole[:100])
    with pytest.raises(DataProblem, match="shard_damaged") as caught:
        list(documents(store, store.version()))  # type: ignore[arg-type]
    assert shard.name in caught.value.message[0]
    shard.write_bytes(whole)
    assert list(documents(store, store.version()))  # type: ignore[arg-type]


def test_a_shard_that_rots_unseen_is_found_a_week_later_at_the_latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = full(tmp_path, made(4, 30))
    shard = Store(tmp_path).path("data", version.parts[0].sha256)
    facts = shard.stat()
    with shard.open("r+b") as file:
        file.seek(60)
        file.write(b"rot")
    os.utime(shard, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert Store(tmp_path).checked("data", version.parts[0].sha256) == shard
    later = time.time() + 8 * 86400
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(DataProblem, match="shard_damaged"):
        Store(tmp_path).checked("data", version.parts[0].sha256)


def test_a_full_disk_is_named_and_nothing_is_half_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    first = full(tmp_path, made(5, 30))
    real = Path.replace

    def full_disk(self: Path, target: Path) -> Path:
        if "manifests" in str(target):
            raise OSError(28, os.strerror(28))
        return real(self, target)

    change = Change([Document("0001", "新的正文，足够长，可以留下来，也不会被看作太短。")])
    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(DataProblem, match="disk_full"):
        refresh(store, change, RECIPE)
    monkeypatch.undo()
    assert store.head == first.id
    assert refresh(store, change, RECIPE).parent == first.id


def test_a_folder_is_looked_into_only_where_it_changed(tmp_path: Path) -> None:
    folder, noted = tmp_path / "own", tmp_path / "noted.json"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(f"第{number}篇正文，写得足够长，不会因为太短而被去掉。", "utf-8")
    store = Store(tmp_path / "store")
    change, rejected, state = changed_files(folder, noted)
    assert (len(list(change.put)), rejected) == (5, [])
    refresh(store, change, RECIPE)
    state.keep()
    (folder / "1.txt").write_text("换成了另一篇正文，同样写得足够长，不会太短。", "utf-8")
    (folder / "2.txt").unlink()
    os.utime(folder / "3.txt")
    change, _, state = changed_files(folder, noted)
    assert [one.id for one in change.put] == ["1.txt"]
    assert change.delete == ("2.txt",)
    version = refresh(store, change, RECIPE)
    assert version.counts["documents"] == 4


_KILLED = """
import sys
from pathlib import Path
from ceyuan.data.versions import Change, Store, refresh
from tests.data.versions.test_versions import RECIPE, made
print("ready", flush=True)
print(refresh(Store(Path(sys.argv[1])), Change(made(7, 150).values()), RECIPE, threads=1).id, flush=True)
"""


def test_kill_dash_nine_at_random_moments_leaves_no_trace(tmp_path: Path) -> None:
    expected = full(tmp_path / "undisturbed", made(7, 150)).id
    chance = random.Random(0)
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path / "killed")], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random() * 0.4)
        process.send_signal(signal.SIGKILL)
        process.wait()
    store = Store(tmp_path / "killed")
    if store.head:
        assert store.head == expected
        return
    assert full(tmp_path / "killed", made(7, 150)).id == expected
