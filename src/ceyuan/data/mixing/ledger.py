"""The account of contributions: who first proved which content, and what of it a version holds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.files import read_json, write_atomically, write_json
from ceyuan.data.mixing.chain import entry_hash
from ceyuan.data.operators.matching import equal_next, in_order, marks_of_digests, marks_of_names, places_among
from ceyuan.data.tables import put_frame

__all__ = ["LEDGER", "PROOFS", "PROOFS_FILE", "carry_account", "next_entry", "proofs_with"]

LEDGER, PROOFS_FILE = "contributions.json", "proofs.parquet"

PROOFS = {"exact": pl.Binary, "source": pl.String, "round": pl.Int32}
"""Columns of the table of proofs: a content's hash, the source that had it first, and in which version that was."""

_GROUP = 1 << 20
_NEVER = np.iinfo(np.int64).max


def proofs_with(proofs: pl.DataFrame, decisions: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """``proofs`` with the contents of ``decisions`` (``exact``, ``source``) that nobody had proved before.

    Where several sources bring a content at the same time, the one that comes first in ``order`` has it.
    """
    number = int(proofs["round"].max() or 0) + 1 if proofs.height else 1  # type: ignore[arg-type]
    rank = {name: place for place, name in enumerate(order)}
    names = sorted(decisions["source"].unique(), key=lambda name: (rank.get(name, len(rank)), name))
    marks = marks_of_digests(decisions["exact"])
    fresh = np.flatnonzero(places_among(marks, marks_of_digests(proofs["exact"])) < 0)
    marks, codes = marks.at(fresh), _codes(decisions["source"], names)[fresh]
    places = in_order(marks, codes)
    first = np.ones(len(places), np.bool_)
    first[1:] = ~equal_next(marks, places)
    places = places[first]
    places = fresh[places[np.argsort(codes[places], kind="stable")]]
    new = decisions.select("exact", "source")[places]
    return pl.concat([proofs, new.with_columns(pl.col("source").cast(pl.String), round=pl.lit(number, pl.Int32))])


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
    size, *_ = sizes = _measures(decisions)
    kept = _credited(decisions, proofs, sizes)
    brought = kept.group_by("source").agg(
        pl.len().alias("documents"), *(pl.col(name).cast(pl.Int64).sum() for name in sizes)
    )
    first = kept.group_by("credit").agg(
        pl.len().alias("first_documents"),
        *(pl.col(name).cast(pl.Int64).sum().alias(f"first_{name}") for name in sizes),
        pl.col("weight").sum().alias("weight"),
    )
    rows = brought.join(first, left_on="source", right_on="credit", how="full", coalesce=True).fill_null(0)
    rows = rows.with_columns(pl.col("source").cast(pl.String))
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
        "documents": kept.height,
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
    write_atomically(
        out / PROOFS_FILE, lambda file: put_frame(proofs, file, _GROUP, compression="zstd", use_dictionary=["source"])
    )
    write_json(out / LEDGER, {"entries": entries})


def _measures(decisions: pl.DataFrame) -> list[str]:
    """Documents count by their characters, files of media by their bytes; those of a text are no third measure."""
    some = ["characters" if "characters" in decisions.columns else "bytes", "tokens"]
    return [name for name in some if name in decisions.columns]


def _credited(decisions: pl.DataFrame, proofs: pl.DataFrame, sizes: Sequence[str]) -> pl.DataFrame:
    """Kept documents: ``source``, ``credit`` (the source of the earliest proof in their group), ``sizes``, and
    ``weight``."""
    names = sorted({*decisions["source"].unique(), *proofs["source"].unique()})
    kinds = pl.Enum(names)
    kept = decisions["reason"].is_null().to_numpy()
    proved = places_among(marks_of_digests(decisions["exact"]), marks_of_digests(proofs["exact"]))
    # The earliest proof of a group is the least by round, then the document's own before another's, then by source.
    age = 2 * len(names) * proofs["round"].to_numpy().astype(np.int64) + _codes(proofs["source"], names)
    found = age[proved] if proofs.height else np.empty(decisions.height, np.int64)
    found[proved < 0] = _NEVER
    least = found[kept]
    others = np.flatnonzero(decisions["duplicate_of"].is_not_null().to_numpy() & (proved >= 0))
    if len(others):
        of = marks_of_names(decisions["duplicate_of"].gather(others))
        place = places_among(of, marks_of_names(decisions["id"].filter(pl.Series(kept))))
        np.minimum.at(least, place[place >= 0], found[others[place >= 0]] + len(names))
    source = _codes(decisions["source"], names)[kept]
    credit = np.where(least == _NEVER, source, least % len(names))
    quality = pl.col("quality").cast(pl.Float64) if "quality" in decisions.columns else pl.lit(1.0)
    weight = (pl.col(sizes[0]).cast(pl.Float64) * quality).alias("weight")
    rows = decisions.lazy().filter(pl.Series(kept)).select(*sizes, weight).collect()
    return rows.with_columns(source=_named(source, kinds), credit=_named(credit, kinds))


def _codes(column: pl.Series, names: Sequence[str]) -> npt.NDArray[np.integer]:
    """The place of each value among ``names``."""
    return column.cast(pl.Enum(names)).to_physical().to_numpy()


def _named(codes: npt.NDArray[np.integer], kinds: pl.Enum) -> pl.Series:
    return pl.Series(codes, dtype=pl.UInt32).cat.to(kinds)
