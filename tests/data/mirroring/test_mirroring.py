"""Mirrors fetch what changed, forget what is gone, read databases without writing, and keep to public addresses."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from ceyuan.data.mirroring.entry import main
from ceyuan.data.mirroring.mirror import follow, silent_report, sound_name
from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import Document, read_path


def files(folder: Path) -> dict[str, bytes]:
    root = folder / "files"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_bucket_is_followed_by_what_changed(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **keys)
    bucket = f"b{uuid4().hex[:12]}"
    client.create_bucket(Bucket=bucket)
    for name, text in {"data/a.txt": "甲", "data/deep/b.txt": "乙", "other/c.txt": "丙"}.items():
        client.put_object(Bucket=bucket, Key=name, Body=text.encode())
    monkeypatch.setenv("CEYUAN_SOURCE_SECRET", "test")
    options = {"endpoint": endpoint, "access_key": "test"}
    args = {"kind": "s3", "folder": str(tmp_path), "location": f"s3://{bucket}/data", "options": options}
    first = main(args, silent_report)
    assert files(tmp_path) == {"a.txt": "甲".encode(), "deep/b.txt": "乙".encode()}
    assert (first["fetched"], first["gone"]) == (2, 0)
    client.put_object(Bucket=bucket, Key="data/a.txt", Body="改".encode())
    client.delete_object(Bucket=bucket, Key="data/deep/b.txt")
    client.put_object(Bucket=bucket, Key="data/n.txt", Body="新".encode())
    again = main(args, silent_report)
    assert files(tmp_path) == {"a.txt": "改".encode(), "n.txt": "新".encode()}
    assert (again["fetched"], again["unchanged"], again["gone"]) == (2, 0, 1)
    with pytest.raises(DataProblem, match="bucket_unreachable"):
        main(args | {"location": "s3://nobody-has-this/x"}, silent_report)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "own.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE article (number INTEGER PRIMARY KEY, content TEXT, changed INTEGER)")
        rows = [(number, f"第{number}篇正文", 100) for number in range(30)]
        connection.executemany("INSERT INTO article VALUES (?, ?, ?)", rows)
    return path


def rows_of(database: Path, folder: Path, **more: str) -> dict[str, Any]:
    options = {"query": "SELECT number, content, changed FROM article", "key": "number", "watermark": "changed"} | more
    args = {"kind": "sql", "folder": str(folder), "location": f"sqlite:///{database}", "options": options}
    return main(args, silent_report)


def texts(folder: Path) -> dict[str, str]:
    found = [one for one in read_path(folder / "files") if isinstance(one, Document)]
    return {one.meta["id"]: one.text for one in found}


def test_rows_above_the_watermark_are_read_and_deleted_ones_leave_an_empty_line(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    assert rows_of(database, folder)["fetched"] == 30
    ids = {one.meta["id"]: one.id for one in read_path(folder / "files") if isinstance(one, Document)}
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE article SET content = '改过的正文', changed = 101 WHERE number = 7")
        connection.execute("UPDATE article SET content = '没有记下时间' WHERE number = 8")
        connection.execute("DELETE FROM article WHERE number IN (3, 4)")
        connection.execute("INSERT INTO article VALUES (99, '新的正文', 102)")
    found = rows_of(database, folder)
    assert (found["fetched"], found["gone"]) == (3, 2)  # the highest mark is asked for again, so 8 is seen as well
    assert texts(folder)["7"] == "改过的正文"
    assert {"3", "4"}.isdisjoint(texts(folder))
    now = {one.meta["id"]: one.id for one in read_path(folder / "files") if isinstance(one, Document)}
    assert all(now[name] == place for name, place in ids.items() if name in now)
    assert rows_of(database, folder)["fetched"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM article",
        "SELECT 1) AS q; DELETE FROM article; --",
        "SELECT nothing FROM article",
        "SELECT content FROM article",
    ],
)
def test_a_query_that_is_no_select_of_the_key_is_refused_and_changes_nothing(
    database: Path, tmp_path: Path, query: str
) -> None:
    with pytest.raises(DataProblem, match="query_invalid"):
        rows_of(database, tmp_path / "mirror", query=query)
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM article").fetchone() == (30,)


def test_a_repository_at_a_private_address_is_not_reached(tmp_path: Path) -> None:
    args = {"kind": "hub", "folder": str(tmp_path), "location": "demo/corpus"}
    for endpoint in ("http://127.0.0.1:9", "http://localhost:9", "http://[::ffff:10.0.0.1]"):
        with pytest.raises(DataProblem, match="private_address"):
            main(args | {"options": {"endpoint": endpoint}}, silent_report)


@pytest.mark.parametrize("name", ["../a", "a/../b", "/etc/x", "a//b", ".hidden", "a/.git/x", "a\\b", "a\0b", "x" * 300])
def test_names_that_lead_elsewhere_are_set_aside(name: str, tmp_path: Path) -> None:
    def put(_: str, file: BinaryIO) -> None:
        file.write(b"x")

    assert not sound_name(name)
    found = follow(tmp_path, {name: "1", "ok.txt": "1"}, put, silent_report)
    assert found["quarantined"] == {"bad_name": 1}
    assert list(files(tmp_path)) == ["ok.txt"]
