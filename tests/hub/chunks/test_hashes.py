from __future__ import annotations

import pytest
from blake3 import blake3

from ceyuan.hub.chunks import ChunkProblem, chunk_hash, file_hash, is_eligible, parse_hash, text_of, xorb_hash


def test_the_text_of_a_hash_is_four_little_endian_numbers() -> None:
    raw = bytes(range(32))
    text = "07060504030201000f0e0d0c0b0a0908171615141312111f1e1d1c1b1a1918"
    assert text_of(raw) == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
    assert parse_hash(text_of(raw)) == raw
    with pytest.raises(ChunkProblem):
        parse_hash(text)


def test_a_xorb_of_one_chunk_has_the_hash_of_that_chunk() -> None:
    digest = chunk_hash(b"hello")
    assert xorb_hash([(digest, 5)]) == digest
    assert file_hash([(digest, 5)]) == blake3(digest, key=bytes(32)).digest()


def test_an_empty_file_has_zeros_for_a_hash_and_no_xorb_is_empty() -> None:
    assert file_hash([]) == bytes(32)
    with pytest.raises(ChunkProblem):
        xorb_hash([])


def test_the_order_and_the_sizes_of_chunks_are_part_of_the_hash() -> None:
    chunks = [(chunk_hash(bytes([n])), 1) for n in range(40)]
    assert xorb_hash(chunks) != xorb_hash(chunks[::-1])
    assert xorb_hash(chunks) != xorb_hash([(digest, size + 1) for digest, size in chunks])


def test_one_chunk_of_1024_is_asked_for() -> None:
    assert is_eligible(bytes(24) + (2048).to_bytes(8, "little"))
    assert not is_eligible(bytes(24) + (2049).to_bytes(8, "little"))
