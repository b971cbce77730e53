"""Sources out in the world through jobs: rows of a database become a corpus, and only what changed is handled again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import polars as pl
import pytest

from ceyuan.data.sources.settings import DataSettings
from ceyuan.hub import local_snapshot
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As
from tests.data.corpus.conftest import records
from tests.data.pipelines.test_pipelines import SOURCES, started, succeeded


@pytest.mark.slow
async def test_rows_of_a_database_become_a_corpus_and_a_refresh_handles_what_changed(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    platform.sections[DataSettings] = DataSettings(source_roots=[tmp_path], threads=1)
    with sqlite3.connect(tmp_path / "own.db") as connection:
        connection.execute("CREATE TABLE article (number INTEGER PRIMARY KEY, content TEXT, changed INTEGER)")
        rows = [(number, record["text"], 1) for number, record in enumerate(records(3, 60))]
        connection.executemany("INSERT INTO article VALUES (?, ?, ?)", rows)
    options = {"query": "SELECT number, content, changed FROM article", "key": "number", "watermark": "changed"}
    known = {"org_id": "org_demo", "key": "db", "kind": "sql", "location": f"sqlite:///{tmp_path}/own.db"}
    made = await signed_in("member").post(SOURCES, json=known | {"options": options})
    body = {"org_id": "org_demo", "sources": [made.json()["id"]], "dataset": "demo/rows"}
    first = await succeeded(platform, await started(signed_in, "corpora", body))
    with sqlite3.connect(tmp_path / "own.db") as connection:
        connection.execute("DELETE FROM article WHERE number = 5")
        connection.execute("UPDATE article SET content = content || '又添了一句。', changed = 2 WHERE number = 6")
    second = await succeeded(platform, await started(signed_in, "corpora", body))
    assert first["counts"]["total"]["documents"] == second["counts"]["total"]["documents"] + 1
    assert (second["change"]["put"], second["change"]["deleted"]) == (1, 1)
    visit = (await signed_in("member").get(f"{SOURCES}/{made.json()['id']}")).json()["fetched"]
    assert (visit["fetched"], visit["gone"]) == (1, 1)
    folder = await local_snapshot(platform, second["revision"], tmp_path / "made", actor=ACTORS["member"])
    texts = pl.read_parquet(folder / "data" / "*.parquet")["text"].to_list()
    assert rows[5][1] not in texts
    assert not list(folder.rglob("known"))
