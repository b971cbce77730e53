"""A dataset in other forms: JSON Lines, WebDataset tar shards, or Parquet as it is; the same input, the same bytes."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson
import polars as pl

from ceyuan.data.files import sha256_of, write_atomically, write_json
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report, told

__all__ = ["Form", "export"]

Form = Literal["parquet", "jsonl", "webdataset"]


def export(folder: Path, out: Path, form: Form, report: Report) -> dict[str, Any]:
    """Write the documents of the dataset in ``folder`` to ``out`` in another form, one file per file, and return its
    manifest: ``form``, ``documents`` and ``files`` with their hashes.

    ``jsonl``: one object per line, gzip. ``webdataset``: tar files with ``<number>.txt`` and ``<number>.json`` for
    each document, read in order by the library of that name. Raises ``DataProblem`` ``nothing_to_export``.
    """
    sources = sorted(folder.glob("data/*.parquet"))
    if not sources:
        raise DataProblem("nothing_to_export", "数据集中没有文档。", "The dataset holds no documents.")
    files: list[dict[str, Any]] = []
    documents = 0
    for number, source in enumerate(sources):
        rows = pl.read_parquet(source)
        ending = {"parquet": ".parquet", "jsonl": ".jsonl.gz", "webdataset": ".tar"}[form]
        target = out / "data" / f"{source.stem}{ending}"
        if form == "parquet":
            write_atomically(target, lambda file, source=source: _put(file, source.read_bytes()))  # type: ignore[misc]
        elif form == "jsonl":
            write_atomically(target, lambda file, rows=rows: _lines(rows, file))  # type: ignore[misc]
        else:
            write_atomically(target, lambda file, rows=rows: _tar(rows, file))  # type: ignore[misc]
        documents += rows.height
        about = {"path": f"data/{target.name}", "split": source.stem.partition("-")[0], "rows": rows.height}
        files.append(about | {"bytes": target.stat().st_size, "sha256": sha256_of(target)})
        done = (number + 1) / len(sources)
        report(told(done, f"已导出 {number + 1}/{len(sources)}", f"exported {number + 1} of {len(sources)}"))
    manifest = {"format": 1, "form": form, "documents": documents, "files": files}
    write_json(out / "export.json", manifest)
    return manifest


def _documents(rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for row in rows.iter_rows(named=True):
        try:
            row["meta"] = orjson.loads(row["meta"]) if row.get("meta") else {}
        except orjson.JSONDecodeError:
            pass
        yield row


def _lines(rows: pl.DataFrame, file: BinaryIO) -> None:
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0, compresslevel=6) as packed:
        for document in _documents(rows):
            packed.write(orjson.dumps(document) + b"\n")


def _tar(rows: pl.DataFrame, file: BinaryIO) -> None:
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for number, document in enumerate(_documents(rows)):
            text = document.pop("text").encode()
            for ending, data in (("json", orjson.dumps(document, option=orjson.OPT_SORT_KEYS)), ("txt", text)):
                entry = tarfile.TarInfo(f"{number:08d}.{ending}")
                entry.size, entry.mtime, entry.mode = len(data), 0, 0o644
                archive.addfile(entry, io.BytesIO(data))


def _put(file: BinaryIO, data: bytes) -> None:
    file.write(data)
