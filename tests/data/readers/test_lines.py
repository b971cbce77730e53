"""Lines of a file are what each is by itself, however many are decoded at once."""

import codecs
import io
import random
from pathlib import Path

import pytest

from ceyuan.data.readers import Document, ReadOptions, read_path
from ceyuan.data.readers.documents import Limits
from ceyuan.data.readers.lines import Line, decoded_line, decoded_lines

_SOUND = ("天地玄黄".encode(), b"abc", b"\n", b"\r\n", "é\u2028".encode())
_ODD = (b"\r", b"\0", b"\xff\xfe", "宇宙".encode("gb18030"), codecs.BOM_UTF8, b"\xed\xa0\x80", b"x" * 90)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("seed", range(3))
def test_lines_decoded_together_are_those_decoded_alone(encoding: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(300):
        pieces = chance.choices(_SOUND, k=chance.randrange(12)) + chance.choices(_ODD, k=chance.randrange(3))
        chance.shuffle(pieces)
        data = b"".join(pieces)
        whole = data.split(b"\n")
        expected = []
        for number, line in enumerate(whole if whole[-1] else whole[:-1], 1):
            if len(line) > 80:
                expected.append(Line(number, "", "line_too_long"))
                continue
            if number == 1 and encoding == "utf-8-sig":
                line = line.removeprefix(codecs.BOM_UTF8)
            expected.append(decoded_line(number, line.removesuffix(b"\r"), encoding.removesuffix("-sig")))
        assert list(decoded_lines(io.BytesIO(data), encoding, 80)) == expected


@pytest.mark.parametrize("most", [90, 200, 1000])
def test_a_long_text_is_cut_where_the_next_line_would_be_too_much(tmp_path: Path, most: int) -> None:
    chance = random.Random(most)
    lines = ["字" * chance.randrange(1, 40) for _ in range(60)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    parts = [one for one in read_path(tmp_path, ReadOptions(limits=Limits(document=most))) if isinstance(one, Document)]
    assert "\n".join(part.text for part in parts) == "\n".join(lines)
    ends = [part.text.split("\n") for part in parts]
    for part, following in zip(ends, [*ends[1:], None], strict=True):
        assert len(part) == 1 or sum(len(line) * 3 for line in part) + len(part) - 1 <= most
        if following is not None:
            assert sum(len(line) * 3 + 1 for line in part) + len(following[0]) * 3 > most


def test_the_heading_is_looked_for_behind_the_notes_of_a_markdown_file(tmp_path: Path) -> None:
    for name, text in (
        ("a", "---\nx: 1\n---\n# 标题\n正文"),
        ("b", "---\n# 标题\n正文"),
        ("c", "# 标题\n---\n正文\n---\n"),
    ):
        (tmp_path / f"{name}.md").write_text(text)
    titles = [one.title for one in read_path(tmp_path) if isinstance(one, Document)]
    assert titles == ["标题", "---", "标题"]
