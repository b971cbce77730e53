"""The sample: strata by source and domain, each drawn by hash, in an order that follows from the seed."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["Drawn", "draw", "quotas"]

Stratum = tuple[str, str]
_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A document of the sample: its place in the queue, its stratum, what people read of it."""

    number: int
    id: str
    source: str
    domain: str
    title: str
    text: str
    characters: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def quotas(sizes: Mapping[Stratum, int], wanted: int) -> dict[Stratum, int]:
    """How many documents to draw of each stratum: in proportion to its size (largest remainder), at least one of
    each where there are enough, all where fewer exist than wanted. The sum is ``min(wanted, documents)``."""
    total = sum(sizes.values())
    if wanted >= total:
        return dict(sizes)
    floor = 1 if wanted >= len(sizes) else 0
    shares = {
        name: floor + (wanted - floor * len(sizes)) * (size - floor) / max(1, total - floor * len(sizes))
        for name, size in sizes.items()
    }
    result = {name: int(share) for name, share in shares.items()}
    by_rest = sorted(sizes, key=lambda name: (result[name] - shares[name], name))
    for name in by_rest[: wanted - sum(result.values())]:
        result[name] += 1
    return result


def draw(folder: Path, wanted: int, seed: str) -> list[Drawn]:
    """``wanted`` kept documents of the dataset in ``folder``, in the order of the queue.

    Of each stratum (source and domain) those with the lowest hashes of seed and id are drawn; with the dataset's
    manifest hash as the seed nobody can steer the draw without changing the dataset.
    """
    statistics = pl.scan_parquet(folder / "statistics.parquet").filter(pl.col("reason").is_null())
    rows = statistics.select("id", "source", "domain").collect()
    keys = [_hash(seed, name) for name in rows["id"].to_list()]
    rows = rows.with_columns(key=pl.Series(keys, dtype=pl.Binary)).sort("key")
    strata = rows.group_by("source", "domain").len().sort("source", "domain")
    counts = quotas({(source, domain): size for source, domain, size in strata.iter_rows()}, wanted)
    parts = [
        rows.filter((pl.col("source") == source) & (pl.col("domain") == domain)).head(count)
        for (source, domain), count in counts.items()
    ]
    chosen = pl.concat(parts).sort("key") if parts else rows.head(0)
    texts = _texts(folder, chosen["id"].to_list())
    return [
        Drawn(number, row["id"], row["source"], row["domain"], *texts[row["id"]])
        for number, row in enumerate(chosen.iter_rows(named=True))
    ]


def _texts(folder: Path, ids: list[str]) -> dict[str, tuple[str, str, int]]:
    found: dict[str, tuple[str, str, int]] = {}
    wanted = pl.Series(ids, dtype=pl.String).implode()
    for path in sorted((folder / "data").glob("*.parquet")):
        rows = pl.scan_parquet(path).filter(pl.col("id").is_in(wanted)).select("id", "title", "text").collect()
        found |= {name: (title, text[:_TEXT], len(text)) for name, title, text in rows.iter_rows()}
    return found


def _hash(seed: str, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=16).digest()
