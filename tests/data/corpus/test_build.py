"""A corpus run from raw shards to a dataset: every drop has its reason, the same input gives the same bytes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ceyuan.data.collection.raw import RawWriter
from ceyuan.data.corpus import Inputs, Recipe, build, recut
from ceyuan.data.corpus.entry import main
from ceyuan.data.files import sha256_of, write_json
from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import Document
from tests.data.corpus.conftest import sentence, silent

TITLE = {"zh": "试验语料", "en": "Trial corpus"}


def run(raw: Path, out: Path, **recipe: Any) -> dict[str, Any]:
    return build(Inputs.of([raw]), Recipe.of(recipe), out, TITLE, silent, threads=1)


def tree(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def statistics(out: Path) -> pl.DataFrame:
    return pl.read_parquet(out / "dataset" / "statistics.parquet")


def documents(out: Path) -> pl.DataFrame:
    return pl.read_parquet(out / "dataset" / "data" / "*.parquet")


def test_every_document_is_kept_or_has_a_reason(collection: Callable[..., Path], tmp_path: Path) -> None:
    raw = collection()
    manifest = run(raw, tmp_path / "out")
    table = statistics(tmp_path / "out")
    total = sum(source["documents"] for source in manifest["sources"])
    assert table.height == total == manifest["counts"]["total"]["documents"]
    kept = table.filter(pl.col("reason").is_null())
    assert kept["id"].sort().to_list() == documents(tmp_path / "out")["id"].sort().to_list()
    assert set(table["reason"].drop_nulls()) == {"too_short", "not_chinese", "exact_duplicate", "near_duplicate"}
    listed = json.loads((tmp_path / "out" / "dataset" / "drop_reasons.json").read_bytes())["reasons"]
    assert sum(row["documents"] for row in listed) == total - kept.height


def test_the_same_input_and_recipe_give_the_same_bytes(collection: Callable[..., Path], tmp_path: Path) -> None:
    raw = collection()
    first, second = run(raw, tmp_path / "one"), run(raw, tmp_path / "two")
    assert first == second
    assert tree(tmp_path / "one" / "dataset") == tree(tmp_path / "two" / "dataset")


def test_another_setting_gives_another_hash_and_leaves_nothing_of_the_old(
    collection: Callable[..., Path], tmp_path: Path
) -> None:
    raw = collection(sources=("alpha",))
    first = run(raw, tmp_path / "out", output={"shard_bytes": 65536})
    second = run(raw, tmp_path / "out", output={"shard_bytes": 1 << 20})
    assert first["content_sha256"] != second["content_sha256"]
    listed = {file["path"] for file in second["data"]} | {file["path"] for file in second["files"]}
    assert set(tree(tmp_path / "out" / "dataset")) == listed | {"manifest.json"}


def test_the_manifest_tells_the_hash_of_every_file(collection: Callable[..., Path], tmp_path: Path) -> None:
    manifest = run(collection(sources=("alpha",)), tmp_path / "out", output={"shard_bytes": 65536})
    assert len(manifest["data"]) > 2
    for file in [*manifest["data"], *manifest["files"]]:
        path = tmp_path / "out" / "dataset" / file["path"]
        assert (sha256_of(path), path.stat().st_size) == (file["sha256"], file["bytes"])


def test_what_a_killed_writer_left_behind_does_not_reach_the_dataset(
    collection: Callable[..., Path], tmp_path: Path
) -> None:
    raw = collection(5, ("alpha",))
    (tmp_path / "out" / "dataset").mkdir(parents=True)
    (tmp_path / "out" / "work").mkdir()
    run(raw, tmp_path / "out")
    (tmp_path / "out" / "dataset" / ".README.md.abc.tmp").write_bytes(b"half")
    manifest = run(raw, tmp_path / "out")
    listed = {file["path"] for file in [*manifest["data"], *manifest["files"]]}
    assert set(tree(tmp_path / "out" / "dataset")) == listed | {"manifest.json"}


def test_nothing_volatile_is_in_the_dataset(collection: Callable[..., Path], tmp_path: Path) -> None:
    run(collection(sources=("alpha",)), tmp_path / "out")
    year = time.strftime("%Y-")
    for path in (tmp_path / "out" / "dataset").glob("*.*"):
        if path.suffix != ".parquet":
            assert year not in path.read_text("utf-8")
    assert "started_at" in json.loads((tmp_path / "out" / "run.json").read_bytes())


def test_no_cluster_is_on_both_sides_of_the_split(collection: Callable[..., Path], tmp_path: Path) -> None:
    run(collection(), tmp_path / "out", split={"heldout": 0.2, "seed": 3})
    kept = statistics(tmp_path / "out").filter(pl.col("reason").is_null())
    sides = kept.group_by("cluster").agg(pl.col("split").n_unique())
    assert sides["split"].max() == 1
    share = (kept["split"] == "heldout").mean()
    assert isinstance(share, float)
    assert 0.1 < share < 0.3
    heldout = pl.read_parquet(tmp_path / "out" / "dataset" / "data" / "heldout-*.parquet")
    assert heldout["id"].to_list() == kept.filter(pl.col("split") == "heldout")["id"].to_list()


def test_a_tiny_corpus_still_has_both_sides(collection: Callable[..., Path], tmp_path: Path) -> None:
    manifest = run(collection(3, ("alpha",)), tmp_path / "out")
    assert {name: row["documents"] for name, row in manifest["counts"]["splits"].items()} == {"train": 2, "heldout": 1}


def test_documents_of_one_group_stay_together(tmp_path: Path) -> None:
    chance = random.Random(0)
    writer = RawWriter(tmp_path / "raw" / "laws", "laws", "law", "MIT")
    for law in range(20):
        for article in range(10):
            writer.add(Document(f"{law}/{article}", sentence(chance, 60), group=f"law/{law}"))
    source = {"key": "laws", "title": "法律", "licence": "MIT", "domain": "law", "origin": "folder"}
    record = {"source": source, "documents": 200, "characters": 12_000, "rejected": {}, "shards": writer.finish()}
    write_json(tmp_path / "raw" / "collection.json", {"format": 1, "sources": [record], "skipped": []})
    run(tmp_path / "raw", tmp_path / "out", split={"heldout": 0.3})
    kept = documents(tmp_path / "out")
    assert (kept.height, kept["cluster"].n_unique()) == (200, 20)
    heldout = pl.read_parquet(tmp_path / "out" / "dataset" / "data" / "heldout-*.parquet")
    assert heldout.height == 10 * heldout["cluster"].n_unique()


def test_the_survivor_is_the_preferred_one(collection: Callable[..., Path], tmp_path: Path) -> None:
    run(collection(), tmp_path / "out")
    table = statistics(tmp_path / "out")
    by_id = {row["id"]: row for row in table.iter_rows(named=True)}
    near = table.filter(pl.col("reason") == "near_duplicate")
    assert near.height
    for row in near.iter_rows(named=True):
        survivor = by_id[row["duplicate_of"]]
        assert survivor["reason"] is None
        assert survivor["characters"] >= row["characters"]
        assert row["similarity"] >= 0.7


def test_samples_show_text_before_and_after_and_why_it_was_dropped(
    collection: Callable[..., Path], tmp_path: Path
) -> None:
    raw = collection()
    run(
        raw, tmp_path / "out", profiles={"general": [{"statistic": "characters", "reason": "too_short", "at_least": 5}]}
    )
    shown = json.loads((tmp_path / "out" / "dataset" / "samples.json").read_bytes())
    changed = shown["changed"][0]
    assert changed["before"].endswith("  \r\n")
    assert changed["after"] == changed["before"].rstrip()
    assert all(row["kept_text"] and row["similarity"] >= 0.7 for row in shown["dropped"]["near_duplicate"])
    assert shown["dropped"]["too_short"][0]["statistics"]["characters"] == 2


def test_cards_speak_both_languages_and_name_every_source_and_licence(
    collection: Callable[..., Path], tmp_path: Path
) -> None:
    run(collection(), tmp_path / "out")
    chinese = (tmp_path / "out" / "dataset" / "README.md").read_text("utf-8")
    english = (tmp_path / "out" / "dataset" / "README.en.md").read_text("utf-8")
    for card, title in ((chinese, "# 试验语料"), (english, "# Trial corpus")):
        assert title in card
        assert card.count("CC0-1.0") >= 2
    assert chinese.startswith("---\n")
    assert "过短" in chinese
    assert "古典诗文" not in chinese  # no document is cut by what another domain asks
    assert "too short" in english


def test_a_threshold_is_cut_again_without_reading_a_text(collection: Callable[..., Path], tmp_path: Path) -> None:
    raw = collection()
    run(raw, tmp_path / "out")
    change = {"general": {"too_short": {"at_least": 120.0}}}
    told = recut(tmp_path / "out" / "dataset" / "statistics.parquet", Recipe(), change)
    run(raw, tmp_path / "again", thresholds=change)
    now, then = statistics(tmp_path / "out"), statistics(tmp_path / "again")
    general = told["domains"]["general"]
    assert general["kept_now"] == now["reason"].null_count()
    # A stricter cut may free a near-duplicate whose survivor fell: no more than those may differ.
    assert abs(general["kept_then"] - then["reason"].null_count()) <= 3
    assert general["reasons"]["too_short"]["then"] == (then["reason"] == "too_short").sum()
    assert told["unsearched"] == 0
    looser = recut(
        tmp_path / "out" / "dataset" / "statistics.parquet",
        Recipe(),
        {"general": {"not_chinese": {"at_least": None, "at_most": 1}}},
    )
    assert looser["unsearched"] > 0
    assert "not_chinese" not in [r for r, row in looser["domains"]["general"]["reasons"].items() if row["then"]]


def test_no_change_of_thresholds_changes_nothing(collection: Callable[..., Path], tmp_path: Path) -> None:
    run(collection(), tmp_path / "out")
    recipe = Recipe.of({"thresholds": {"general": {"too_short": {"at_least": 7}}}})
    told = recut(tmp_path / "out" / "dataset" / "statistics.parquet", recipe, {})
    bounds = {one["reason"]: one["at_least"] for one in told["filters"]["general"]}
    assert bounds["too_short"] == 7
    told = recut(tmp_path / "out" / "dataset" / "statistics.parquet", Recipe(), {})
    for row in told["domains"].values():
        assert row["kept_now"] == row["kept_then"]
        assert all(cell["now"] == cell["then"] for cell in row["reasons"].values())


def test_filters_of_one_reason_are_moved_each_by_its_own_name(collection: Callable[..., Path], tmp_path: Path) -> None:
    shared = [
        {"statistic": "characters", "reason": "fragmented", "at_least": 5},
        {"statistic": "special_share", "reason": "fragmented", "at_most": 0.5},
        {"statistic": "characters", "reason": "fragmented", "at_most": 90_000},
    ]
    added = {"*": shared}
    run(collection(), tmp_path / "out", added=added)
    table, recipe = tmp_path / "out" / "dataset" / "statistics.parquet", Recipe.of({"added": added})
    names = [one["name"] for one in recut(table, recipe, {})["filters"]["general"] if one["reason"] == "fragmented"]
    assert names == ["fragmented:characters:1", "fragmented:special_share", "fragmented:characters:2"]

    def then(**bounds: dict[str, float | None]) -> tuple[int, list[tuple[float | None, float | None]]]:
        told = recut(table, Recipe.of({"added": added, "thresholds": {"general": bounds}}), {})
        chain = [one for one in told["filters"]["general"] if one["reason"] == "fragmented"]
        return told["domains"]["general"]["kept_then"], [(one["at_least"], one["at_most"]) for one in chain]

    kept, usual = then()
    assert usual == [(5, None), (None, 0.5), (None, 90_000)]
    fewer, bounds = then(**{"fragmented:characters:1": {"at_least": 120}})
    assert (fewer < kept, bounds) == (True, [(120, None), (None, 0.5), (None, 90_000)])
    assert then(fragmented={"at_most": 1})[1] == [(5, None), (None, 1), (None, 1)]  # only those with such a bound
    assert then(**{"fragmented:special_share": {"at_most": None}})[1] == [(5, None), (None, 90_000)]


@pytest.mark.parametrize(
    ("recipe", "word"),
    [
        ({"form": "NFX"}, "form"),
        ({"unknown": 1}, "unknown"),
        ({"thresholds": {"user": {"no_such": {"at_least": 1}}}}, "user.no_such .there are: damaged, "),
        ({"profiles": {"user": [{"statistic": "beauty", "reason": "ugly", "at_least": 1}]}}, "beauty"),
        ({"duplicates": {"threshold": 0.1}}, "threshold"),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_place_of_the_fault(recipe: dict[str, Any], word: str) -> None:
    with pytest.raises(DataProblem, match=word) as caught:
        Recipe.of(recipe)
    assert caught.value.code == "recipe_invalid"


def test_a_corpus_of_which_nothing_is_left_is_one_clear_problem(
    collection: Callable[..., Path], tmp_path: Path
) -> None:
    raw = collection(3, ("alpha",))
    with pytest.raises(DataProblem) as caught:
        run(raw, tmp_path / "out", thresholds={"general": {"too_short": {"at_least": 1_000_000}}})
    assert caught.value.code == "nothing_kept"
    assert "×" in caught.value.message[0]
    assert not (tmp_path / "out" / "dataset" / "manifest.json").exists()


def test_a_damaged_raw_shard_is_named(collection: Callable[..., Path], tmp_path: Path) -> None:
    raw = collection(5, ("alpha",))
    shard = raw / "alpha" / "raw-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    with pytest.raises(DataProblem) as caught:
        run(raw, tmp_path / "out")
    assert caught.value.code == "shard_damaged"


@pytest.mark.parametrize(
    "stage",
    [
        "measured 1 of",
        "wrote 2 of",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("deduplicating", "wrote 4 of")),
    ],
)
def test_killed_at_any_stage_it_continues_to_the_same_bytes(
    collection: Callable[..., Path], tmp_path: Path, stage: str
) -> None:
    raw = collection()
    recipe = {"output": {"shard_bytes": 65536}}
    expected = run(raw, tmp_path / "whole", **recipe)
    args = {"collections": [str(raw)], "out": str(tmp_path / "out"), "recipe": recipe, "title": TITLE, "threads": 1}
    program = (
        "import json, os, signal, sys\n"
        "from ceyuan.data.corpus.entry import main\n"
        "def report(message):\n"
        "    if sys.argv[2] in message['message'][1]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "main(json.loads(sys.argv[1]), report)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, json.dumps(args), stage], timeout=120, env=dict(os.environ), check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "dataset" / "manifest.json").exists()
    result = main(args, silent)
    assert result["content_sha256"] == expected["content_sha256"]
    assert tree(tmp_path / "out" / "dataset") == tree(tmp_path / "whole" / "dataset")


def test_a_step_gives_what_always_runs_other_parameters() -> None:
    recipe = Recipe.of({"steps": [{"operator": "repetition", "parameters": {"ngram": 5}}]})
    found = [one for one in recipe.operators() if one.specification.name == "repetition"]
    assert [one.parameters.model_dump()["ngram"] for one in found] == [5]
    assert recipe.measuring_identity() != Recipe().measuring_identity()


def test_recipes_of_manifests_that_name_no_counting_function_are_read() -> None:
    before = {"personal_counter": "", "personal_version": "", "personal_at_most": 20}
    assert Recipe.of(before) == Recipe()
    with pytest.raises(DataProblem):
        Recipe.of(before | {"personal_counter": "os:system"})
