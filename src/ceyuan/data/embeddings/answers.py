"""What a model answered, by the content that it was asked about: on disk before the next question goes out."""

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from ceyuan.data.files import naming_full_disk

__all__ = ["Answers"]

_AT_ONCE = 500


class Answers:
    """Quantised vectors in an SQLite file, by marks of 16 bytes. To be used by one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=60)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS answer (mark BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def keep(self, marks: Sequence[bytes], vectors: npt.NDArray[np.int16]) -> None:
        """Keep some answers, all or none."""
        rows = [(mark, row.astype("<i2").tobytes()) for mark, row in zip(marks, vectors, strict=True)]
        with naming_full_disk(self._path.parent):
            try:
                with self._database:
                    self._database.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?)", rows)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
                raise

    def known(self, marks: Sequence[bytes]) -> Iterator[tuple[int, npt.NDArray[np.int16]]]:
        """(place in ``marks``, vector) of those that were answered."""
        for start in range(0, len(marks), _AT_ONCE):
            places = {mark: start + number for number, mark in enumerate(marks[start : start + _AT_ONCE])}
            asked = ",".join("?" * len(places))
            query = f"SELECT mark, vector FROM answer WHERE mark IN ({asked})"
            for mark, vector in self._database.execute(query, list(places)):
                yield places[mark], np.frombuffer(vector, "<i2")

    def forget_but(self, marks: Sequence[bytes]) -> None:
        """Forget what was answered for any other content."""
        with closing(self._database.cursor()) as cursor:
            cursor.execute("CREATE TEMP TABLE wanted (mark BLOB PRIMARY KEY) WITHOUT ROWID")
            cursor.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", ((mark,) for mark in marks))
            cursor.execute("DELETE FROM answer WHERE mark NOT IN (SELECT mark FROM wanted)")
            cursor.execute("DROP TABLE wanted")
            self._database.commit()
