"""Tiny packages of the same shape as the registered ones, made for the tests."""

import base64
import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
import zipfile
from pathlib import Path

from ceyuan.data.collection import Package

LAW_COLUMNS = (
    "law_id, law_name, doc_type, level, issuing_body, "
    "publish_date, effective_date, version_date, status, law_department"
)


def law_database(path: Path) -> None:
    """Two versions of one law, of two articles each."""
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE laws ({LAW_COLUMNS})")
    connection.execute(
        "CREATE TABLE articles (id INTEGER PRIMARY KEY, law_id, law_name, law_department, level, status, chapter, "
        "section, article_no, article_no_arabic, article_text, char_count)"
    )
    for law, status in (("new", "现行有效"), ("old", "历史版本")):
        values = (law, "数据法", "法律", "法律", "人大", "2021-06-10", "2021-09-01", "2021-06-10", status, "行政法")
        connection.execute(f"INSERT INTO laws VALUES ({','.join('?' * 10)})", values)
        for number, name in ((1, "第一条"), (2, "第二条")):
            text = f"为了规范数据处理活动，制定本法第{number}条，{status}。"
            article = (
                None,
                law,
                "数据法",
                "行政法",
                "法律",
                status,
                "第一章 总则",
                None,
                name,
                number,
                text,
                len(text),
            )
            connection.execute(f"INSERT INTO articles VALUES ({','.join('?' * 12)})", article)
    connection.commit()
    connection.close()


def wheel(folder: Path, name: str, members: dict[str, bytes]) -> tuple[Path, Package]:
    """A wheel that pip accepts, and the package that names it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    members = members | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    return path, Package("pypi", name, "1.0", hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    """A gzip'd tar archive."""
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, data in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return path


def source(folder: Path, name: str, version: str, members: dict[str, bytes]) -> Path:
    """A source distribution, with what one says of itself and a set-up script that leaves a mark where it is run."""
    mark = f"open({str(folder.parent / 'run')!r}, 'w')\n".encode()
    told = {"PKG-INFO": b"Metadata-Version: 2.1\n", f"src/{name}.egg-info/SOURCES.txt": b"x", "README.md": b"about"}
    script = {"setup.py": mark, "pyproject.toml": b"[build-system]\nrequires = ['nothing-that-exists']\n"}
    outer = f"{name}-{version}"
    return tarball(
        folder / f"{outer}.tar.gz", {f"{outer}/{one}": data for one, data in (told | script | members).items()}
    )


def packument(name: str, file: Path, address: str) -> bytes:
    """What an npm registry answers about a package with one version."""
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
    one = {"name": name, "version": "1.0.0", "dist": {"tarball": address, "integrity": integrity}}
    return json.dumps({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": one}}).encode()
