"""The mixture: chosen, decontaminated, separated, written, with every document that was left out and why."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.emit import DATASET_SCHEMA
from ceyuan.data.corpus.explain import write_table
from ceyuan.data.corpus.licences import matrix, matrix_table
from ceyuan.data.corpus.recipe import Duplicates, Split
from ceyuan.data.corpus.report import Report, told
from ceyuan.data.files import canonical_json, sha256_of, write_atomically, write_json
from ceyuan.data.mixing.choosing import Portion, Unit, choose, sizes_of
from ceyuan.data.mixing.contamination import Benchmarks, contaminated
from ceyuan.data.mixing.separating import separated
from ceyuan.data.problems import DataProblem

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
    corpus is repeated. Raises ``DataProblem``.
    """
    weights = [one.weight for one in portions]
    if not portions or min(weights) <= 0:
        raise DataProblem("weights_invalid", "每个数据集的权重须大于零。", "Every corpus needs a weight above zero.")
    report(told(0.0, "计量", "measuring"))
    sizes = [sizes_of(one, settings.unit, settings.tokeniser) for one in portions]
    budgets = _budgets(portions, [int(one["size"].sum()) for one in sizes], settings.budget)
    chosen = []
    for number, (portion, rows) in enumerate(zip(portions, sizes, strict=True)):
        report(told(0.2 + 0.2 * number / len(portions), f"选取 {portion.name}", f"choosing of {portion.name}"))
        taken = choose(rows, budgets[number], portion.epochs, f"{settings.seed}/{portion.name}")
        chosen.append(_documents(portion, taken).with_columns(part=pl.lit(number, pl.Int32)))
    documents = pl.concat(chosen)
    if not documents.height:
        raise DataProblem("nothing_to_mix", "预算太小，一篇也放不下。", "The budget is too small for any document.")
    report(told(0.5, "去除评测题", "leaving benchmark items out"))
    unique = documents.unique("id", keep="first", maintain_order=True)
    hits = contaminated(unique["text"].to_list(), benchmarks)
    unique = unique.with_columns(item=pl.Series(hits, dtype=pl.String))
    report(told(0.7, "跨数据集去重与划分", "deduplicating across corpora and splitting"))
    clean = separated(
        unique.filter(pl.col("item").is_null()), Split(heldout=settings.heldout, seed=settings.seed), Duplicates()
    )
    report(told(0.9, "写出", "writing"))
    return _written(portions, documents, unique, clean, budgets, settings, benchmarks, out, title)


def _budgets(portions: Sequence[Portion], totals: Sequence[int], budget: int) -> list[int]:
    """Each corpus' share; without a budget the largest that keeps the weights and needs no more than there is."""
    total = sum(one.weight for one in portions)
    limits = [size * one.epochs * total / one.weight for one, size in zip(portions, totals, strict=True)]
    wanted = budget or int(min(limits))
    return [round(wanted * one.weight / total) for one in portions]


def _documents(portion: Portion, taken: pl.DataFrame) -> pl.DataFrame:
    frames = []
    columns = DATASET_SCHEMA.names
    for number, path in enumerate(portion.files()):
        here = taken.filter(pl.col("file") == number)
        if here.height:
            rows = pl.read_parquet(path, columns=columns)[here["row"]]
            frames.append(rows.with_columns(here["pass"], here["size"]))
    if not frames:
        empty = pl.read_parquet(portion.files()[0], columns=columns).head(0)
        return empty.with_columns(
            pl.lit(0, pl.Int32).alias("pass"), pl.lit(0, pl.Int64).alias("size"), group=pl.lit("")
        )
    group = pl.lit(f"{portion.name}/") + pl.col("cluster")
    return pl.concat(frames).with_columns(group=pl.when(pl.col("cluster") == "").then(pl.lit("")).otherwise(group))


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
    files = _shards(kept.with_columns(id=again), out)
    left = [
        unique.filter(pl.col("item").is_not_null()).select("id", reason=pl.lit("benchmark"), of="item"),
        clean.filter(pl.col("twin").is_not_null()).select("id", reason=pl.lit("twin"), of="twin"),
    ]
    write_table(out / "left_out.parquet", pl.concat(left).sort("id"))
    counts = _counts(portions, documents, kept, pl.concat(left), budgets)
    amounts = kept.group_by("licence", "source").agg(
        pl.len().alias("documents"), pl.col("text").str.len_chars().cast(pl.Int64).sum().alias("characters")
    )
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
    text = _card(title, manifest).encode()
    write_atomically(out / "README.md", lambda file: _put(file, text))
    return manifest


def _shards(kept: pl.DataFrame, out: Path) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = []
    for side in ("train", "heldout"):
        rows = kept.filter(pl.col("split") == side)
        # Mixed by hash, so that every shard holds every corpus in its share.
        keys = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in rows["id"].to_list()]
        rows = rows.with_columns(key=pl.Series(keys, dtype=pl.Binary)).sort("key", "id")
        size = rows["text"].str.len_bytes().cast(pl.Int64)
        runs = rows.with_columns(run=(size.cum_sum() - size) // _SHARD_BYTES).partition_by("run", maintain_order=True)
        for number, run in enumerate(runs):
            name = f"data/{side}-{number:05d}-of-{len(runs):05d}.parquet"
            table = run.select(DATASET_SCHEMA.names).to_arrow().cast(DATASET_SCHEMA)
            write_atomically(out / name, lambda file, table=table: _parquet(table, file))  # type: ignore[misc]
            about = {"path": name, "split": side, "rows": run.height}
            files.append(about | {"bytes": (out / name).stat().st_size, "sha256": sha256_of(out / name)})
    return files


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


def _card(title: Mapping[str, str], manifest: Mapping[str, Any]) -> str:
    counts, plan = manifest["counts"], manifest["mixture"]
    lines = ["---", "language:", "- zh", "configs:", "- config_name: default", "  data_files:"]
    lines += [f"  - split: {side}\n    path: data/{side}-*.parquet" for side in sorted(counts["splits"], reverse=True)]
    lines += ["---", "", f"# {title['zh']} · {title['en']}", "", f"单位 unit: {plan['unit']}", ""]
    lines += ["| 数据集 Corpus | 权重 Weight | 文档 Documents | 数量 Amount | 占比 Share |", "|---|---|---|---|---|"]
    for part in plan["parts"]:
        one = counts["parts"][part["name"]]
        lines.append(
            f"| {part['name']} | {part['weight']} | {one['documents']} | {one['amount']} | {one['share']:.2%} |"
        )
    gone = counts["left_out"]
    lines += [
        "",
        f"与评测题重合 benchmark items: {gone.get('benchmark', 0)}；跨数据集重复 twins: {gone.get('twin', 0)}"
        f"（{plan['benchmark_items']} 道题 items, n = {plan['ngram']}）。",
        "",
        matrix_table(0, manifest["licences"]),
        "",
        matrix_table(1, manifest["licences"]),
    ]
    return "\n".join(lines) + "\n"


def _parquet(table: Any, file: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, file, compression="zstd", row_group_size=8192)


def _put(file: Any, data: bytes) -> None:
    file.write(data)
