from __future__ import annotations

import hashlib
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.hub.git import Limits, ObjectProblem, Pack, PackProblem, PackWriter, commit_of, tree_entries
from ceyuan.hub.git.deltas import apply


def pack_of(*entries: bytes, count: int | None = None) -> bytes:
    """A pack of entries that are encoded already."""
    body = b"PACK" + (2).to_bytes(4, "big") + (len(entries) if count is None else count).to_bytes(4, "big")
    body += b"".join(entries)
    return body + hashlib.sha1(body).digest()


def head(number: int, size: int) -> bytes:
    out = bytearray([(number << 4) | (size & 15)])
    size >>= 4
    while size:
        out[-1] |= 0x80
        out.append(size & 0x7F)
        size >>= 7
    return bytes(out)


def blob(data: bytes) -> bytes:
    return head(3, len(data)) + zlib.compress(data)


def length(size: int) -> bytes:
    out = bytearray()
    while True:
        out.append((size & 0x7F) | (0x80 if size > 0x7F else 0))
        size >>= 7
        if not size:
            return bytes(out)


def delta(base: bytes, new: bytes, oid: str | None = None) -> bytes:
    """An entry that copies the first half of `base` and adds `new`, on a base by its id."""
    half = len(base) // 2
    told = length(len(base)) + length(half + len(new))
    told += b"\xb0" + half.to_bytes(2, "little") + bytes([len(new)]) + new
    target = oid or oid_of(base)
    return head(7, len(told)) + bytes.fromhex(target) + zlib.compress(told)


def oid_of(data: bytes, kind: str = "blob") -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


def read(data: bytes, **limits: int) -> Pack:
    pack = Pack(memoryview(data), Limits(**limits))
    pack.read()
    return pack


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=8))
def test_what_was_packed_is_read_again(bodies: list[bytes]) -> None:
    writer = PackWriter(len(bodies))
    pack = read(writer.head() + b"".join(writer.entry("blob", body) for body in bodies) + writer.tail())
    assert {oid: pack.content(found) for oid, found in pack.blobs.items()} == {oid_of(b): b for b in bodies}
    assert all(found.sha256 == hashlib.sha256(pack.content(found)).hexdigest() for found in pack.blobs.values())


def test_deltas_are_followed_wherever_their_base_is() -> None:
    base = bytes(range(256)) * 8
    second = base[: len(base) // 2] + b"second"
    third = second[: len(second) // 2] + b"third"
    pack = read(pack_of(delta(second, b"third"), delta(base, b"second"), blob(base)))
    assert {pack.content(found) for found in pack.blobs.values()} == {base, second, third}


def test_a_pointer_is_known_in_its_one_form() -> None:
    form = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 5000\n" % (b"ab" * 32)
    pack = read(pack_of(blob(form), blob(form + b"\n"), blob(form.replace(b"5000", b"05000"))))
    assert [found.pointer for found in pack.blobs.values()] == [("ab" * 32, 5000), None, None]


def test_a_file_over_the_limit_is_hashed_and_not_kept() -> None:
    data = b"x" * 5000
    (found,) = read(pack_of(blob(data)), blob=4000).blobs.items()
    assert found[0] == oid_of(data)
    assert found[1].sha256 is None


GOOD = blob(b"hello" * 50)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "cut short"),
        (b"PACK" + b"\0" * 40, "cut short"),
        (pack_of(GOOD)[:-30] + b"\0" * 30, "checksum"),
        (pack_of(GOOD, count=2), "damaged"),
        (pack_of(GOOD, GOOD, count=1), "damaged"),
        (pack_of(head(3, 100) + zlib.compress(b"x" * 99)), "damaged"),
        (pack_of(head(3, 98) + zlib.compress(b"x" * 99)), "damaged"),
        (pack_of(head(5, 9) + zlib.compress(b"x" * 9)), "damaged"),
        (pack_of(head(3, 10) + b"not deflated"), "damaged"),
        (pack_of(b"\xff" * 12), "damaged"),
        (pack_of(delta(b"nobody has this", b"new")), "thin pack"),
        (pack_of(GOOD, head(6, 3) + b"\x7f" + zlib.compress(b"abc")), "damaged"),
        (pack_of(blob(b"base" * 9), delta(b"longer base" * 9, b"x", oid_of(b"base" * 9))), "delta"),
    ],
)
def test_a_broken_pack_is_refused_by_name(data: bytes, words: str) -> None:
    with pytest.raises(PackProblem, match=words):
        read(data)


def test_small_packs_that_unfold_to_much_are_refused() -> None:
    bomb = zlib.compress(b"\0" * 3_000_000)
    with pytest.raises(PackProblem, match="more than is taken"):
        read(pack_of(head(2, 3_000_000) + bomb), other=1_000_000, blob=1000)
    with pytest.raises(PackProblem, match="more than is taken"):
        read(pack_of(*[blob(bytes([n]) * 90_000) for n in range(5)]), total=400_000)
    with pytest.raises(PackProblem, match="at most"):
        read(pack_of(GOOD, GOOD), objects=1)


@settings(deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=40))
def test_no_bytes_make_a_delta_do_harm(base: bytes, told: bytes) -> None:
    try:
        apply(base, told)
    except PackProblem:
        pass


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_a_pack_do_harm(data: bytes) -> None:
    try:
        read(pack_of(data))
    except PackProblem:
        pass


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"tree abc\n\nx",
        b"tree " + b"a" * 40 + b"\n\nno author",
        b"tree " + b"a" * 40 + b"\nauthor A <a> 99999999999999999 +0000\ncommitter A <a> 1 +0000\n\nx",
    ],
)
def test_a_commit_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ObjectProblem):
        commit_of(body)


def test_a_commit_is_read_with_signature_and_odd_names() -> None:
    person = "李 明 <li@example.com> 1700000000 +0800"
    body = f"tree {'a' * 40}\nparent {'b' * 40}\nauthor {person}\ncommitter {person}\n"
    found = commit_of(f"{body}gpgsig -----\n abc\n\nTitle\n\nText\n".encode())
    assert (found.author, found.parents, found.message) == ("李 明", ("b" * 40,), "Title\n\nText\n")
    assert found.at.timestamp() == 1_700_000_000


@pytest.mark.parametrize("body", [b"100644 a", b"100644 a\0short", b"100644 \xff\xfe\0" + b"x" * 20, b"nothing"])
def test_a_broken_tree_is_refused(body: bytes) -> None:
    with pytest.raises(ObjectProblem):
        list(tree_entries(body))
