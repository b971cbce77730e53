"""How far the reading of a source is, told now and then."""

import time
from collections.abc import Callable, Mapping
from itertools import accumulate

__all__ = ["Reading", "Tell", "file_of"]

Tell = Callable[[float, str, str], None]
"""Hears the share that is done and words in both languages."""

_EVERY_S = 2.0
_BYTES = 3  # of a Chinese character in UTF-8
_NEARLY = 0.99


class Reading:
    """Calls ``tell`` every two seconds with the share that is read of the ``files`` of a source (size in bytes and time
    by name, in the order of reading; empty where they are not known beforehand) and words in both languages."""

    def __init__(
        self,
        files: Mapping[str, tuple[int, int]],
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files, self._tell, self._clock = files, tell, clock
        self._next = clock() + _EVERY_S
        self._places: dict[str, tuple[int, int]] = {}  # number and end, in bytes, of each file; when first told
        self._total = 0

    def at(self, where: str, documents: int, characters: int) -> None:
        """So much was read of all; the last of it stood at ``where``."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _EVERY_S
        if self._files and not self._places:
            ends = list(accumulate(size for size, _ in self._files.values()))
            self._places = {name: (at, end) for at, (name, end) in enumerate(zip(self._files, ends, strict=True), 1)}
            self._total = max(ends[-1], 1)
        file = file_of(where, self._files)
        if file not in self._places:
            self._tell(0.0, f"已读 {documents:,} 篇", f"{documents:,} documents")
            return
        number, end = self._places[file]
        size = self._files[file][0]
        # How far it is within the file shows by the text that came out of it; more than the file has it cannot be.
        read = min(max(characters * _BYTES, end - size), end - size + size * _NEARLY)
        of = f"{number:,}/{len(self._places):,}"
        self._tell(
            read / self._total,
            f"已读 {documents:,} 篇（第 {of} 个文件）",
            f"{documents:,} documents (file {of})",
        )


def file_of(where: str, files: Mapping[str, object]) -> str:
    """The file that a document or a rejection is of; empty where it is of none."""
    while where and where not in files:
        where = where[: max(where.rfind("#"), where.rfind("/"), 0)]
    return where
