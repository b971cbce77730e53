"""Mirrors fetch what changed, forget what is gone, read databases without writing, and keep to public addresses."""

import asyncio
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import psycopg
import pytest
import uvicorn
from moto.server import ThreadedMotoServer

from ceyuan.data.mirroring.entry import main
from ceyuan.data.mirroring.holding import holding
from ceyuan.data.mirroring.mirror import follow, silent_report, sound_name
from ceyuan.data.problems import DataProblem
from ceyuan.data.readers import Document, read_path
from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.platform import Platform
from ceyuan.server.asgi import Door
from tests.data.conftest import ACTORS
from tests.postgres import PostgresServer


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


def test_a_file_whose_rows_are_all_gone_goes_too(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    rows_of(database, folder)
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM article WHERE number > 0")
    assert rows_of(database, folder)["gone"] == 29
    read = list(read_path(folder / "files"))
    assert [one.meta["id"] for one in read if isinstance(one, Document)] == ["0"]
    assert len(read) == 1
    with sqlite3.connect(database) as connection:
        connection.executemany("INSERT INTO article VALUES (?, ?, ?)", [(n, f"新{n}", 200) for n in range(1, 30)])
    assert rows_of(database, folder)["fetched"] == 29
    assert len(texts(folder)) == 30


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


@pytest.fixture(scope="module")
def postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with articles."""
    with postgres_server.fresh_database() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE article (number int, content text, changed timestamptz, price numeric)")
        made = "n, '第' || n || '篇正文', timestamptz '2026-01-01', n * 1.5"
        connection.execute(f"INSERT INTO article SELECT {made} FROM generate_series(1, 30) n")
        yield url


def test_rows_of_a_postgresql_are_followed_by_a_watermark_of_time(postgres: str, tmp_path: Path) -> None:
    query = "SELECT number, content, changed, price FROM article"
    options = {"query": query, "key": "number", "watermark": "changed"}
    location = postgres.replace("postgresql://", "postgresql+psycopg://")
    args = {"kind": "sql", "folder": str(tmp_path / "mirror"), "location": location, "options": options}
    assert main(args, silent_report)["fetched"] == 30
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("UPDATE article SET content = '改过的正文', changed = '2026-02-01' WHERE number = 7")
        connection.execute("DELETE FROM article WHERE number IN (3, 4)")
        connection.execute("INSERT INTO article VALUES (99, '新的正文', '2026-03-01', 2)")
    found = main(args, silent_report)
    assert (found["fetched"], found["unchanged"], found["gone"]) == (2, 27, 2)
    now = texts(tmp_path / "mirror")
    assert (now["7"], now["99"], "3" in now, len(now)) == ("改过的正文", "新的正文", False, 29)
    deleting = "WITH gone AS (DELETE FROM article RETURNING number) SELECT number, 1 AS changed FROM gone"
    with pytest.raises(DataProblem, match="query_invalid"):
        main(args | {"folder": str(tmp_path / "other"), "options": options | {"query": deleting}}, silent_report)
    with psycopg.connect(postgres) as connection:
        counted = connection.execute("SELECT count(*) FROM article").fetchone()
    assert counted == (29,)
    nobody = location.replace(location.rsplit("/", 1)[1], "nothing_here")
    with pytest.raises(DataProblem, match="database_unreachable"):
        main(args | {"location": nobody}, silent_report)


@pytest.mark.engine_bound
async def test_a_dataset_of_another_ceyuan_is_followed_by_what_changed(
    platform: Platform, cast: None, tmp_path: Path
) -> None:
    """The hub's own protocol on a real port: a private dataset, read with a token, large and small files."""
    own = tmp_path / "own"
    (own / "deep").mkdir(parents=True)
    (own / "a.txt").write_text("甲", "utf-8")
    (own / "deep" / "b.jsonl").write_text('{"text": "乙"}\n', "utf-8")
    (own / "large.txt").write_text("丙" * 4_000_000, "utf-8")
    member = ACTORS["member"]
    async with platform.work(member) as uow:
        await create_repository(uow, "dataset", "demo", "far", visibility="private")
    await commit_folder(platform, "datasets/demo/far", own, message="one", actor=member)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(16)  # whoever comes before the server begins waits for it
    server = uvicorn.Server(uvicorn.Config(Door(platform), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
    args = {"kind": "hub", "folder": str(tmp_path / "mirror"), "location": "demo/far", "allowed": ["127.0.0.0/8"]}
    args["options"] = {"endpoint": endpoint}
    try:
        with pytest.raises(DataProblem, match=r"http_40[14]"):
            await asyncio.to_thread(mirrored_as, "", args)
        first = await asyncio.to_thread(mirrored_as, "member", args)
        assert {"a.txt", "deep/b.jsonl", "large.txt"} <= files(tmp_path / "mirror").keys()
        assert files(tmp_path / "mirror")["large.txt"] == (own / "large.txt").read_bytes()
        (own / "a.txt").write_text("改", "utf-8")
        (own / "deep" / "b.jsonl").unlink()
        await commit_folder(platform, "datasets/demo/far", own, message="two", actor=member)
        again = await asyncio.to_thread(mirrored_as, "member", args)
        assert (again["fetched"], again["gone"], again["unchanged"]) == (1, 1, first["fetched"] - 2)
        assert files(tmp_path / "mirror")["a.txt"] == "改".encode()
        assert again["commit"] != first["commit"]
    finally:
        server.should_exit = True
        await serving


def mirrored_as(word: str, args: dict[str, Any]) -> dict[str, Any]:
    """The mirror as somebody with that token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CEYUAN_SOURCE_SECRET", word)
        return main(args, silent_report)


@pytest.mark.parametrize(
    ("names", "data"),
    [
        (["README.md", "readme_zh.md", "LICENSE", "a.txt", "docs/README.md"], ["a.txt", "docs/README.md"]),
        (["README.md", "manifest.json", "statistics.parquet", "data/train-0.parquet"], ["data/train-0.parquet"]),
        (
            ["README.md", "collection.json", "own/raw-00000.parquet", "own/source.json", "own/media/ab/ab.png"],
            ["own/raw-00000.parquet", "own/media/ab/ab.png"],
        ),
        (["README.md"], ["README.md"]),
        (["readings.txt", "noticeboard.txt"], ["readings.txt", "noticeboard.txt"]),
    ],
)
def test_a_card_is_no_document(names: list[str], data: list[str]) -> None:
    assert holding(names) == data
