"""Writes the files of an export into one ZIP archive, in bounded memory."""

from __future__ import annotations

import asyncio
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

from ceyuan.identity.privacy.hooks import ExportFile

_EPOCH = (2026, 1, 1, 0, 0, 0)


def safe_path(path: str) -> str:
    """A path that stays within the archive whatever a room or a user called the file."""
    parts = [re.sub(r"[\x00-\x1f\\:*?\"<>|]", "_", part) for part in path.split("/")]
    return "/".join(part for part in parts if part not in ("", ".", "..")) or "file"


async def write_archive(path: Path, files: AsyncIterator[tuple[str, ExportFile]]) -> int:
    """Write `(folder, file)` pairs to a ZIP at `path`; returns how many files it holds.

    Times in the archive are constant, so that the same data gives the same bytes.
    """
    count, seen = 0, set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        async for folder, file in files:
            name = safe_path(f"{folder}/{file.path}")
            while name in seen:
                name = f"{name}~"
            seen.add(name)
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as target:
                if isinstance(file.content, bytes):
                    await asyncio.to_thread(target.write, file.content)
                else:
                    async for chunk in file.content:
                        await asyncio.to_thread(target.write, chunk)
            count += 1
    return count
