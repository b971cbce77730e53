from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.hub.chunks import ChunkProblem, XorbCheck, chunk_hash, contents, pack, xorbs


def made(parts: list[bytes]) -> bytes:
    return b"".join(pack(part) for part in parts)


def parts(count: int = 30) -> list[bytes]:
    chosen = random.Random(7)
    return [chosen.randbytes(chosen.randint(1, 9000)) if n % 2 else bytes([n]) * 5000 for n in range(count)]


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=4000))
def test_a_packed_chunk_gives_back_its_content(content: bytes) -> None:
    assert list(contents(pack(content))) == [content]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 4001, 65_536])
def test_grouped_bytes_are_put_back_whatever_the_length(length: int) -> None:
    import struct

    numbers = b"".join(struct.pack("<f", 1 + n / 65_536) for n in range(length // 4 + 1))[:length]
    assert list(contents(pack(numbers))) == [numbers]


@pytest.mark.parametrize("step", [1, 7, 4096, 1 << 20])
def test_a_xorb_is_verified_in_pieces_of_any_length(step: int) -> None:
    sent = parts(8 if step < 10 else 30)
    body, check = made(sent), XorbCheck()
    taken = sum(check.feed(body[at : at + step]) for at in range(0, len(body), step))
    xorb = check.finish()
    assert taken == len(body) == xorb.stored
    assert [chunk.hash for chunk in xorb.chunks] == [chunk_hash(part) for part in sent]
    assert xorb.size == sum(map(len, sent))


def test_what_follows_the_chunks_is_not_kept() -> None:
    body, check = made(parts()), XorbCheck()
    whole = body + b"XETBLOB" + bytes(500)
    kept = b"".join(whole[at : at + 999][: check.feed(whole[at : at + 999])] for at in range(0, len(whole), 999))
    assert kept == body
    assert check.finish().stored == len(body)


def test_a_xorb_that_breaks_off_is_refused() -> None:
    body, check = made(parts()), XorbCheck()
    check.feed(body[:-3])
    with pytest.raises(ChunkProblem):
        check.finish()


@pytest.mark.parametrize(
    "body",
    [
        b"\0" + (5).to_bytes(3, "little") + b"\0" + (6).to_bytes(3, "little") + b"hello",
        b"\0" + (5).to_bytes(3, "little") + b"\1" + (6).to_bytes(3, "little") + b"hello",
        b"\0" + (5).to_bytes(3, "little") + b"\7" + (5).to_bytes(3, "little") + b"hello",
        b"\0" + (5).to_bytes(3, "little") + b"\0" + (200_000).to_bytes(3, "little") + b"hello",
        b"\0" + (900_000).to_bytes(3, "little") + b"\1" + (5).to_bytes(3, "little") + b"hello",
        b"\0" + (0).to_bytes(3, "little") + b"\0" + (0).to_bytes(3, "little"),
    ],
)
def test_chunks_that_break_the_format_are_refused(body: bytes) -> None:
    with pytest.raises(ChunkProblem):
        XorbCheck().feed(body)


def _announcing(packed: bytes, size: int) -> bytes:
    return packed[:5] + size.to_bytes(3, "little") + packed[8:]


@pytest.mark.parametrize("length", [4999, 5001])
def test_a_chunk_that_unpacks_to_another_length_is_refused(length: int) -> None:
    with pytest.raises(ChunkProblem):
        list(contents(_announcing(pack(b"a" * 5000), length)))


def test_a_xorb_is_full_by_what_it_holds_not_by_its_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xorbs, "MAX_XORB", 8 * 4096)
    full = [random.Random(n).randbytes(4096) for n in range(8)]
    check = XorbCheck()
    check.feed(made(full))
    assert check.finish().stored == 8 * (4096 + 8)
    over = XorbCheck()
    with pytest.raises(ChunkProblem):
        over.feed(made([*full, b"x"]))
