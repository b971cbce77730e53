"""Source distributions of PyPI are data: brought from any index that pip is set to, unpacked, never run."""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ceyuan.data.collection.distributions import NotOffered, fetch_distribution
from ceyuan.data.mirroring.entry import main
from ceyuan.data.mirroring.mirror import silent_report
from ceyuan.data.problems import DataProblem
from tests.data.collection.made import source, tarball, wheel
from tests.data.collection.test_packages import shelf
from tests.data.mirroring.test_packages import held

assert shelf
TEXT = "为了规范数据处理活动，保障数据安全，制定本法。".encode()


def brought(folder: Path, purl: str, distribution: str = "") -> dict[str, Any]:
    options = {"distribution": distribution}
    return main({"kind": "package", "folder": str(folder), "location": purl, "options": options}, silent_report)


def test_a_package_without_a_wheel_comes_as_its_source_distribution_and_runs_nothing(
    shelf: Path, tmp_path: Path
) -> None:
    source(shelf, "made", "1.0", {"made/甲.txt": TEXT, "made/.hidden": b"x"})
    source(shelf, "made", "0.9", {"made/old.txt": TEXT})
    found = brought(tmp_path / "mirror", "pkg:pypi/made")
    assert found["fetched"] == 3
    assert held(tmp_path / "mirror") == {"made/甲.txt", "setup.py", "pyproject.toml"}
    assert brought(tmp_path / "mirror", "pkg:pypi/Made@1.0.0")["unchanged"] == 3
    assert brought(tmp_path / "mirror", "pkg:pypi/made@0.9")["gone"] == 1
    assert held(tmp_path / "mirror") >= {"made/old.txt"}
    assert not (tmp_path / "run").exists()


def test_of_both_forms_the_wheel_is_taken_unless_the_other_is_chosen(shelf: Path, tmp_path: Path) -> None:
    wheel(shelf, "made", {"made/wheel.txt": TEXT})
    source(shelf, "made", "1.0", {"made/source.txt": TEXT})
    brought(tmp_path / "mirror", "pkg:pypi/made")
    assert held(tmp_path / "mirror") == {"made/wheel.txt"}
    brought(tmp_path / "mirror", "pkg:pypi/made", "sdist")
    assert "made/source.txt" in held(tmp_path / "mirror")
    (shelf / "made-1.0-py3-none-any.whl").unlink()
    with pytest.raises(DataProblem, match="only a wheel is taken"):
        brought(tmp_path / "mirror", "pkg:pypi/made", "wheel")
    (shelf / "made-1.0.tar.gz").unlink()
    with pytest.raises(DataProblem, match="neither a wheel nor a source distribution"):
        brought(tmp_path / "mirror", "pkg:pypi/made")


def test_a_file_that_became_a_folder_and_back_takes_its_place(shelf: Path, tmp_path: Path) -> None:
    for version, name in (("1.0", "made/a.txt"), ("1.1", "made/a.txt/b.txt"), ("1.2", "made/a.txt")):
        source(shelf, "made", version, {name: TEXT, "made/same.txt": TEXT})
        found = brought(tmp_path / "mirror", f"pkg:pypi/made@{version}")
        assert held(tmp_path / "mirror") == {name, "made/same.txt", "setup.py", "pyproject.toml"}
        assert found["gone"] == (version != "1.0")


def test_names_in_the_encoding_of_chinese_systems_are_read(shelf: Path, tmp_path: Path) -> None:
    path = source(shelf, "made", "1.0", {})
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT, encoding="gbk") as archive:
        for name in ("made-1.0/数据/法律.txt", "made-1.0/../数据.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = len(TEXT)
            archive.addfile(entry, io.BytesIO(TEXT))
    found = brought(tmp_path / "mirror", "pkg:pypi/made")
    assert held(tmp_path / "mirror") == {"数据/法律.txt"}
    assert [one["name"] for one in found["quarantine"]] == ["../数据.txt"]


def test_members_that_lead_out_and_links_are_left_aside(shelf: Path, tmp_path: Path) -> None:
    path = source(shelf, "made", "1.0", {"a.txt": TEXT, "../../out.txt": TEXT, "/abs.txt": TEXT})
    with tarfile.open(path, "r:gz") as archive:
        members = {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]
    tarball(path, members)
    found = brought(tmp_path / "mirror", "pkg:pypi/made")
    assert (found["quarantined"], "a.txt" in held(tmp_path / "mirror")) == ({"bad_name": 2}, True)
    assert not (tmp_path.parent / "out.txt").exists()


def test_what_is_larger_than_allowed_is_not_brought(shelf: Path, tmp_path: Path) -> None:
    size = source(shelf, "made", "1.0", {"a.txt": TEXT}).stat().st_size
    assert fetch_distribution("made", "", tmp_path, seconds=60, max_bytes=size).stat().st_size == size
    with pytest.raises(NotOffered, match="larger than"):
        fetch_distribution("made", "", tmp_path, seconds=60, max_bytes=size - 1)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """An index on this machine that asks for a name and a password, and offers one file with the hash it is told."""
    told: dict[str, Any] = {"file": source(tmp_path, "made", "1.0", {"made/a.txt": TEXT}), "sha256": "", "json": True}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != "Basic dXNlcjpzZWNyZXQ=":
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic")
                self.end_headers()
                return
            kind, body = "application/gzip", told["file"].read_bytes()
            if not self.path.endswith(".tar.gz"):
                kind, body = page()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            if kind == "application/gzip":  # as servers that know files by their endings do
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test's output is not a server's log."""

    def page() -> tuple[str, bytes]:
        if not told["json"]:
            link = f'<a href="../../files/made-1.0.tar.gz#sha256={told["sha256"]}">made-1.0.tar.gz</a>'
            return "text/html", f"<!DOCTYPE html><html><body>{link}</body></html>".encode()
        hashes = {"sha256": told["sha256"]}
        one = {"filename": "made-1.0.tar.gz", "url": "../../files/made-1.0.tar.gz", "hashes": hashes}
        answer = {"meta": {"api-version": "1.0"}, "name": "made", "files": [one]}
        return "application/vnd.pypi.simple.v1+json", json.dumps(answer).encode()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://user:secret@127.0.0.1:{server.server_address[1]}/simple")
    monkeypatch.setenv("PIP_QUIET", "2")  # what it tells is asked for all the same
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_index_that_wants_a_password_that_nobody_set_is_refused_without_asking_for_it(
    index: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", os.environ["PIP_INDEX_URL"].replace("user:secret@", ""))
    run, told = subprocess.run, []

    def noted(*arguments: Any, **how: Any) -> Any:
        told.append(how["env"].get("PIP_NO_INPUT"))
        return run(*arguments, **how)

    monkeypatch.setattr(subprocess, "run", noted)
    with pytest.raises(DataProblem, match="package_unreachable"):
        brought(tmp_path / "mirror", "pkg:pypi/made", "sdist")
    assert set(told) == {"1"}


@pytest.mark.parametrize("json_page", [True, False])
def test_an_index_is_asked_with_pips_credentials_and_the_file_has_the_hash_that_it_names(
    index: dict[str, Any], tmp_path: Path, json_page: bool
) -> None:
    index["json"] = json_page
    digest = hashlib.sha256(index["file"].read_bytes()).hexdigest()
    index["sha256"] = digest
    found = brought(tmp_path / "mirror", "pkg:pypi/made")
    assert (found["sha256"], "made/a.txt" in held(tmp_path / "mirror")) == (digest, True)
    assert not (tmp_path.parent / "run").exists()
    index["sha256"] = "0" * 64
    with pytest.raises(DataProblem, match="does not have the SHA-256") as caught:
        brought(tmp_path / "other", "pkg:pypi/made", "sdist")
    assert "secret" not in str(caught.value.message)
