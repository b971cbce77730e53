"""The account of contributions: who first proved which content, and what of it a version holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import polars as pl
import pyarrow.parquet as pq

from ceyuan.data.files import read_json, write_atomically, write_json
from ceyuan.data.mixing.chain import entry_hash

__all__ = ["LEDGER", "PROOFS", "PROOFS_FILE", "carry_account", "next_entry", "proofs_with"]

LEDGER, PROOFS_FILE = "contributions.json", "proofs.parquet"

PROOFS = {"exact": pl.Binary, "source": pl.String, "round": pl.Int32}
"""Columns of the table of proofs: a content's hash, the source that had it first, and in which version that was."""


def proofs_with(proofs: pl.DataFrame, decisions: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """``proofs`` with the contents of ``decisions`` (``exact``, ``source``) that nobody had proved before.

    Where several sources bring a content at the same time, the one that comes first in ``order`` has it.
    """
    number = int(proofs["round"].max() or 0) + 1 if proofs.height else 1  # type: ignore[arg-type]
    rank = {name: place for place, name in enumerate(order)}
    new = decisions.select("exact", "source").join(proofs, on="exact", how="anti")
    new = new.with_columns(rank=pl.col("source").replace_strict(rank, default=len(rank), return_dtype=pl.Int32))
    first = new.sort("rank", "source", "exact").unique("exact", keep="first", maintain_order=True)
    return pl.concat([proofs, first.select("exact", "source", round=pl.lit(number, pl.Int32))])


def next_entry(
    entries: Sequence[Mapping[str, Any]],
    content: str,
    decisions: pl.DataFrame,
    proofs: pl.DataFrame,
    sources: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The link of the chain for a version with this ``content``.

    Each kept document counts for the source that first proved its content or the content of a document that was left
    out for it: who brought it first keeps the credit, whichever form survived. Shares are of characters (of media:
    bytes), and of these times the quality score where the recipe measures one; ``tokens`` are told where it estimates
    them.
    """
    decisions = _sized(decisions)
    size, *_ = sizes = [name for name in ("characters", "bytes", "tokens") if name in decisions.columns]
    credited = _credited(decisions, proofs, size)
    brought = (
        decisions.filter(pl.col("reason").is_null())
        .group_by("source")
        .agg(pl.len().alias("documents"), *(pl.col(name).cast(pl.Int64).sum() for name in sizes))
    )
    first = credited.group_by("credit").agg(
        pl.len().alias("first_documents"),
        *(pl.col(name).cast(pl.Int64).sum().alias(f"first_{name}") for name in sizes),
        pl.col("weight").sum().alias("weight"),
    )
    rows = brought.join(first, left_on="source", right_on="credit", how="full", coalesce=True).fill_null(0)
    total, weight = int(rows[f"first_{size}"].sum()), float(rows["weight"].sum())
    about = {one["source"]["key"]: one["source"] for one in sources}
    shares = []
    for row in rows.sort("source").to_dicts():
        known = about.get(row["source"], {})
        part = row.pop("weight")
        row["title"], row["licence"] = str(known.get("title", row["source"])), str(known.get("licence", ""))
        row["share"] = round(row[f"first_{size}"] / total, 9) if total else 0.0
        row["weighted_share"] = round(part / weight, 9) if weight else 0.0
        shares.append(row)
    entry = {
        "content": content,
        "previous": str(entries[-1]["hash"]) if entries else "",
        "documents": credited.height,
        "shares": shares,
    }
    return entry | {"hash": entry_hash(entry)}


def carry_account(
    out: Path,
    content: str,
    decisions: pl.DataFrame,
    sources: Sequence[Mapping[str, Any]],
    previous: Path | None,
) -> None:
    """Carry the account of the version in ``previous`` on to the one in ``out``: what was proved before stays, and the
    chain grows by one link."""
    proofs, entries = pl.DataFrame(schema=PROOFS), []
    if previous is not None and (previous / LEDGER).is_file():
        proofs = pl.read_parquet(previous / PROOFS_FILE).cast(PROOFS)  # type: ignore[arg-type]
        entries = list(cast(Any, read_json(previous / LEDGER)["entries"]))
    proofs = proofs_with(proofs, decisions, [one["source"]["key"] for one in sources])
    entries.append(next_entry(entries, content, decisions, proofs, sources))
    table = proofs.to_arrow()
    write_atomically(
        out / PROOFS_FILE, lambda file: pq.write_table(table, file, compression="zstd", use_dictionary=["source"])
    )
    write_json(out / LEDGER, {"entries": entries})


def _sized(decisions: pl.DataFrame) -> pl.DataFrame:
    """Documents count by their characters, files of media by their bytes; those of a text are no third measure."""
    return decisions.drop("bytes", strict=False) if "characters" in decisions.columns else decisions


def _credited(decisions: pl.DataFrame, proofs: pl.DataFrame, size: str) -> pl.DataFrame:
    """Kept documents with ``credit``, the source of the earliest proof in their group, and ``weight``."""
    kept = decisions.filter(pl.col("reason").is_null())
    own = kept.select(kept="id", exact="exact", own=pl.lit(0))
    others = decisions.filter(pl.col("duplicate_of").is_not_null()).select(
        kept="duplicate_of", exact="exact", own=pl.lit(1)
    )
    proved = pl.concat([own, others]).join(proofs, on="exact", how="inner")
    earliest = proved.sort("kept", "round", "own", "source").unique("kept", keep="first", maintain_order=True)
    quality = pl.col("quality").cast(pl.Float64) if "quality" in decisions.columns else pl.lit(1.0)
    rows = kept.with_columns(weight=pl.col(size).cast(pl.Float64) * quality)
    credited = rows.join(earliest.select(id="kept", credit="source"), on="id", how="left")
    return credited.with_columns(pl.col("credit").fill_null(pl.col("source")))
