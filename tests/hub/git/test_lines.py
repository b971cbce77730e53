from __future__ import annotations

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceyuan.hub.git import FLUSH, LineProblem, PackWriter, line, lines_of


@given(st.lists(st.one_of(st.none(), st.binary(min_size=1, max_size=200).filter(lambda d: not d.endswith(b"\n")))))
def test_lines_are_read_as_they_were_written(parts: list[bytes | None]) -> None:
    written = b"".join(FLUSH if part is None else line(part) for part in parts)
    assert list(lines_of(written)) == parts


@pytest.mark.parametrize("data", [b"zzzz", b"0003", b"0009done", b"fffffoo", b"00"])
def test_what_is_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(LineProblem):
        list(lines_of(data))


@given(st.binary(max_size=5000))
def test_an_object_in_a_pack_says_its_kind_and_size(body: bytes) -> None:
    writer = PackWriter(1)
    pack = writer.head() + writer.entry("blob", body)
    assert writer.tail() == hashlib.sha1(pack).digest()
    size, shift, at = pack[12] & 15, 4, 12
    assert (pack[12] >> 4) & 7 == 3
    while pack[at] & 0x80:
        at += 1
        size |= (pack[at] & 0x7F) << shift
        shift += 7
    assert (size, zlib.decompress(pack[at + 1 :])) == (len(body), body)
