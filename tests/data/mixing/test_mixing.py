"""Mixtures keep weights and budgets, hold no benchmark item, and leak nothing across the split."""

from __future__ import annotations

import random
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.data.corpus.emit import DATASET_SCHEMA
from ceyuan.data.files import write_json
from ceyuan.data.mixing import packing
from ceyuan.data.mixing.chain import chain_holds
from ceyuan.data.mixing.choosing import choose
from ceyuan.data.mixing.contamination import Benchmarks, contaminated
from ceyuan.data.mixing.exporting import export
from ceyuan.data.mixing.ledger import PROOFS, next_entry, proofs_with
from ceyuan.data.mixing.mix import Mixture, Portion, mix
from ceyuan.data.mixing.packing import pack
from ceyuan.data.mixing.process import export_main
from ceyuan.data.mixing.recount import recount
from ceyuan.data.problems import DataProblem
from tests.data.corpus.conftest import sentence, silent

TITLE = {"zh": "配比", "en": "Mixture"}


def corpus(folder: Path, name: str, texts: list[str]) -> Portion:
    """A corpus' folder with as much as mixtures look at."""
    (folder / name / "data").mkdir(parents=True)
    count = len(texts)
    rows = {
        "id": [f"{name}/{n:04d}" for n in range(count)],
        "text": texts,
        "title": ["题"] * count,
        "source": [name] * count,
        "domain": ["general"] * count,
        "licence": ["CC0-1.0"] * count,
        "cluster": [f"{name}/{n:04d}" for n in range(count)],
        "meta": ["{}"] * count,
    }
    frame = pl.DataFrame(rows).select(DATASET_SCHEMA.names)
    frame.write_parquet(folder / name / "data" / "train-00000-of-00001.parquet")
    return Portion(name, folder / name, 1.0)


def some(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    return [sentence(chance, chance.randint(50, 90)) for _ in range(count)]


def mixed(out: Path, portions: list[Portion], benchmarks: Benchmarks | None = None, **more: Any) -> pl.DataFrame:
    mix(portions, Mixture(**more), benchmarks or Benchmarks(), out, TITLE, silent)
    files = sorted((out / "data").glob("*.parquet"))
    frames = [pl.read_parquet(one).with_columns(split=pl.lit(one.name.partition("-")[0])) for one in files]
    return pl.concat(frames)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(0, 2000), st.integers(1, 3))
def test_a_larger_budget_only_adds_and_none_is_passed(sizes: list[int], budget: int, epochs: int) -> None:
    rows = pl.DataFrame({"id": [f"{n}" for n in range(len(sizes))], "size": sizes})
    less, more = choose(rows, budget / 2, epochs, "seed"), choose(rows, budget, epochs, "seed")
    assert more["size"].sum() <= budget
    assert less.rows() == more.head(less.height).rows()


def test_weights_decide_the_shares_and_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    big, small = corpus(tmp_path, "big", some(1, 200)), corpus(tmp_path, "small", some(2, 200))
    portions = [Portion("big", big.folder, 3.0), Portion("small", small.folder, 1.0)]
    first = mix(portions, Mixture(budget=8000), Benchmarks(), tmp_path / "one", TITLE, silent)
    assert first["counts"]["parts"]["big"]["share"] == pytest.approx(0.75, abs=0.02)
    assert first["counts"]["amount"] <= 8000
    again = mix(portions, Mixture(budget=8000), Benchmarks(), tmp_path / "two", TITLE, silent)
    assert again["content_sha256"] == first["content_sha256"]
    other = mix(portions, Mixture(budget=8000, seed=1), Benchmarks(), tmp_path / "three", TITLE, silent)
    assert other["content_sha256"] != first["content_sha256"]


def test_a_mixture_has_a_card_in_either_language_with_the_same_figures(tmp_path: Path) -> None:
    portions = [corpus(tmp_path, "a", some(0, 30)), corpus(tmp_path, "b", some(1, 30))]
    mix(portions, Mixture(), Benchmarks(), tmp_path / "out", {"zh": "配比", "en": "Mixture"}, silent)
    chinese, english = ((tmp_path / "out" / name).read_text("utf-8") for name in ("README.md", "README.en.md"))
    assert "path: data/train-*.parquet" in chinese.split("---")[1]
    assert "# Mixture" in english
    assert not re.search(r"[\u4e00-\u9fff]", english)
    figures = [re.findall(r"\d[\d,.]*%?", text.partition("# ")[2]) for text in (chinese, english)]
    assert figures[0] == figures[1]


def test_a_corpus_that_comes_twice_repeats_only_what_is_trained_on(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", some(3, 40))
    rows = mixed(tmp_path / "out", [Portion("one", one.folder, 1.0, epochs=2)], heldout=0.2)
    train, held = rows.filter(pl.col("split") == "train"), rows.filter(pl.col("split") == "heldout")
    assert train.height == 2 * (40 - held.height)
    assert not {name.partition("#")[0] for name in train["id"]} & {name.partition("#")[0] for name in held["id"]}
    assert rows["id"].is_unique().all()


def test_what_says_nearly_the_same_in_two_corpora_never_lies_on_both_sides(tmp_path: Path) -> None:
    chance = random.Random(5)
    texts = some(4, 60)
    near = [text[:-5] + sentence(chance, 2) for text in texts[:30]]
    portions = [corpus(tmp_path, "one", texts), corpus(tmp_path, "two", [*texts[30:45], *near])]
    rows = mixed(tmp_path / "out", portions, heldout=0.3)
    left = pl.read_parquet(tmp_path / "out" / "left_out.parquet")
    assert left.filter(pl.col("reason") == "twin").height >= 30
    sides = rows.group_by("cluster").agg(pl.col("split").n_unique())
    assert sides["split"].max() == 1
    heads = rows.with_columns(head=pl.col("text").str.slice(0, 40)).group_by("head").agg(pl.col("split").n_unique())
    assert heads["split"].max() == 1


def test_corpora_that_name_their_documents_alike_are_told_apart(tmp_path: Path) -> None:
    item = "已知甲乙两地相距三百二十公里，一列货车以每小时八十公里的速度从甲地开往乙地，求需要几小时。"
    benchmarks = Benchmarks()
    benchmarks.add([("math/1", item)])
    texts = some(21, 30)
    here, there = corpus(tmp_path / "a", "laws", texts), corpus(tmp_path / "b", "laws", [*texts[:29], texts[29] + item])
    portions = [Portion("one", here.folder, 1.0), Portion("two", there.folder, 1.0)]
    rows = mixed(tmp_path / "out", portions, benchmarks)
    assert rows["id"].is_unique().all()
    assert sorted(rows["text"]) == sorted(texts)
    left = pl.read_parquet(tmp_path / "out" / "left_out.parquet")
    assert left.filter(pl.col("reason") == "benchmark").rows() == [("two/laws/0029", "benchmark", "math/1")]
    assert left.filter(pl.col("id") == "two/laws/0003").rows() == [("two/laws/0003", "twin", "one/laws/0003")]


def test_documents_that_hold_a_benchmark_item_are_left_out_with_its_name(tmp_path: Path) -> None:
    item = "已知甲乙两地相距三百二十公里，一列货车以每小时八十公里的速度从甲地开往乙地，求需要几小时。"
    copied = some(6, 1)[0] + item.replace("，", ", ") + some(7, 1)[0]
    benchmarks = Benchmarks()
    benchmarks.add([("math/1", item), ("math/short", "一加一")])
    assert benchmarks.items == 1
    assert contaminated([copied, item[:10], "无关的正文"], benchmarks) == ["math/1", None, None]
    rows = mixed(tmp_path / "out", [corpus(tmp_path, "one", [*some(8, 20), copied])], benchmarks)
    left = pl.read_parquet(tmp_path / "out" / "left_out.parquet")
    assert left.rows() == [("one/0020", "benchmark", "math/1")]
    assert rows.height == 20


def test_budgets_that_hold_nothing_and_tokens_without_a_tokeniser_are_refused(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", some(9, 5))
    with pytest.raises(DataProblem, match="nothing_to_mix"):
        mixed(tmp_path / "out", [one], budget=1)
    with pytest.raises(DataProblem, match="tokeniser_missing"):
        mixed(tmp_path / "out", [one], unit="tokens")


def test_exports_hold_the_same_documents_in_every_form_and_the_same_bytes_again(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", some(10, 12))
    lines = export(one.folder, tmp_path / "jsonl", "jsonl", silent)
    assert export(one.folder, tmp_path / "again", "jsonl", silent)["files"] == lines["files"]
    read = pl.read_ndjson(tmp_path / "jsonl" / lines["files"][0]["path"])
    assert read["text"].to_list() == some(10, 12)
    tars = export(one.folder, tmp_path / "tar", "webdataset", silent)
    with tarfile.open(tmp_path / "tar" / tars["files"][0]["path"]) as archive:
        names = archive.getnames()
        assert names[:2] == ["00000000.json", "00000000.txt"]
        member = archive.extractfile(names[0])
        assert member is not None
        assert orjson.loads(member.read())["id"] == "one/0000"
    assert export(one.folder, tmp_path / "parquet", "parquet", silent)["documents"] == 12


def test_an_export_carries_the_licences_and_names_its_own_files(tmp_path: Path) -> None:
    one = corpus(tmp_path, "one", some(12, 12))
    mix([one], Mixture(heldout=0.3), Benchmarks(), tmp_path / "mix", TITLE, silent)
    arguments = {"folder": str(tmp_path / "mix"), "out": str(tmp_path / "out"), "form": "jsonl", "source": "a/mix@1"}
    export_main(arguments, silent)
    head, note, body = (tmp_path / "out" / "README.md").read_text("utf-8").split("\n\n", 2)
    card = yaml.safe_load(head.strip("-\n"))
    files = [{"split": side, "path": f"data/{side}-*.jsonl.gz"} for side in ("train", "heldout")]
    assert card == {
        "language": ["zh"],
        "license": ["cc0-1.0"],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    assert "a/mix@1" in note
    assert body.startswith("# 配比\n")
    assert (tmp_path / "out" / "README.en.md").read_text("utf-8").startswith("> Exported from `a/mix@1`")
    (tmp_path / "mix" / "README.md").unlink()
    export_main(arguments | {"out": str(tmp_path / "bare")}, silent)
    assert "train-*.jsonl.gz" in (tmp_path / "bare" / "README.md").read_text("utf-8")


def test_documents_are_packed_into_sequences_of_one_length_that_tell_where_each_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    texts = some(11, 30)
    words = {word: number for number, word in enumerate(["<unk>", "</s>", *sorted(set("".join(texts)))])}
    tokeniser = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokeniser.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokeniser.save(str(tmp_path / "tokenizer.json"))
    one = corpus(tmp_path, "one", texts)
    monkeypatch.setattr(packing, "_SHARD_BYTES", 4 * 64 * 3)  # three sequences a file
    made = pack(one.folder, tmp_path / "out", tmp_path / "tokenizer.json", 64, silent)
    rows = pl.concat([pl.read_parquet(tmp_path / "out" / one["path"]) for one in made["files"]])
    assert made == pack(one.folder, tmp_path / "again", tmp_path / "tokenizer.json", 64, silent)
    whole = [number for text in texts for number in [*(words[letter] for letter in text), 1]]
    assert rows["input_ids"].explode().to_list() == whole[: made["tokens"]]
    assert (made["documents"], made["tokens"] + made["rest"], made["rest"] < 64) == (30, len(whole), True)
    begins = [64 * at + start for at, starts in enumerate(rows["starts"].to_list()) for start in starts]
    lengths = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
    assert begins == [place for place in lengths if place < made["tokens"]]
    with pytest.raises(DataProblem, match="tokeniser_missing"):
        pack(one.folder, tmp_path / "none", tmp_path / "nothing.json", 64, silent)


def decided(*rows: tuple[str, str, bytes, str | None, str | None]) -> pl.DataFrame:
    names = ["id", "source", "exact", "reason", "duplicate_of"]
    kinds = {"id": pl.String, "source": pl.String, "exact": pl.Binary, "reason": pl.String, "duplicate_of": pl.String}
    table = pl.DataFrame([dict(zip(names, row, strict=True)) for row in rows], schema=kinds)
    return table.with_columns(characters=pl.lit(100))


def test_who_proved_a_content_first_keeps_the_credit_whichever_form_survives() -> None:
    sources = [{"source": {"key": key, "title": key, "licence": "CC0-1.0"}} for key in ("first", "second")]
    order = ["first", "second"]
    before = decided(("first/a", "first", b"x", None, None))
    proofs = proofs_with(pl.DataFrame(schema=PROOFS), before, order)
    entries = [next_entry([], "v1", before, proofs, sources)]
    now = decided(
        ("first/a", "first", b"x", "near_duplicate", "second/b"),
        ("second/b", "second", b"y", None, None),
        ("second/c", "second", b"z", None, None),
    )
    proofs = proofs_with(proofs, now, order)
    entries.append(next_entry(entries, "v2", now, proofs, sources))
    shares = {one["source"]: one for one in entries[1]["shares"]}
    assert (shares["first"]["documents"], shares["first"]["first_documents"], shares["first"]["share"]) == (0, 1, 0.5)
    assert (shares["second"]["documents"], shares["second"]["first_documents"]) == (2, 1)
    assert chain_holds(entries)
    entries[0]["shares"][0]["share"] = 0.9
    assert not chain_holds(entries)


def test_tokens_are_told_where_they_are_estimated() -> None:
    now = decided(("a/1", "a", b"x", None, None), ("a/2", "a", b"y", None, None)).with_columns(tokens=pl.lit(70))
    entry = next_entry([], "v1", now, proofs_with(pl.DataFrame(schema=PROOFS), now, ["a"]), [])
    assert (entry["shares"][0]["tokens"], entry["shares"][0]["first_tokens"]) == (140, 140)


def test_anybody_computes_the_account_again_and_finds_what_was_changed(tmp_path: Path) -> None:
    sources = [{"source": {"key": key, "title": key, "licence": "CC0-1.0"}} for key in ("a", "b")]
    rounds = [
        decided(("a/1", "a", b"x", None, None), ("b/1", "b", b"x", "exact_duplicate", "a/1")),
        decided(("a/1", "a", b"x", None, None), ("b/2", "b", b"z", None, None)),
    ]
    proofs, entries = pl.DataFrame(schema=PROOFS), list[dict[str, Any]]()
    folders = []
    for number, decisions in enumerate(rounds):
        proofs = proofs_with(proofs, decisions, ["a", "b"])
        entries.append(next_entry(entries, f"v{number}", decisions, proofs, sources))
        folder = tmp_path / str(number)
        folder.mkdir()
        decisions.write_parquet(folder / "statistics.parquet")
        proofs.write_parquet(folder / "proofs.parquet")
        write_json(folder / "contributions.json", {"entries": entries})
        write_json(folder / "manifest.json", {"content": f"v{number}", "sources": sources, "previous": ""})
        folders.append(folder)
    first, second = folders
    assert recount(first) == {"hash": entries[0]["hash"], "links": 1, "holds": True, "faults": []}
    assert recount(second, first)["holds"]
    swapped = proofs.with_columns(source=pl.when(pl.col("exact") == b"x").then(pl.lit("b")).otherwise("source"))
    swapped.write_parquet(second / "proofs.parquet")
    assert recount(second, first)["faults"] == ["shares", "rewritten", "proofs"]
    proofs.write_parquet(second / "proofs.parquet")
    entries[1]["shares"][0]["share"] = 0.9
    write_json(second / "contributions.json", {"entries": entries})
    assert recount(second, first)["faults"] == ["chain", "shares"]
    with pytest.raises(DataProblem, match="no account"):
        recount(tmp_path)
