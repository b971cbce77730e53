"""A change becomes a version: what is new is measured, what it touches is decided again, what it leaves stays."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl

from ceyuan.data.corpus.columns import ROWS
from ceyuan.data.corpus.decide import (
    exact_duplicates,
    near_duplicates,
    preference,
    sought,
    with_near,
    with_sorted_words,
    without_duplicates,
)
from ceyuan.data.corpus.gathering import GatheredKeys, gathered_texts
from ceyuan.data.corpus.reasons import reason_type
from ceyuan.data.corpus.recipe import Duplicates, Recipe
from ceyuan.data.corpus.refusing import nothing_kept
from ceyuan.data.corpus.semantic import SemanticSearch, seek_in_process
from ceyuan.data.corpus.split import assign_split
from ceyuan.data.corpus.tally import Tally
from ceyuan.data.duplicates import Known
from ceyuan.data.files import canonical_json, write_atomically
from ceyuan.data.memory import give_back
from ceyuan.data.operators import first_reason
from ceyuan.data.reporting import Report, part_of, told
from ceyuan.data.versions.changes import Change
from ceyuan.data.versions.live import live_table, measured_units, put_segments
from ceyuan.data.versions.parts import COMPACT, content_of, kept_rows, next_parts
from ceyuan.data.versions.store import Segment, Store, Version

__all__ = ["Advanced", "advance", "refresh"]

_FORMAT = 1
EMBEDDINGS = "embeddings"
"""Folder of a store with what an embedding model answered, while a recipe asks for it."""
_ACCOUNTED = ("source", "changed")
_SIZES = ("tokens", "quality")


def _silent(message: dict[str, object]) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """A new version with what led to it: one row per document with its reason, the segments and units that the
    rows lie in (``segment``, ``row``), how many documents had their comparisons curtailed, and what the search for
    ``semantic`` duplicates counted."""

    version: Version
    decided: pl.DataFrame
    segments: list[Segment]
    units: list[Path]
    curtailed: int
    semantic: dict[str, Any]


def refresh(
    store: Store,
    change: Change,
    recipe: Recipe,
    *,
    source: str = "own",
    domain: str = "general",
    licence: str = "LicenseRef-unstated",
    threads: int = 0,
    report: Report = _silent,
) -> Version:
    """Take a change in and make the version that follows, equal in content to one made from everything anew.

    Ids in ``change`` are the source's own. Killed at any moment, the same call does the rest and gives the same
    version. Ties in preference go by id, not by arrival, so that history leaves no trace in the result. Raises
    ``DataProblem``: ``nothing_kept``, ``shard_damaged``, ``disk_full``.
    """
    store.clear_leftovers()
    deleted = pl.Series([f"{source}/{name}" for name in change.delete], dtype=pl.String)
    report(told(0.0, "写入变更", "writing what changed"))
    new = put_segments(store, change, source, domain, licence)
    return advance(store, new, deleted, recipe, threads=threads, report=report).version


def advance(
    store: Store,
    new: list[Segment],
    deleted: pl.Series,
    recipe: Recipe,
    *,
    threads: int = 0,
    report: Report = _silent,
    note: Mapping[str, str] | None = None,
    accounted: bool = False,
    compact: float = COMPACT,
    splice: bool = False,
    chained: bool = True,
) -> Advanced:
    """The version that follows the current one when the segments ``new`` come and the ids ``deleted`` go.

    ``accounted`` keeps in the rows what the account of contributions asks for; other statistics stay in the units.
    ``compact`` and ``splice`` are what ``next_parts`` takes. ``chained`` versions name the one before them. ``note`` is
    kept in the manifest.
    """
    parent = store.version()
    old = list(parent.segments) if parent else []
    if not old and not new:
        raise nothing_kept(pl.Series("reason", [], pl.String))
    also = [*_ACCOUNTED, *(name for name in _SIZES if name in recipe.statistics())] if accounted else []

    def measured(done: int, total: int, tally: Tally) -> None:
        words = told(0.1 + 0.5 * done / total, f"已处理 {done}/{total} 个分片", f"measured {done} of {total} shards")
        report(words | {"operators": tally.rows()})

    units = measured_units(store, [*old, *new], recipe, threads or os.cpu_count() or 1, measured)
    asked = _needed(recipe)
    table, segments = live_table([*old, *new], units, [*asked, *also], len(old), deleted)
    report(told(0.6, "去重与划分", "deduplicating and splitting"))
    semantic = _semantic(store, units, recipe, part_of(report, 0.6, 0.8))
    table = _judged(table, recipe).drop(set(asked) - {*also, "characters"})
    give_back(table.height)
    decided, curtailed = _decided(store, table, units, recipe, semantic)
    del table
    give_back(decided.height)
    kept = kept_rows(decided)
    if not kept.height:
        raise nothing_kept(decided["reason"])
    counts = _counts(decided)
    stages = [{"reason": name, "documents": count} for name, count in counts["reasons"].items()]
    report(told(0.8, "写出数据分片", "writing shards") | {"documents": decided.height, "stages": stages})
    parts, state = next_parts(store, parent, kept, units, recipe.output.shard_bytes, compact, splice)
    manifest = {
        "format": _FORMAT,
        "parent": parent.id if parent and chained else "",
        "content": content_of(kept),
        "recipe": recipe.model_dump(mode="json"),
        "counts": counts,
        "segments": [asdict(one) for one in segments],
        "parts": [asdict(one) for one in parts],
        "note": {"state": state, **(note or {})},
    }
    version = store.commit(manifest)
    report(
        told(1.0, f"版本 {version.id[:8]}：{kept.height:,} 篇", f"version {version.id[:8]}: {kept.height:,} documents")
    )
    return Advanced(version, decided, [*old, *new], units, curtailed, semantic.counts if semantic else {})


def _semantic(store: Store, units: list[Path], recipe: Recipe, report: Report) -> SemanticSearch | None:
    settings = recipe.duplicates.semantic
    if settings is None:
        shutil.rmtree(store.root / EMBEDDINGS, ignore_errors=True)
        return None
    return SemanticSearch(settings, units, store.root / EMBEDDINGS, seek_in_process, report)


def _judged(table: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """``table`` with the ``reason`` of the first filter that each document fails."""
    filters = dict(recipe.filters())
    first = first_reason(filters, table["domain"].unique()).cast(reason_type(filters.values())).alias("reason")
    reasons = [rows.select(first).to_series() for rows in table.iter_slices(ROWS)]
    return with_sorted_words(table.with_columns(pl.concat(reasons) if reasons else first))


def _decided(
    store: Store, table: pl.DataFrame, units: list[Path], recipe: Recipe, semantic: SemanticSearch | None
) -> tuple[pl.DataFrame, int]:
    """(``table`` with ``duplicate_of``, ``similarity``, ``cluster`` and ``split``, curtailed)."""
    settings = recipe.duplicates
    table = table.with_columns(order=preference(table, settings))
    table = exact_duplicates(table) if settings.exact else without_duplicates(table)
    related, curtailed = np.empty((0, 2), np.int64), 0
    if settings.near:
        kept = sought(table, "segment")
        if kept.height:
            place = store.root / "state" / f"known-{_similarity_identity(recipe)}.npz"
            known = _remembered(place)
            found = near_duplicates(
                kept,
                GatheredKeys(units, kept, settings.bands),
                lambda places: gathered_texts(units, kept[places]),
                settings,
                known,
            )
            if len(found.known.keys) != len(known.keys):
                _remember(place, found.known)
            at = kept["at"].to_numpy()
            table, related, curtailed = with_near(table, at, found), at[found.related], found.curtailed
    if semantic is not None:
        table = semantic(table)
    return assign_split(table, related, recipe.split).drop("order", "distinct"), curtailed


def _needed(recipe: Recipe) -> list[str]:
    """The statistics that filters ask for; the others are not read again."""
    asked = {one.statistic for filters in recipe.filters().values() for one in filters}
    return [name for name in recipe.statistics() if name in asked]


def _similarity_identity(recipe: Recipe) -> str:
    settings: Duplicates = recipe.duplicates
    bounds = [recipe.measuring_identity(), min(settings.related_from, settings.threshold)]
    return hashlib.sha256(canonical_json(bounds)).hexdigest()[:16]


def _remembered(place: Path) -> Known:
    try:
        with np.load(place, allow_pickle=False) as stored:
            return Known(stored["keys"], stored["values"])
    except (OSError, ValueError, KeyError):  # it only saves work: a spoilt one is measured again
        return Known.nothing()


def _remember(place: Path, known: Known) -> None:
    def fill(file: BinaryIO) -> None:
        np.savez(file, keys=known.keys, values=known.values)

    write_atomically(place, fill)


def _counts(decided: pl.DataFrame) -> dict[str, Any]:
    kept = decided.select("reason", "bytes", "split").filter(pl.col("reason").is_null())
    reasons = decided["reason"].drop_nulls().value_counts().sort("reason")
    return {
        "documents": decided.height,
        "kept": kept.height,
        "kept_bytes": int(kept["bytes"].sum()),
        "reasons": dict(zip(reasons["reason"].to_list(), reasons["count"].to_list(), strict=True)),
        "splits": {side: int((kept["split"] == side).sum()) for side in ("train", "heldout")},
    }
