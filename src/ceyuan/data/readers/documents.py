"""What a reader yields: documents and rejections, and the limits it keeps to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

import orjson

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Columns",
    "Document",
    "Documents",
    "Identity",
    "Item",
    "Limits",
    "Media",
    "MediaKind",
    "Observer",
    "ReadOptions",
    "Rejection",
    "clean_text",
]

MediaKind = Literal["image", "audio", "video"]
Identity = Literal["place", "content"]
_NO_NOTES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Media:
    """A file that holds an image, sound or moving pictures: its kind, its format by its first bytes, where it lies
    while it is being read, and its size in bytes."""

    kind: MediaKind
    format: str
    path: Path
    bytes: int


class Document(NamedTuple):  # millions are made, and a frozen dataclass takes five times as long
    """One text with what is known of it.

    ``group`` ties documents that must not be torn apart by a train / held-out split (articles of one law,
    parts of one file). ``rank`` says which of several near-duplicates survives: the lower one. ``domain``
    names the profile of thresholds; empty means the source's own. ``media`` is the file of a document that is no
    text, ``vector`` the one that its source brings for it (numbers of 32 bits).
    """

    id: str
    text: str
    title: str = ""
    group: str = ""
    domain: str = ""
    rank: int = 0
    meta: Mapping[str, str] = _NO_NOTES
    media: Media | None = None
    vector: bytes = b""


@dataclass(frozen=True, slots=True)
class Documents:
    """Many documents of one file side by side, for readers that make them fast: columns of ``ids``, ``texts``,
    ``titles`` and ``notes`` (a canonical JSON object each); they have neither group nor rank nor domain of their
    own. ``characters`` are those of all texts."""

    ids: "pa.StringArray"
    texts: "pa.StringArray"
    titles: "pa.StringArray"
    notes: "pa.StringArray"
    characters: int

    def __len__(self) -> int:
        return len(self.ids)

    def each(self) -> Iterator[Document]:
        """The documents one by one."""
        columns = (column.to_pylist() for column in (self.ids, self.texts, self.titles, self.notes))
        for name, text, title, notes in zip(*columns, strict=True):
            yield Document(name, text, title, meta=orjson.loads(notes))


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file or record that could not be read: where, a stable reason code, and a detail for people."""

    where: str
    reason: str
    detail: str = ""


Item = Document | Documents | Rejection
"""What reading a file gives, one after the other."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that keep a reader's memory small, in bytes of the file.

    ``line``: a longer line is skipped and reported. ``document``: a longer text file is cut into parts at
    line ends. ``whole_file``: formats that must be parsed whole (JSON, HTML) are refused above it.
    ``unpacked``: what may come out of one packed file; ``ratio``: and how many times its packed size;
    ``members``: files in an archive; ``depth``: archives within archives; ``media``: an image, audio or video file.
    """

    line: int = 8 << 20
    document: int = 4 << 20
    whole_file: int = 64 << 20
    unpacked: int = 2 << 30
    ratio: int = 250
    members: int = 100_000
    depth: int = 3
    media: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of records hold what; each under several names, since files of one source differ.

    ``text``: those that a record has are joined in this order. Of the others the first that is filled counts.
    ``time`` is brought to ISO 8601, ``group`` ties documents that must not be torn apart. ``others``: whether the
    remaining columns are kept as notes. ``keyed``: a record is known by its ``id`` within its file instead of by its
    place there, so that one that only moves is the same document; of several with one id the last counts.
    """

    text: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    id: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    others: bool = True
    keyed: bool = False


Observer = Callable[[str, Mapping[str, object]], None]
"""Is told where a record lies, and what it holds."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a source: names of fields where they are not the usual ones, the limits, and whether images, audio
    and video are read too (as documents without text). ``columns`` maps records onto documents instead of the usual
    names; with an ``observer`` records are shown to it and become documents without text. ``vector_field``: the field
    with an embedding of the text, where records bring one. ``identity``: whether records are known by their ``place``
    in the file or by their ``content``; those with an id of their own (``columns.keyed``) by that."""

    text_field: str = ""
    title_field: str = ""
    id_field: str = ""
    limits: Limits = Limits()
    media: bool = False
    columns: Columns | None = None
    observer: Observer | None = None
    vector_field: str = ""
    identity: Identity = "place"


def clean_text(text: str) -> str:
    """``text`` without lone surrogates, which no UTF-8 file can hold; each becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
