"""The documents of a version: raw segments measured unit by unit, and which of their rows are still alive."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.collection.raw import RawWriter
from ceyuan.data.corpus.gathering import put_measured
from ceyuan.data.corpus.measure import loaded, measured_batch
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.tally import Tally
from ceyuan.data.duplicates import Banding
from ceyuan.data.files import sync_folder, write_atomically
from ceyuan.data.operators.matching import equal_next, in_order, marks_of_names
from ceyuan.data.operators.texts import remembered
from ceyuan.data.versions.changes import Change
from ceyuan.data.versions.store import Segment, Store

__all__ = ["live_table", "measured_units", "put_segments"]

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ABOUT = ("title", "source", "domain", "licence", "meta", "group", "rank")
_ALIKE = ("source", "domain", "group")  # words that come again and again: numbers in memory
_LIGHT = ("id", "domain", "group", "rank", "bytes", "exact", "about", "distinct")


def put_segments(store: Store, change: Change, source: str, domain: str, licence: str) -> list[Segment]:
    """Write the documents of a change as raw segments; the same documents give the same segments."""
    incoming = store.root / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    writer = RawWriter(incoming, source, domain, licence)
    for document in change.put:
        writer.add(document)
    segments = []
    for shard in writer.finish():
        digest = str(shard["sha256"])
        (incoming / str(shard["file"])).replace(store.path("raw", digest))
        segments.append(Segment(digest, int(str(shard["documents"]))))
    sync_folder(store.root / "raw")
    shutil.rmtree(incoming, ignore_errors=True)
    return segments


def measured_units(
    store: Store,
    segments: Sequence[Segment],
    recipe: Recipe,
    threads: int,
    told: Callable[[int, int, Tally], None],
) -> list[Path]:
    """The measured unit of each segment, in order; those that are finished are not measured again."""
    identity, tally = recipe.measuring_identity(), Tally(recipe.operators())
    finished = store.finished(identity, [one.sha256 for one in segments])
    waiting = [one for one in segments if one.sha256 not in finished]
    if waiting:
        loaded(recipe.operators(), Banding(recipe.duplicates.bands, recipe.duplicates.rows))
    with ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="measure") as pool:
        tasks = [pool.submit(_measure, store, one, recipe, identity, tally) for one in waiting]
        try:
            for done, task in enumerate(tasks, 1):
                task.result()
                told(done, len(tasks), tally)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [store.unit_path(identity, one.sha256) for one in segments]


def _measure(store: Store, segment: Segment, recipe: Recipe, identity: str, tally: Tally) -> None:
    banding = Banding(recipe.duplicates.bands, recipe.duplicates.rows)
    raw, path = pl.read_parquet(store.checked("raw", segment.sha256)), store.unit_path(identity, segment.sha256)
    with remembered():  # also what is written is the text that was read last
        batch = measured_batch(raw, recipe.operators(), banding, tally)
        about = [
            hashlib.blake2b("\0".join(map(str, row)).encode(), digest_size=16).digest()
            for row in batch.select(_ABOUT).iter_rows()
        ]
        measured = batch.with_columns(pl.Series("about", about, pl.Binary))
        write_atomically(path, lambda file: put_measured(measured, file))
    store.finish_unit(identity, segment.sha256)


def live_table(
    segments: Sequence[Segment], units: Sequence[Path], statistics: Sequence[str], old: int, deleted: pl.Series
) -> tuple[pl.DataFrame, list[Segment]]:
    """(documents alive, sorted by id, with ``segment`` and ``row``; the segments with their dead rows).

    Of several forms of one id the one that came last is alive; of the first ``old`` segments none whose id is
    ``deleted``: what a change deletes and puts at the same time is put.
    """
    parts = [pl.read_parquet(unit, columns=["id"])["id"] for unit in units]
    starts = np.cumsum([0, *map(len, parts)])
    names = pl.concat(parts)
    del parts
    alive = _last(names, _there(segments, starts, names[: starts[old]].is_in(deleted.implode())))
    order = pl.Series(np.flatnonzero(alive).astype(np.uint32))
    order = order.gather(names.gather(order).arg_sort())
    names, places = names.gather(order), order.to_numpy()
    segment = (np.searchsorted(starts, places, side="right") - 1).astype(np.uint32)
    table = pl.DataFrame({"row": (places - starts[segment]).astype(np.uint32), "id": names})
    columns = [name for name in dict.fromkeys([*_LIGHT, *statistics, "characters"]) if name != "id"]
    table = table.hstack(_gathered(units, columns, starts, order))
    return table.with_columns(segment=pl.Series(segment)), _survivors(segments, starts, alive)


def _gathered(units: Sequence[Path], columns: Sequence[str], starts: Rows, order: pl.Series) -> list[pl.Series]:
    """Columns of the units' rows in their ``order`` (places in all of the units together).

    Numbers go straight to where they belong, a unit at a time: of them nothing lies in memory twice.
    """
    places = np.full(starts[-1], -1, np.int32)
    places[order.to_numpy()] = np.arange(len(order), dtype=np.int32)
    numbers: dict[str, npt.NDArray[Any]] = {}
    missing: dict[str, Mask] = {}
    others: dict[str, list[pl.Series]] = {}
    alike = [pl.col(name).cast(pl.Categorical) for name in columns if name in _ALIKE]
    for unit, start, end in zip(units, starts, starts[1:], strict=False):
        here = places[start:end]
        there = here >= 0
        to = here[there]
        for column in pl.read_parquet(unit, columns=list(columns)).with_columns(alike):
            name = column.name
            if not column.dtype.is_numeric():
                others.setdefault(name, []).append(column)
                continue
            if column.has_nulls():
                nulls = missing.setdefault(name, np.zeros(len(order), np.bool_))
                nulls[to] = column.is_null().to_numpy()[there]
                column = column.fill_null(0)
            values = column.to_numpy()
            if name not in numbers:
                numbers[name] = np.empty(len(order), values.dtype)
            numbers[name][to] = values[there]
    made = []
    for name in columns:
        if name in others:
            made.append(pl.concat(others.pop(name)).gather(order))
            continue
        made.append(pl.Series(name, numbers.pop(name)))
        if name in missing:
            made[-1] = pl.select(pl.when(pl.Series(~missing.pop(name))).then(made[-1]).alias(name))[name]
    return made


def _there(segments: Sequence[Segment], starts: Rows, deleted: pl.Series) -> Mask:
    """Which rows are neither dead nor of the first ones those ``deleted``."""
    there = np.ones(starts[-1], np.bool_)
    there[: len(deleted)] = ~deleted.to_numpy()
    for segment, start in zip(segments, starts, strict=False):
        there[start + np.array(segment.dead, np.int64)] = False
    return there


def _last(names: pl.Series, there: Mask) -> Mask:
    """Which of the rows that are ``there`` are the last of their name."""
    rows = np.flatnonzero(there)
    marks = marks_of_names(names if len(rows) == len(names) else names.gather(rows))
    order = in_order(marks)
    again = equal_next(marks, order)
    there[rows[order[:-1][again]]] = False
    return there


def _survivors(segments: Sequence[Segment], starts: Rows, alive: Mask) -> list[Segment]:
    """``segments`` with every row dead that is not ``alive``."""
    result = []
    for segment, start in zip(segments, starts, strict=False):
        dead = np.flatnonzero(~alive[start : start + segment.documents])
        result.append(Segment(segment.sha256, segment.documents, tuple(dead.tolist())))
    return result
