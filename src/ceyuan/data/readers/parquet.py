"""Parquet: one row is one document, read in batches of bounded size."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ceyuan.data.readers.documents import Document, ReadOptions, Rejection
from ceyuan.data.readers.fields import document_of, text_fields
from ceyuan.data.readers.vectors import vector_columns

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["read_parquet"]

_ROWS = 1024
_GROUP_LIMIT = 1 << 30  # bytes of one row group's text column once unpacked


def read_parquet(path: Path, name: str, encoding: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    """Documents of a Parquet file. A damaged row group ends the file with a rejection; what came before stays."""
    del encoding  # Parquet text is UTF-8 by definition
    import pyarrow as pa  # here, so that the other formats do without Arrow
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        yield Rejection(name, "bad_parquet", str(error))
        return
    with file:
        names = list(_names(file.schema_arrow))
        if not text_fields(names, options):
            yield Rejection(name, "no_text_field", "、".join(names[:12]))
            return
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group).total_byte_size
            if size > _GROUP_LIMIT:
                yield Rejection(f"{name}#group{group}", "row_group_too_large", f"{size} bytes")
                continue
            yield from _group(file, group, name, options)


def _names(fields: "Iterable[pa.Field]", prefix: str = "") -> Iterator[str]:
    """Names of the columns, those of parts of parts as ``flat`` gives them."""
    import pyarrow as pa

    for field in fields:
        if pa.types.is_struct(field.type):
            yield from _names(field.type, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}"


def _group(file: "pq.ParquetFile", group: int, name: str, options: ReadOptions) -> Iterator[Document | Rejection]:
    import pyarrow as pa

    number = sum(file.metadata.row_group(before).num_rows for before in range(group))
    try:
        for batch in file.iter_batches(batch_size=_ROWS, row_groups=[group], use_threads=False):
            if options.vector_field and (taken := vector_columns(batch, options.vector_field)) is not None:
                yield from _with_vectors(*taken, f"{name}#", number, options)
                number += batch.num_rows
                continue
            for record in batch.to_pylist():
                number += 1
                yield document_of(record, f"{name}#{number}", options)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        yield Rejection(f"{name}#group{group}", "bad_parquet", str(error))


def _with_vectors(
    batch: "pa.RecordBatch", vectors: list[bytes], name: str, before: int, options: ReadOptions
) -> Iterator[Document | Rejection]:
    for number, (record, vector) in enumerate(zip(batch.to_pylist(), vectors, strict=True), before + 1):
        one = document_of(record, f"{name}{number}", options)
        yield one._replace(vector=vector) if isinstance(one, Document) else one
