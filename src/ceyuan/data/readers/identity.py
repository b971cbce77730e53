"""Rows of a file known by what they hold instead of by their place in it.

Such a row is the hash of all that it holds; of several that hold the same the second is ``hash~2``, and so on. A row
that is put in or taken out then is one document more or less, wherever it stands, and none of the others changes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ceyuan.data.files import canonical_json
from ceyuan.data.readers.documents import Document, Documents, Item

if TYPE_CHECKING:
    import numpy as np

__all__ = ["by_content"]

_ROWS = 1024
_CHARACTERS = 1 << 20


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
    names = iter(_names([one.id for one in rows], hashes, seen))
    left = iter(rows)
    row = next(left, None)
    for item in items:
        if item is row and isinstance(item, Document):
            yield item._replace(id=next(names))
            row = next(left, None)
        else:
            yield item


def _all_named(rows: Documents, seen: "_Seen") -> Documents:
    import pyarrow as pa

    columns = (column.to_pylist() for column in (rows.texts, rows.titles, rows.notes))
    hashes = [_hash(text, title, notes) for text, title, notes in zip(*columns, strict=True)]
    ids = pa.array(_names(rows.ids.to_pylist(), hashes, seen), pa.string())
    return Documents(ids, rows.texts, rows.titles, rows.notes, rows.characters)


def _names(ids: Iterable[str], hashes: Sequence[int], seen: "_Seen") -> list[str]:
    turns = seen.turns(hashes)
    return [
        f"{one.rpartition('#')[0]}#{value:016x}" + (f"~{turn}" if turn > 1 else "")
        for one, value, turn in zip(ids, hashes, turns, strict=True)
    ]


def _hash(text: str, title: str, notes: str, group: str = "", vector: bytes = b"") -> int:
    """64 bits of all that a row holds. Where two rows share them by chance, the second counts as one that comes again:
    neither is lost."""
    parts = f"{len(text)},{len(title)},{len(notes)},{len(group)},{text}{title}{notes}{group}".encode()
    return int.from_bytes(hashlib.blake2b(parts + vector, digest_size=8).digest(), "big")


class _Seen:
    """Which hashes came before, sorted in a few runs of growing size, and how often those that came again."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []
        self._again: dict[int, int] = {}

    def turns(self, hashes: Sequence[int]) -> list[int]:
        """The how-many-eth time each comes, from 1."""
        import numpy as np

        wanted = np.array(hashes, np.uint64)
        known = np.zeros(len(wanted), np.bool_)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, wanted), len(run) - 1)
            known |= run[places] == wanted
        fresh: set[int] = set()
        found: list[int] = []
        for value, before in zip(hashes, known.tolist(), strict=True):
            if before or value in fresh:
                self._again[value] = self._again.get(value, 1) + 1
                found.append(self._again[value])
            else:
                fresh.add(value)
                found.append(1)
        if fresh:
            self._runs.append(np.array(sorted(fresh), np.uint64))
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            last = self._runs.pop()
            self._runs[-1] = np.sort(np.concatenate((self._runs[-1], last)))
        return found
