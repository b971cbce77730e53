"""One SQL question over one table file; runs in its own process, so that a hostile question or file hurts nothing else.

The engine (DuckDB) is shut in before it sees the question: it may read this one file, load no extension, write nothing,
and its settings are locked (https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ceyuan.hub.viewer.formats.cells import MAX_COLUMNS, cell
from ceyuan.hub.viewer.formats.problems import ViewProblem

TABLE = "data"
_READERS = {
    "parquet": "read_parquet({})",
    "delimited": "read_csv({}, sample_size=20000)",
    "json_lines": "read_json({}, format='newline_delimited', sample_size=20000)",
}


def ask(arguments: dict[str, Any], _report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """`{path, kind, query, limit, memory_mb}` → `{columns: [[name, type]], rows, more}`.

    The file is the table `data`; `kind` is parquet, delimited or json_lines. `more` says that the answer has more than
    `limit` rows. Raises `ViewProblem` with the engine's own words.
    """
    import duckdb

    limit = int(arguments["limit"])
    place = "'" + str(arguments["path"]).replace("'", "''") + "'"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{int(arguments['memory_mb'])}MB",
        "max_temp_directory_size": "0MB",
        "autoinstall_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,
    }
    try:
        statements = duckdb.extract_statements(arguments["query"])
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise ViewProblem("只能执行一条 SELECT 语句", "one SELECT statement, and nothing else")
        with duckdb.connect(":memory:", config=settings) as connection:
            connection.execute(f"SET allowed_paths = [{place}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            connection.execute(f"CREATE VIEW {TABLE} AS SELECT * FROM {_READERS[arguments['kind']].format(place)}")
            answer = connection.execute(statements[0])
            columns = [[str(column[0])[:300], str(column[1])[:300]] for column in answer.description or ()]
            rows = answer.fetchmany(limit + 1)
    except (duckdb.Error, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, ViewProblem):
            raise
        words = str(error).replace(str(arguments["path"]), TABLE).strip()[:600]
        raise ViewProblem(f"查询失败:{words}", f"the query failed: {words}") from error
    shown = [[cell(value) for value in row[:MAX_COLUMNS]] for row in rows[:limit]]
    return {"columns": columns[:MAX_COLUMNS], "rows": shown, "more": len(rows) > limit}
