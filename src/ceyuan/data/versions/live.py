"""The documents of a version: raw segments measured unit by unit, and which of their rows are still alive."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from ceyuan.data.collection.raw import RawWriter
from ceyuan.data.corpus.gathering import put_measured
from ceyuan.data.corpus.measure import loaded, measured_batch
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.tally import Tally
from ceyuan.data.duplicates import Banding
from ceyuan.data.files import sync_folder, write_atomically
from ceyuan.data.versions.changes import Change
from ceyuan.data.versions.store import Segment, Store

__all__ = ["live_table", "measured_units", "put_segments", "survivors_of"]

_ABOUT = ("title", "source", "domain", "licence", "meta", "group", "rank")
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
    batch = measured_batch(pl.read_parquet(store.checked("raw", segment.sha256)), recipe.operators(), banding, tally)
    about = [
        hashlib.blake2b("\0".join(map(str, row)).encode(), digest_size=16).digest()
        for row in batch.select(_ABOUT).iter_rows()
    ]
    measured = batch.with_columns(pl.Series("about", about, pl.Binary))
    path = store.unit_path(identity, segment.sha256)
    write_atomically(path, lambda file: put_measured(measured, file))
    store.finish_unit(identity, segment.sha256)


def live_table(
    segments: Sequence[Segment], units: Sequence[Path], statistics: Sequence[str], deleted: set[str]
) -> tuple[pl.DataFrame, list[Segment]]:
    """(documents alive, sorted by id, with ``segment`` and ``row``; the segments with their dead rows).

    Of several forms of one id the one that came last is alive.
    """
    columns = list(dict.fromkeys([*_LIGHT, *statistics, "characters"]))
    frames = []
    for number, (segment, unit) in enumerate(zip(segments, units, strict=True)):
        rows = pl.read_parquet(unit, columns=columns).with_row_index("row")
        rows = rows.with_columns(pl.lit(number, pl.UInt32).alias("segment"))
        if segment.dead:
            rows = rows.filter(~pl.col("row").is_in(pl.Series(segment.dead, dtype=pl.UInt32).implode()))
        frames.append(rows)
    table = pl.concat(frames)
    if deleted:
        # What a change deletes and puts at the same time is put: it comes in a segment of this change.
        table = table.filter(~pl.col("id").is_in(pl.Series(sorted(deleted), dtype=pl.String).implode()))
    table = table.unique("id", keep="last", maintain_order=True).sort("id")
    return table, survivors_of(segments, table)


def survivors_of(segments: Sequence[Segment], table: pl.DataFrame) -> list[Segment]:
    """``segments`` with every row dead that ``table`` does not hold; those without a living row are left out."""
    alive = {
        int(str(number[0])): set(rows["row"].to_list())
        for number, rows in table.select("segment", "row").group_by("segment")
    }
    result = []
    for number, segment in enumerate(segments):
        here = alive.get(number, set())
        dead = (
            tuple(row for row in range(segment.documents) if row not in here) if len(here) < segment.documents else ()
        )
        result.append(Segment(segment.sha256, segment.documents, dead))
    return result
