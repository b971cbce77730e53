from __future__ import annotations

import struct

import pytest

from ceyuan.hub.chunks import (
    Chunk,
    ChunkProblem,
    Xorb,
    chunk_hash,
    parse_shard,
    protected,
    stored_shard,
    xorb_hash,
)

TAG = b"HFRepoMetaData\0" + bytes.fromhex("55696745 6a7b8157 83a5bdd9 5ccdd14a a9".replace(" ", ""))
HEAD = TAG + struct.pack("<QQ", 2, 0)
END = b"\xff" * 32 + bytes(16)


def row(digest: bytes, *numbers: int) -> bytes:
    return struct.pack("<32sIIII", digest, *numbers)


def sent() -> bytes:
    file, xorb, proof = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
    sha256 = struct.pack("<4Q", *struct.unpack(">4Q", bytes(range(32))))
    files = row(file, 3 << 30, 1, 0, 0) + row(xorb, 0, 500, 2, 7) + row(proof, 0, 0, 0, 0) + row(sha256, 0, 0, 0, 0)
    return HEAD + files + END + row(xorb, 0, 1, 500, 400) + row(proof, 0, 500, 0, 0) + END


def test_an_upload_names_its_files_with_runs_proofs_and_sha256() -> None:
    shard = parse_shard(sent())
    (file,) = shard.files
    assert file.hash == bytes([1]) * 32
    assert file.sha256 == bytes(range(32))
    (term,) = file.terms
    assert (term.first, term.last, term.size, term.proof) == (2, 7, 500, bytes([3]) * 32)
    assert shard.xorbs == [bytes([2]) * 32]


@pytest.mark.parametrize("cut", [10, 47, 60, 200, 300])
def test_a_shard_that_breaks_off_is_refused(cut: int) -> None:
    with pytest.raises(ChunkProblem):
        parse_shard(sent()[:cut])


def test_a_file_without_proofs_is_refused() -> None:
    with pytest.raises(ChunkProblem):
        parse_shard(HEAD + row(bytes(32), 1 << 30, 1, 0, 0) + END + END)


def test_a_count_beyond_the_shard_is_refused() -> None:
    with pytest.raises(ChunkProblem):
        parse_shard(HEAD + row(bytes(32), 1 << 31, 4_000_000_000, 0, 0) + END + END)


def test_an_answer_protects_the_hashes_of_chunks_and_names_tables_at_its_end() -> None:
    chunks = [Chunk(chunk_hash(bytes([n]) * 10), 10, 18 * (n + 1)) for n in range(3)]
    xorb = Xorb(xorb_hash([(c.hash, c.size) for c in chunks]), chunks)
    key = bytes(range(32))
    body = stored_shard([xorb], key, made=5, expires=6)
    assert body.startswith(TAG)
    rows = body[96:-200]
    assert rows[:48] == row(xorb.hash, 0, 3, 30, 54)
    assert rows[48:96] == row(protected(chunks[0].hash, key), 0, 10, 0, 0)
    assert chunks[0].hash not in body
    footer = body[-200:]
    version, files, xorbs = struct.unpack_from("<QQQ", footer)
    tables = struct.unpack_from("<6Q", footer, 24)
    assert (version, files, xorbs) == (1, 48, 96)
    assert tables == (len(body) - 200, 0) * 3
    assert struct.unpack("<Q", footer[-8:]) == (len(body) - 200,)
