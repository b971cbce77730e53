from __future__ import annotations

import random
from pathlib import Path

from ceyuan.hub.chunks import MAX_CHUNK, PackedFile, XorbCheck, chunk_hash, chunk_list, contents, file_hash, pack_file

MIB = 1 << 20


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def noise(size: int, seed: int = 3) -> bytes:
    return random.Random(seed).randbytes(size)


def put_together(packed: PackedFile, folder: dict[bytes, Path]) -> bytes:
    out = []
    for xorb, first, last, _ in packed.runs:
        out += list(contents(folder[xorb].read_bytes()))[first:last]
    return b"".join(out)


def test_chunks_have_the_sizes_of_the_protocol_and_cover_the_file(tmp_path: Path) -> None:
    data = noise(4 * MIB)
    chunks = chunk_list(written(tmp_path / "file", data))
    assert sum(size for _, size in chunks) == len(data)
    assert all(8 * 1024 <= size <= MAX_CHUNK for _, size in chunks[:-1])
    assert 32 < len(chunks) < 160


def test_a_small_file_is_one_chunk_and_zeros_are_cut_at_the_most(tmp_path: Path) -> None:
    assert chunk_list(written(tmp_path / "small", b"hello")) == [(chunk_hash(b"hello"), 5)]
    sizes = [size for _, size in chunk_list(written(tmp_path / "zeros", bytes(300_000)))]
    assert sizes == [MAX_CHUNK, MAX_CHUNK, 300_000 - 2 * MAX_CHUNK]


def test_a_packed_file_can_be_put_together_from_verified_xorbs(tmp_path: Path) -> None:
    data = noise(3 * MIB) + bytes(MIB) + noise(MIB, 4)
    packed = pack_file(written(tmp_path / "file", data), tmp_path, {})
    for xorb, path in packed.made:
        check = XorbCheck()
        check.feed(path.read_bytes())
        assert check.finish().hash == xorb.hash
    assert put_together(packed, {xorb.hash: path for xorb, path in packed.made}) == data
    assert packed.hash == file_hash(chunk_list(tmp_path / "file"))
    assert packed.size == len(data)


def test_a_changed_file_writes_only_what_changed(tmp_path: Path) -> None:
    data = noise(6 * MIB)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = pack_file(written(tmp_path / "one", data), tmp_path / "a", {})
    known = {chunk.hash: (xorb.hash, n) for xorb, _ in first.made for n, chunk in enumerate(xorb.chunks)}
    changed = data[: 2 * MIB] + noise(200_000, 9) + data[2 * MIB + 200_000 :]
    second = pack_file(written(tmp_path / "two", changed), tmp_path / "b", known)
    assert sum(xorb.size for xorb, _ in second.made) < 600_000
    places = {xorb.hash: path for xorb, path in [*first.made, *second.made]}
    assert put_together(second, places) == changed
