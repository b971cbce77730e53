"""Any package is a source: fetched by its registry's client, unpacked within bounds, followed by its content."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ceyuan.data.mirroring.entry import main
from ceyuan.data.mirroring.mirror import silent_report
from ceyuan.data.mirroring.packages import mirror_package
from ceyuan.data.problems import DataProblem
from ceyuan.data.purls import wanted
from tests.data.collection.made import tarball, wheel
from tests.data.collection.test_packages import shelf

assert shelf
TEXT = "为了规范数据处理活动，保障数据安全，制定本法。".encode()


def args(folder: Path, purl: str) -> dict[str, str]:
    return {"kind": "package", "folder": str(folder), "location": purl}


def held(folder: Path) -> set[str]:
    root = folder / "files"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("text", "purl"),
    [
        ("pkg:npm/chinese-poetry@2.0.1", "pkg:npm/chinese-poetry@2.0.1"),
        ("pkg:npm/@scope/data", "pkg:npm/%40scope/data"),
        ("pkg:npm/%40scope/data@1.0.0-rc.1", "pkg:npm/%40scope/data@1.0.0-rc.1"),
        ("pkg:pypi/jieba", "pkg:pypi/jieba"),
        ("pkg:deb/manpages-zh@1.6.4-1", "pkg:deb/debian/manpages-zh@1.6.4-1"),
    ],
)
def test_package_urls_are_understood(text: str, purl: str) -> None:
    found = wanted(text)
    assert found is not None
    assert found.purl == purl


@pytest.mark.parametrize(
    "text",
    [
        "pkg:npm/-g", "pkg:npm/../x", "pkg:npm/a b", "pkg:npm/git+https://x", "pkg:npm/a@file:x/y", "pkg:pypi/a;b",
        "pkg:pypi/--index-url", "pkg:deb/-o", "pkg:cargo/serde", "npm/a", "pkg:npm/", "pkg:npm/a@-x",
    ],
)  # fmt: skip
def test_what_a_client_would_take_for_something_else_is_no_package_url(text: str) -> None:
    assert wanted(text) is None


def test_a_wheel_is_followed_by_its_content(shelf: Path, tmp_path: Path) -> None:
    wheel(shelf, "made", {"made/a.txt": TEXT, "made/b.txt": TEXT, "README.md": b"about", "made/.env": b"x"})
    folder = tmp_path / "mirror"
    first = main(args(folder, "pkg:pypi/made"), silent_report)
    assert (first["fetched"], held(folder)) == (2, {"made/a.txt", "made/b.txt"})
    stamp = (folder / "files" / "made" / "a.txt").stat().st_mtime_ns
    again = main(args(folder, "pkg:pypi/made@1.0"), silent_report)
    assert (again["fetched"], again["unchanged"]) == (0, 2)
    wheel(shelf, "made", {"made/a.txt": TEXT, "made/c.txt": TEXT})
    third = main(args(folder, "pkg:pypi/made"), silent_report)
    assert (third["gone"], held(folder)) == (1, {"made/a.txt", "made/c.txt"})
    assert (folder / "files" / "made" / "a.txt").stat().st_mtime_ns == stamp  # so that it is not read again


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for npm and apt-get that hand over the one file of a shelf."""
    folder = tmp_path / "clients"
    folder.mkdir()
    for name in ("npm", "apt-get"):
        script = folder / name
        script.write_text(f'#!/bin/sh\ncp {tmp_path}/made/* . || {{ echo "E: no $2" >&2; exit 1; }}\n')
        script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def test_an_npm_package_loses_its_outer_folder_and_what_only_tells_of_it(clients: Path, tmp_path: Path) -> None:
    members = {"package/package.json": b"{}", "package/README.md": b"x", "package/poems/一.json": b"[]"}
    tarball(clients / "made-1.0.0.tgz", members)
    main(args(tmp_path / "mirror", "pkg:npm/made"), silent_report)
    assert held(tmp_path / "mirror") == {"poems/一.json"}


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg-deb here")
def test_a_debian_package_is_unpacked_and_nothing_of_it_is_run(clients: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: made\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n"
    )
    (root / "DEBIAN" / "postinst").write_text(f"#!/bin/sh\ntouch {tmp_path}/run\n")
    (root / "DEBIAN" / "postinst").chmod(0o755)
    (root / "usr" / "share").mkdir(parents=True)
    (root / "usr" / "share" / "甲.html").write_bytes(TEXT)
    subprocess.run(["dpkg-deb", "--build", root, clients / "made_1_all.deb"], check=True, capture_output=True)
    main(args(tmp_path / "mirror", "pkg:deb/debian/made"), silent_report)
    assert held(tmp_path / "mirror") == {"usr/share/甲.html"}
    assert not (tmp_path / "run").exists()


def test_a_package_that_leads_out_grows_or_is_absent_is_named(clients: Path, tmp_path: Path) -> None:
    package = wanted("pkg:npm/made")
    assert package is not None
    with pytest.raises(DataProblem, match="package_unreachable"):
        mirror_package(tmp_path / "mirror", package, silent_report)
    with tarfile.open(clients / "made-1.0.0.tgz", "w:gz") as archive:
        for name, kind in (("package/../../out.txt", tarfile.REGTYPE), ("package/link", tarfile.SYMTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        (tmp_path / "big.txt").write_bytes(TEXT * 1000)
        archive.add(tmp_path / "big.txt", "package/big.txt")
    found = mirror_package(tmp_path / "mirror", package, silent_report)
    assert (held(tmp_path / "mirror"), found["quarantined"]) == ({"big.txt"}, {"bad_name": 1})
    assert not (tmp_path / "out.txt").exists()
    shutil.rmtree(tmp_path / "mirror")
    with pytest.raises(DataProblem, match="package_broken"):
        mirror_package(tmp_path / "mirror", package, silent_report, max_bytes=1000)
    assert not (tmp_path / "mirror" / "files").exists()
    whole = (clients / "made-1.0.0.tgz").read_bytes()
    (clients / "made-1.0.0.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataProblem, match="package_broken"):
        mirror_package(tmp_path / "mirror", package, silent_report)
