"""Rows of a file known by what they hold instead of by their place in it.

Such a row is the hash of all that it holds; of several that hold the same the second is ``hash~2``, and so on. A row
that is put in or taken out then is one document more or less, wherever it stands, and none of the others changes.
"""

import binascii
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from ceyuan.data.files import canonical_json
from ceyuan.data.readers.documents import Document, Documents, Item

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["by_content"]

_ROWS = 1024
_CHARACTERS = 1 << 20
_DIGEST = 8  # bytes


def by_content(items: Iterable[Item]) -> Iterator[Item]:
    """``items`` of one file, in their order, with the rows (``file#12``) named by what they hold (``file#`` and 16
    hexadecimal digits). What is no row keeps its name, and what could not be read its place.

    Memory: 8 bytes for a row, and up to a thousand rows that wait.
    """
    seen = _Seen()
    waiting: list[Item] = []
    size = 0
    for item in items:
        if isinstance(item, Documents):
            yield from _named(waiting, seen)
            waiting, size = [], 0
            yield _all_named(item, seen)
            continue
        waiting.append(item)
        size += len(item.text) if isinstance(item, Document) else 0
        if len(waiting) >= _ROWS or size >= _CHARACTERS:
            yield from _named(waiting, seen)
            waiting, size = [], 0
    yield from _named(waiting, seen)


def _named(items: Sequence[Item], seen: "_Seen") -> Iterator[Item]:
    rows = [one for one in items if isinstance(one, Document) and one.id.rpartition("#")[2].isdigit()]
    hashes = [
        _hash(one.text, one.title, canonical_json(one.meta).decode() if one.meta else "{}", one.group, one.vector)
        for one in rows
    ]
    turns = seen.turns(_numbers(b"".join(hashes))).tolist()
    names = iter(
        [
            f"{row.id.rpartition('#')[0]}#{one.hex()}{_suffix(turn)}"
            for row, one, turn in zip(rows, hashes, turns, strict=True)
        ]
    )
    left = iter(rows)
    row = next(left, None)
    for item in items:
        if item is row and isinstance(item, Document):
            yield item._replace(id=next(names))
            row = next(left, None)
        else:
            yield item


def _all_named(rows: Documents, seen: "_Seen") -> Documents:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    texts, titles, notes = rows.texts, rows.titles, rows.notes
    sizes = [pc.utf8_length(column).cast(pa.string()) for column in (texts, titles, notes)]
    parts = pc.binary_join_element_wise(sizes[0], ",", sizes[1], ",", sizes[2], ",0,", texts, titles, notes, "")
    found = b"".join([blake2b(one, digest_size=_DIGEST).digest() for one in parts.cast(pa.binary()).to_pylist()])
    ends = np.arange(len(rows) + 1, dtype=np.int32) * 2 * _DIGEST
    words = pa.StringArray.from_buffers(len(rows), pa.py_buffer(ends), pa.py_buffer(binascii.hexlify(found)))
    file = rows.ids[0].as_py().rpartition("#")[0] + "#"
    turns = seen.turns(_numbers(found))
    if (turns > 1).any():
        ids = pc.binary_join_element_wise(file, words, pa.array(map(_suffix, turns.tolist()), pa.string()), "")
    else:
        ids = pc.binary_join_element_wise(file, words, "")
    return Documents(ids, texts, titles, notes, rows.characters)


def _hash(text: str, title: str, notes: str, group: str, vector: bytes) -> bytes:
    """64 bits of all that a row holds. Where two rows share them by chance, the second counts as one that comes again:
    neither is lost."""
    parts = f"{len(text)},{len(title)},{len(notes)},{len(group)},{text}{title}{notes}{group}".encode()
    return blake2b(parts + vector, digest_size=_DIGEST).digest()


def _numbers(hashes: bytes) -> "npt.NDArray[np.uint64]":
    import numpy as np

    return np.frombuffer(hashes, ">u8").astype(np.uint64)


def _suffix(turn: int) -> str:
    return f"~{turn}" if turn > 1 else ""


class _Seen:
    """Which hashes came before, sorted in a few runs of growing size, and how often those that came again."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []
        self._again: dict[int, int] = {}

    def turns(self, hashes: "npt.NDArray[np.uint64]") -> "npt.NDArray[np.int64]":
        """The how-many-eth time each comes, from 1."""
        import numpy as np

        again = np.zeros(len(hashes), np.bool_)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
            again |= run[places] == hashes
        values, first = np.unique(hashes, return_index=True)
        fresh = values[~again[first]]
        later = np.ones(len(hashes), np.bool_)
        later[first] = False
        found = np.ones(len(hashes), np.int64)
        for at in np.flatnonzero(again | later).tolist():
            value = int(hashes[at])
            found[at] = self._again[value] = self._again.get(value, 1) + 1
        if len(fresh):
            self._runs.append(fresh)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.sort(np.concatenate((self._runs[-1], last)))
        return found
