"""A page of a Parquet file; runs in its own process, so that Arrow is loaded only there and a hostile file can
hurt nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceyuan.hub.viewer.formats.cells import MAX_COLUMNS, cell
from ceyuan.hub.viewer.formats.problems import ViewProblem


def page(arguments: dict[str, Any], _report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """`{path, start, limit}` → `{columns: [[name, type]], rows, total, next, row_groups}`.

    `start` counts rows. Only the row groups that hold the page are read. Raises `ViewProblem`.
    """
    import pyarrow as arrow
    from pyarrow import parquet

    start, limit = int(arguments["start"]), int(arguments["limit"])
    try:
        with parquet.ParquetFile(arguments["path"], memory_map=True) as file:
            schema = file.schema_arrow
            names = schema.names[:MAX_COLUMNS]
            total = file.metadata.num_rows
            groups, skip = _groups(file.metadata, start, limit)
            rows: list[list[Any]] = []
            if groups:
                for batch in file.iter_batches(batch_size=1024, row_groups=groups, columns=names, use_threads=False):
                    if skip >= batch.num_rows:
                        skip -= batch.num_rows
                        continue
                    taken = batch.slice(skip, limit - len(rows)).to_pylist()
                    rows += [[cell(row.get(name)) for name in names] for row in taken]
                    skip = 0
                    if len(rows) >= limit:
                        break
            columns = [[name, str(schema.field(name).type)[:300]] for name in names]
            count = file.metadata.num_row_groups
    except (arrow.ArrowException, OSError, ValueError) as error:
        words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ViewProblem(f"不是可读的 Parquet 文件:{words}", f"this is no readable Parquet file: {words}") from error
    end = start + len(rows)
    return {"columns": columns, "rows": rows, "total": total, "next": end if end < total else None, "row_groups": count}


def _groups(metadata: Any, start: int, limit: int) -> tuple[list[int], int]:
    """The row groups that hold rows `start` to `start + limit`, and how many rows of the first to skip."""
    groups: list[int] = []
    first = position = 0
    for number in range(metadata.num_row_groups):
        count = metadata.row_group(number).num_rows
        if position < start + limit and position + count > start:
            if not groups:
                first = start - position
            groups.append(number)
        position += count
    return groups, first
