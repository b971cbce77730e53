"""The shut-in engine that answers questions about table files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as arrow
import pytest
from pyarrow import parquet

from ceyuan.hub.viewer.formats.problems import ViewProblem
from ceyuan.hub.viewer.formats.sql import ask


def answer(path: Path, query: str, kind: str = "parquet") -> dict[str, object]:
    return ask({"path": str(path), "kind": kind, "query": query, "limit": 2, "memory_mb": 200}, lambda _said: None)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    # Blobs bear no suffix, and a folder may have a quote in its name.
    place = tmp_path / "it's" / "blob"
    place.parent.mkdir()
    parquet.write_table(arrow.table({"a": [1, 2, 3]}), place)
    return place


def test_rows_come_with_their_types_and_no_more_than_asked(table: Path) -> None:
    assert answer(table, "SELECT * FROM data") == {"columns": [["a", "BIGINT"]], "rows": [[1], [2]], "more": True}


def test_json_lines_are_a_table_too(tmp_path: Path) -> None:
    place = tmp_path / "blob"
    place.write_text('{"a": 1}\n{"a": 2}\n')
    assert answer(place, "SELECT sum(a) FROM data", "json_lines")["rows"] == [[3]]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY data TO '/tmp/hub-copied.csv'",
        "ATTACH '/tmp/hub-attached.db'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "INSTALL httpfs",
        "SELEC",
    ],
)
def test_nothing_else_of_the_machine_can_be_reached(table: Path, query: str) -> None:
    with pytest.raises(ViewProblem):
        answer(table, query)
