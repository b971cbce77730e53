"""The archive of an export."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from ceyuan.identity.privacy.archive import safe_path, write_archive
from ceyuan.identity.privacy.hooks import ExportFile, json_file


async def files() -> AsyncIterator[tuple[str, ExportFile]]:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1000

    yield "identity", json_file("账号.json", {"name": "李"})
    yield "hub", ExportFile("../../etc/passwd", b"no")
    yield "hub", ExportFile("big.bin", chunks())
    yield "hub", ExportFile("big.bin", b"again")


async def test_files_keep_their_names_and_stay_inside(tmp_path: Path) -> None:
    assert await write_archive(tmp_path / "a.zip", files()) == 4
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["identity/账号.json", "hub/etc/passwd", "hub/big.bin", "hub/big.bin~"]
        assert archive.read("hub/big.bin") == b"x" * 3000


async def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        await write_archive(tmp_path / name, files())
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@given(st.text(max_size=60))
def test_no_path_leaves_the_archive(text: str) -> None:
    path = PurePosixPath(safe_path(text))
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert path.parts
