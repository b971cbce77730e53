"""A folder in memory for what tests write, where the machine has one with room: files by the thousand (a database of
PostgreSQL is one for each table and index) cost little there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_FOLDER = Path("/dev/shm")
_LEAST = 4 << 30


def memory_folder() -> Path | None:
    """The folder, if it is there and has room."""
    if not os.access(_FOLDER, os.W_OK) or shutil.disk_usage(_FOLDER).free < _LEAST:
        return None
    return _FOLDER
