"""Files are whole or absent, also when the disk is full or the writer breaks off."""

import errno
from pathlib import Path
from typing import BinaryIO

import pytest

from ceyuan.data.files import Hashing, sha256_of, write_atomically
from ceyuan.data.problems import DataProblem


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("parquet: underlying IO error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_named_and_leaves_the_old_file_alone(tmp_path: Path, fault: Exception) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise fault

    with pytest.raises(DataProblem) as caught:
        write_atomically(path, write)
    assert caught.value.code == "disk_full"
    assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]
    assert path.read_bytes() == b"old"


def test_another_fault_passes_through_and_leaves_nothing(tmp_path: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        write_atomically(tmp_path / "a.bin", write)
    assert list(tmp_path.iterdir()) == []


def test_what_is_hashed_while_it_is_written_needs_no_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with path.open("wb") as file:
        hashing = Hashing(file)
        hashing.write(b"one")
        hashing.write(memoryview(bytearray(b"two")))
        assert hashing.tell() == hashing.size == 6
    assert path.read_bytes() == b"onetwo"
    assert hashing.sha256() == sha256_of(path)
