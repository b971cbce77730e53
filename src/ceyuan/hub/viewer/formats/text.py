"""Text of any encoding that is common in China, from the first bytes of a file."""

from __future__ import annotations

import codecs

from ceyuan.data.readers.encoding import detect_encoding


def encoding_of(head: bytes) -> str | None:
    """The codec of a file that begins with `head`, or None where it is no text. An empty file is UTF-8."""
    if not head:
        return "utf-8"
    return detect_encoding(head)


def decode_text(head: bytes, encoding: str, *, whole: bool) -> str:
    """The text of `head`. A character torn at the end is left out unless the file is `whole`; bytes that do not
    fit become U+FFFD, line ends `\\n`."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    return decoder.decode(head, whole).replace("\r\n", "\n").replace("\r", "\n")
