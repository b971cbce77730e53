"""SQL over a dataset: one SELECT in DuckDB that sees the dataset's tables and nothing else of the machine."""

import datetime
import decimal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report

__all__ = ["main", "query"]

_TABLES = {"documents": "data/*.parquet", "statistics": "statistics.parquet"}
_CELL = 20_000  # characters of a text or a list that are returned


def query(folder: Path, sql: str, limit: int, memory_mb: int = 1024) -> dict[str, Any]:
    """Rows of one SELECT over the tables ``documents`` (with ``split``) and ``statistics`` of a dataset's folder.

    Returns ``columns`` (name, type), ``rows`` (at most ``limit``) and ``truncated``. Files outside the folder, the
    network, extensions and every statement but a SELECT are refused. Raises ``DataProblem`` ``query_invalid``.
    """
    import duckdb

    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise _invalid(error) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise DataProblem("query_invalid", "只接受一条 SELECT 语句。", "Only a single SELECT statement is accepted.")
    with duckdb.connect(":memory:") as connection:
        _tables(connection, folder)
        for setting in (
            f"SET memory_limit = '{memory_mb}MB'",
            "SET threads = 2",
            "SET temp_directory = ''",
            f"SET allowed_directories = [{_quoted(str(folder.resolve()) + '/')}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            connection.execute(setting)
        try:
            result = connection.execute(sql)
            rows = result.fetchmany(limit + 1)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise _invalid(error) from error
        columns = [{"name": one[0], "type": str(one[1])} for one in result.description or ()]
    return {
        "columns": columns,
        "rows": [[_plain(value) for value in row] for row in rows[:limit]],
        "truncated": len(rows) > limit,
    }


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``query`` as a process: ``folder``, ``sql``, ``limit``, ``memory_mb``."""
    del report  # it takes a moment
    return query(Path(args["folder"]), args["sql"], int(args["limit"]), int(args.get("memory_mb") or 1024))


def _tables(connection: Any, folder: Path) -> None:
    root = folder.resolve()
    split = "regexp_extract(parse_filename(filename), '^[a-z]+') AS split"
    for name, pattern in _TABLES.items():
        if not any(root.glob(pattern)):
            continue
        place = _quoted(f"{root}/{pattern}")
        if name == "documents":
            source = f"SELECT * EXCLUDE (filename), {split} FROM read_parquet({place}, filename = true)"
        else:
            source = f"SELECT * FROM read_parquet({place})"
        connection.execute(f"CREATE VIEW {name} AS {source}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int):
        return value if not isinstance(value, int) or abs(value) < 1 << 53 else str(value)
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value[:_CELL].hex()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value[:1000]]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return str(value)[:_CELL]


def _invalid(error: Exception) -> DataProblem:
    words = str(error).strip().partition("\n\n")[0][:600]
    return DataProblem("query_invalid", f"查询无效：{words}", f"The query is not valid: {words}")
