"""Collecting sources: what is kept of each, what is skipped, and that a second call does nothing twice."""

import json
from pathlib import Path

import polars as pl
import pytest

from ceyuan.data.collection import CORPORA, RAW_COLUMNS, PackageCache, Source, collect
from ceyuan.data.collection.entry import main
from ceyuan.data.files import sha256_of
from ceyuan.data.problems import DataProblem

Message = dict[str, object]


def folder(tmp_path: Path, name: str, count: int = 3) -> str:
    path = tmp_path / name
    path.mkdir()
    lines = [json.dumps({"text": f"{name}的第{number}篇正文", "title": "题"}) for number in range(count)]
    (path / "a.jsonl").write_text("\n".join([*lines, "{broken"]), "utf-8")
    return str(path)


def run(tmp_path: Path, *sources: Source) -> tuple[dict[str, object], list[Message]]:
    heard: list[Message] = []
    return collect(tmp_path / "raw", sources, PackageCache(tmp_path / "cache"), heard.append), heard


def test_documents_keep_source_licence_domain_and_a_unique_id(tmp_path: Path) -> None:
    sources = [Source(key, "folder", folder(tmp_path, key), licence="CC0-1.0", domain="user") for key in ("a", "b")]
    run(tmp_path, *sources)
    table = pl.read_parquet(tmp_path / "raw" / "*" / "*.parquet")
    assert table["id"].to_list() == [f"{key}/a.jsonl#{number}" for key in "ab" for number in (1, 2, 3)]
    assert set(table["licence"]) == {"CC0-1.0"}
    assert set(table["domain"]) == {"user"}
    assert tuple(table.columns) == RAW_COLUMNS


def test_the_record_tells_shards_counts_and_rejections(tmp_path: Path) -> None:
    collection, _ = run(tmp_path, Source("a", "folder", folder(tmp_path, "a")))
    record = json.loads((tmp_path / "raw" / "a" / "source.json").read_bytes())
    assert collection["sources"] == [record]
    assert (record["documents"], record["rejected"]) == (3, {"bad_json": 1})
    assert (record["source"]["licence"], record["source"]["origin"]) == ("LicenseRef-unstated", "folder")
    shard = record["shards"][0]
    assert sha256_of(tmp_path / "raw" / "a" / shard["file"]) == shard["sha256"]
    rejection = json.loads((tmp_path / "raw" / "a" / "rejections.jsonl").read_text("utf-8"))
    assert (rejection["where"], rejection["reason"]) == ("a.jsonl#4", "bad_json")


def test_the_card_tells_where_the_texts_of_a_folder_were_first_published(tmp_path: Path) -> None:
    origin = "https://gazette.example/2026"
    collection, _ = run(tmp_path, Source("a", "folder", folder(tmp_path, "a"), origin=origin))
    assert collection["sources"][0]["source"]["origin"] == origin  # type: ignore[index]
    assert f"`{origin}`" in (tmp_path / "raw" / "README.md").read_text("utf-8")


def test_a_collected_source_is_not_read_again_and_others_are(tmp_path: Path) -> None:
    first = Source("a", "folder", folder(tmp_path, "a"))
    run(tmp_path, first)
    shard = tmp_path / "raw" / "a" / "raw-00000.parquet"
    written = shard.stat().st_mtime_ns
    collection, _ = run(tmp_path, first, Source("b", "folder", folder(tmp_path, "b")))
    assert [source["documents"] for source in collection["sources"]] == [3, 3]  # type: ignore[attr-defined]
    assert shard.stat().st_mtime_ns == written


def test_a_folder_that_has_changed_is_read_again(tmp_path: Path) -> None:
    source = Source("a", "folder", folder(tmp_path, "a"))
    run(tmp_path, source)
    Path(source.location, "b.txt").write_text("新的一篇", "utf-8")
    collection, _ = run(tmp_path, source)
    assert [source["documents"] for source in collection["sources"]] == [4]  # type: ignore[attr-defined]


def test_what_an_interrupted_call_left_half_done_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "raw" / ".a.building").mkdir(parents=True)
    (tmp_path / "raw" / ".a.building" / "raw-00000.parquet").write_bytes(b"torn")
    run(tmp_path, Source("a", "folder", folder(tmp_path, "a")))
    assert pl.read_parquet(tmp_path / "raw" / "a" / "*.parquet").height == 3
    assert not (tmp_path / "raw" / ".a.building").exists()


def test_an_optional_source_that_cannot_be_had_is_skipped_with_the_reason(tmp_path: Path) -> None:
    sources = [
        Source("a", "folder", folder(tmp_path, "a")),
        Source("gone", "folder", str(tmp_path / "gone"), required=False),
    ]
    collection, heard = run(tmp_path, *sources)
    skipped = collection["skipped"]
    assert isinstance(skipped, list)
    assert (skipped[0]["key"], skipped[0]["code"]) == ("gone", "source_missing")
    assert len(skipped[0]["message"]) == 2
    assert any(message.get("level") == "warning" for message in heard)


@pytest.mark.parametrize(
    ("make", "code"), [("gone", "source_missing"), ("empty", "source_empty"), ("junk", "nothing_readable")]
)
def test_a_required_source_that_gives_nothing_ends_the_run_with_one_message(
    tmp_path: Path, make: str, code: str
) -> None:
    path = tmp_path / make
    if make != "gone":
        path.mkdir()
    if make == "junk":
        (path / "a.txt").write_bytes(bytes(range(256)) * 32)
    with pytest.raises(DataProblem) as caught:
        run(tmp_path, Source("a", "folder", str(path)))
    assert caught.value.code == code
    assert all(caught.value.message)


def test_a_limit_takes_the_same_documents_every_time_in_order(tmp_path: Path) -> None:
    location = folder(tmp_path, "a", 500)
    taken = []
    for name in ("one", "two"):
        source = Source("a", "folder", location, limit=50)
        collect(tmp_path / name, [source], PackageCache(tmp_path / "cache"), lambda message: None)
        taken.append(pl.read_parquet(tmp_path / name / "a" / "*.parquet")["id"].to_list())
    assert taken[0] == taken[1]
    numbers = [int(name.partition("#")[2]) for name in taken[0]]
    assert len(numbers) == 50
    assert numbers == sorted(numbers)
    assert max(numbers) > 250


@pytest.mark.parametrize(
    "values",
    [
        {"key": "A", "kind": "folder", "location": "x"},
        {"key": "a", "kind": "cloud", "location": "x"},
        {"key": "a", "kind": "package", "location": "unregistered"},
        {"key": "a", "kind": "folder"},
        {"key": "a", "kind": "folder", "location": "x", "limit": "many"},
        {"key": "a", "kind": "folder", "location": "x", "unknown": 1},
    ],
)
def test_a_source_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(DataProblem) as caught:
        Source.of(values)
    assert caught.value.code == "source_invalid"


def test_the_process_entry_takes_and_gives_json(tmp_path: Path) -> None:
    source = {"key": "a", "kind": "folder", "location": folder(tmp_path, "a"), "limit": 2}
    args = {"out": str(tmp_path / "raw"), "cache": str(tmp_path / "cache"), "sources": [source]}
    result = main(args, lambda message: None)
    assert json.loads(json.dumps(result)) == result


def test_a_package_source_describes_itself_from_the_register() -> None:
    described = Source("laws", "package", "china-law").described()
    assert described["origin"] == CORPORA["china-law"].package.purl
    assert described["licence"] == "MIT"
    assert described["domain"] == "law"
