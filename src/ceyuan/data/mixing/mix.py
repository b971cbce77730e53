"""The mixture: chosen, decontaminated, separated, written, with every document that was left out and why."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.explain import write_table
from ceyuan.data.corpus.gathering import gathered_texts
from ceyuan.data.corpus.licences import matrix
from ceyuan.data.corpus.recipe import Duplicates, Split
from ceyuan.data.files import canonical_json, write_atomically, write_json
from ceyuan.data.mixing.card import cards
from ceyuan.data.mixing.choosing import Portion, Unit, choose, sizes_of
from ceyuan.data.mixing.contamination import Benchmarks, Finder
from ceyuan.data.mixing.passing import noted, put_shards
from ceyuan.data.mixing.separating import separated
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report, told

__all__ = ["Mixture", "Portion", "mix"]

_SHARD_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Mixture:
    """Settings: ``budget`` in ``unit`` (0: as much as weights allow without repeating), share to hold out, seed, and
    the tokeniser's file where tokens are counted."""

    budget: int = 0
    unit: Unit = "characters"
    heldout: float = 0.01
    seed: int = 0
    tokeniser: Path | None = None


def mix(
    portions: Sequence[Portion],
    settings: Mixture,
    benchmarks: Benchmarks,
    out: Path,
    title: Mapping[str, str],
    report: Report,
) -> dict[str, Any]:
    """Write the mixture of ``portions`` to ``out`` and return its manifest.

    ``left_out.parquet`` names every document that was chosen and is not there: ``benchmark`` (with the item),
    ``twin`` (with the document that says nearly the same). Documents to hold out come once, however often their
    corpus is repeated. An id that several corpora have is preceded by the name of its own. Raises ``DataProblem``.
    """
    weights = [one.weight for one in portions]
    if not portions or min(weights) <= 0:
        raise DataProblem("weights_invalid", "每个数据集的权重须大于零。", "Every corpus needs a weight above zero.")
    report(told(0.0, "计量", "measuring"))
    sizes = _told_apart(portions, [sizes_of(one, settings.unit, settings.tokeniser) for one in portions])
    budgets = _budgets(portions, [int(one["size"].sum()) for one in sizes], settings.budget)
    files = [path for one in portions for path in one.files()]
    chosen = []
    for number, (portion, rows) in enumerate(zip(portions, sizes, strict=True)):
        report(told(0.2 + 0.1 * number / len(portions), f"选取 {portion.name}", f"choosing of {portion.name}"))
        taken = choose(rows, budgets[number], portion.epochs, f"{settings.seed}/{portion.name}")
        chosen.append(taken.with_columns(part=pl.lit(number, pl.Int32), shard=_shard_of(portions, number)))
    documents = pl.concat(chosen).sort("shard", maintain_order=True).drop("file")
    if not documents.height:
        raise DataProblem("nothing_to_mix", "预算太小，一篇也放不下。", "The budget is too small for any document.")
    report(told(0.3, "去除评测题", "leaving benchmark items out"))
    documents = _described(portions, documents, noted(files, documents, Duplicates(), Finder(benchmarks)))
    unique = documents.unique("id", keep="first", maintain_order=True)
    documents = documents.drop("keys", "exact", "distinct")
    report(told(0.7, "跨数据集去重与划分", "deduplicating across corpora and splitting"))
    free = unique.filter(pl.col("item").is_null())
    split = Split(heldout=settings.heldout, seed=settings.seed)
    clean = separated(free, lambda places: gathered_texts(files, free[places]), split, Duplicates())
    report(told(0.9, "写出", "writing"))
    return _written(portions, documents, unique, clean, budgets, settings, benchmarks, out, title)


def _told_apart(portions: Sequence[Portion], sizes: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """``sizes`` with ids of their own: corpora made from one source name their documents alike."""
    ids = pl.concat([one["id"].unique() for one in sizes])
    shared = ids.filter(ids.is_duplicated()).unique().implode()
    own = [pl.concat_str(pl.lit(f"{one.name}/"), "id") for one in portions]
    return [
        rows.with_columns(id=pl.when(pl.col("id").is_in(shared)).then(name).otherwise("id"))
        for rows, name in zip(sizes, own, strict=True)
    ]


def _shard_of(portions: Sequence[Portion], number: int) -> pl.Expr:
    """Among the files of all corpora the place of one of the corpus ``number``."""
    before = sum(len(one.files()) for one in portions[:number])
    return (pl.col("file") + before).cast(pl.UInt32)


def _described(portions: Sequence[Portion], documents: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """``documents`` with what was noted of each, and ``group``: its cluster, as that of its corpus."""
    table = documents.join(facts, on=["shard", "row"], how="left", maintain_order="left")
    names = {number: f"{one.name}/" for number, one in enumerate(portions)}
    group = pl.col("part").replace_strict(names, return_dtype=pl.String) + pl.col("cluster")
    return table.with_columns(group=pl.when(pl.col("cluster") == "").then(pl.lit("")).otherwise(group))


def _budgets(portions: Sequence[Portion], totals: Sequence[int], budget: int) -> list[int]:
    """Each corpus' share; without a budget the largest that keeps the weights and needs no more than there is."""
    total = sum(one.weight for one in portions)
    limits = [size * one.epochs * total / one.weight for one, size in zip(portions, totals, strict=True)]
    wanted = budget or int(min(limits))
    return [round(wanted * one.weight / total) for one in portions]


def _written(
    portions: Sequence[Portion],
    documents: pl.DataFrame,
    unique: pl.DataFrame,
    clean: pl.DataFrame,
    budgets: Sequence[int],
    settings: Mixture,
    benchmarks: Benchmarks,
    out: Path,
    title: Mapping[str, str],
) -> dict[str, Any]:
    sides = clean.filter(pl.col("twin").is_null()).select("id", "split", together="cluster")
    kept = documents.join(sides, on="id", how="inner", maintain_order="left")
    kept = kept.filter((pl.col("split") == "train") | (pl.col("pass") == 0)).with_columns(cluster="together")
    again = pl.when(pl.col("pass") > 0).then(pl.format("{}#{}", "id", pl.col("pass") + 1)).otherwise("id")
    paths = [path for one in portions for path in one.files()]
    files = put_shards(paths, _placed(kept.with_columns(name=again)), out)
    left = [
        unique.filter(pl.col("item").is_not_null()).select("id", reason=pl.lit("benchmark"), of="item"),
        clean.filter(pl.col("twin").is_not_null()).select("id", reason=pl.lit("twin"), of="twin"),
    ]
    write_table(out / "left_out.parquet", pl.concat(left).sort("id"))
    counts = _counts(portions, documents, kept, pl.concat(left), budgets)
    amounts = kept.group_by("licence", "source").agg(pl.len().alias("documents"), pl.col("characters").sum())
    content: dict[str, Any] = {
        "format": 1,
        "mixture": {
            "budget": settings.budget,
            "unit": settings.unit,
            "heldout": settings.heldout,
            "seed": settings.seed,
            "parts": [{"name": one.name, "weight": one.weight, "epochs": one.epochs} for one in portions],
            "benchmark_items": benchmarks.items,
            "ngram": benchmarks.ngram,
        },
        "title": dict(title),
        "counts": counts,
        "licences": matrix(amounts.sort("licence", "source").rows()),
        "data": files,
    }
    manifest = content | {"content_sha256": hashlib.sha256(canonical_json(content)).hexdigest()}
    write_json(out / "manifest.json", manifest)
    for name, text in cards(title, manifest).items():
        write_atomically(out / name, lambda file, text=text: _put(file, text.encode()))  # type: ignore[misc]
    return manifest


def _placed(kept: pl.DataFrame) -> pl.DataFrame:
    """``kept`` with the file that each document goes to (``path``) and its place there (``at``)."""
    sides = []
    for side in ("train", "heldout"):
        rows = kept.filter(pl.col("split") == side)
        if not rows.height:
            continue
        # Mixed by hash, so that every shard holds every corpus in its share.
        keys = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in rows["name"].to_list()]
        rows = rows.with_columns(key=pl.Series(keys, dtype=pl.Binary)).sort("key", "name").drop("key")
        number = ((rows["bytes"].cum_sum() - rows["bytes"]) // _SHARD_BYTES).rank("dense").cast(pl.Int64) - 1
        count = int(number[-1]) + 1
        names = [f"data/{side}-{one:05d}-of-{count:05d}.parquet" for one in range(count)]
        path = number.replace_strict(dict(enumerate(names)), return_dtype=pl.String)
        sides.append(rows.with_columns(path=path, at=pl.int_range(pl.len(), dtype=pl.UInt32)))
    return pl.concat(sides)


def _counts(
    portions: Sequence[Portion], documents: pl.DataFrame, kept: pl.DataFrame, left: pl.DataFrame, budgets: Sequence[int]
) -> dict[str, Any]:
    total = int(kept["size"].sum())
    parts = {}
    for number, portion in enumerate(portions):
        here = kept.filter(pl.col("part") == number)
        amount = int(here["size"].sum())
        parts[portion.name] = {
            "budget": budgets[number],
            "chosen": int(documents.filter(pl.col("part") == number)["size"].sum()),
            "documents": here.height,
            "amount": amount,
            "share": round(amount / total, 6) if total else 0.0,
        }
    sides = kept.group_by("split").agg(pl.len().alias("documents"), pl.col("size").sum().alias("amount"))
    return {
        "documents": kept.height,
        "amount": total,
        "parts": parts,
        "splits": {row.pop("split"): row for row in sides.sort("split").to_dicts()},
        "left_out": dict(left["reason"].value_counts().sort("reason").iter_rows()),
    }


def _put(file: Any, data: bytes) -> None:
    file.write(data)
