"""The third stage: the kept files under their hashes, previews beside them, and the table that names them."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.data.corpus.media.measure import damaged
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.files import sha256_of, write_atomically
from ceyuan.data.media import ENDINGS

__all__ = ["file_name", "preview_name", "put_files", "put_previews", "put_table"]

_COLUMNS = ("id", "file_name", "preview", "kind", "format", "size", "title", "source", "domain", "licence", "cluster")


def put_files(decisions: pl.DataFrame, folder: Path) -> tuple[int, int]:
    """Link or copy the kept files to ``folder/media/<ab>/<SHA-256>.<format>``; how many there are, and their bytes.

    Raises ``DataProblem`` ``shard_damaged`` for one that is gone or has lost its size since it was collected.
    """
    kept = decisions.filter(pl.col("reason").is_null()).unique("path", maintain_order=True)
    total = 0
    for path, size in kept.select("path", "size").iter_rows():
        source = Path(path).resolve()
        place = folder / file_name(path)
        total += size
        if not source.is_file() or source.stat().st_size != size:
            raise damaged(source)
        if place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, place)
        except OSError:  # another file system
            write_atomically(place, lambda file, source=source: _copy(source, file))  # type: ignore[misc]
    return kept.height, total


def put_previews(rows: pl.DataFrame, measured: Sequence[Path], folder: Path, kind: str) -> None:
    """Write the previews of ``rows`` that have one."""
    for shard in rows["shard"].unique().sort().to_list():
        here = rows.filter(pl.col("shard") == shard)
        stored = pl.read_parquet(measured[shard], columns=["preview", "problem"])[here["row"]]
        for path, data in zip(here["path"].to_list(), stored["preview"].to_list(), strict=True):
            place = folder / preview_name(path, kind)
            if data and not place.exists():
                write_atomically(place, lambda file, data=data: _put(file, data))  # type: ignore[misc]


def put_table(
    decisions: pl.DataFrame, measured: Sequence[Path], folder: Path, recipe: MediaRecipe
) -> list[dict[str, object]]:
    """Write ``data/<split>-00000-of-00001.parquet``; each file's path, split, rows, bytes and SHA-256."""
    files = []
    for split in ("train", "heldout"):
        rows = decisions.filter(pl.col("split") == split)
        if not rows.height:
            continue
        parts = []
        for shard in rows["shard"].unique().sort().to_list():
            here = rows.filter(pl.col("shard") == shard)
            stored = pl.read_parquet(measured[shard], columns=["format", "licence", "meta"])[here["row"]]
            parts.append(pl.concat([here, stored], how="horizontal"))
        named = pl.concat(parts).with_columns(
            file_name=pl.col("path").map_elements(file_name, pl.String),
            preview=pl.col("path").map_elements(lambda path: preview_name(path, recipe.kind), pl.String),
        )
        table = named.select(*_COLUMNS, *recipe.statistics(), "meta").to_arrow()
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        write_atomically(path, lambda file, table=table: _write(table, file))  # type: ignore[misc]
        facts: dict[str, object] = {"path": f"data/{path.name}", "split": split, "rows": rows.height}
        files.append(facts | {"bytes": path.stat().st_size, "sha256": sha256_of(path)})
    return files


def file_name(path: str) -> str:
    """Where a kept file lies in the dataset, by its path among the raw ones."""
    name = Path(path).name
    return f"media/{name[:2]}/{name}"


def preview_name(path: str, kind: str) -> str:
    """Where its preview lies."""
    digest = Path(path).name.partition(".")[0]
    return f"previews/{digest[:2]}/{digest}.{ENDINGS[kind]}"


def _copy(source: Path, file: Any) -> None:
    with source.open("rb") as read:
        shutil.copyfileobj(read, file)


def _put(file: Any, data: bytes) -> None:
    file.write(data)


def _write(table: pa.Table, file: Any) -> None:
    pq.write_table(table, file, compression="zstd", compression_level=1, row_group_size=8192)
