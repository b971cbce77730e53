"""What changed between two revisions: files with their sizes, and lines of small text files."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.hub.browsing.service import View
from ceyuan.hub.errors import EntryNotFound, explain
from ceyuan.hub.trees import Change, File, TreeProblem, compare, find
from ceyuan.kernel.work import UnitOfWork

MAX_CHANGES = 1000
MAX_TEXT = 256 * 1024
MAX_LINES = 4000


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes from one revision to another: the first of them, and counts and bytes over all."""

    changes: Sequence[Change]
    added: int
    removed: int
    changed: int
    added_bytes: int
    removed_bytes: int


async def difference(old: View, new: View, *, limit: int = MAX_CHANGES) -> Difference:
    """What leads from `old` to `new` (two revisions of one repository); at most `limit` changes are listed."""
    listed: list[Change] = []
    counts = {"added": 0, "removed": 0, "changed": 0}
    gained = lost = 0
    async for change in compare(new.trees, old.root, new.root):
        counts[change.status] += 1
        gained += change.new.size if change.new else 0
        lost += change.old.size if change.old else 0
        if len(listed) < limit:
            listed.append(change)
    return Difference(listed, counts["added"], counts["removed"], counts["changed"], gained, lost)


async def text_difference(uow: UnitOfWork, old: View, new: View, path: str) -> str | None:
    """The unified diff of a file, or None if it is too large, too long or no UTF-8 text on either side.

    Raises `EntryNotFound` if neither revision has the file.
    """
    try:
        before, after = await find(old.trees, old.root, path), await find(new.trees, new.root, path)
    except TreeProblem as problem:
        raise explain(problem) from problem
    if not isinstance(before, File) and not isinstance(after, File):
        raise EntryNotFound((f"两个版本中都没有文件“{path}”", f"neither revision has a file “{path}”"))
    sides = [await _lines(uow, entry if isinstance(entry, File) else None) for entry in (before, after)]
    if sides[0] is None or sides[1] is None:
        return None
    return await asyncio.to_thread(_unified, sides[0], sides[1], path)


async def _lines(uow: UnitOfWork, file: File | None) -> list[str] | None:
    if file is None:
        return []
    if file.size > MAX_TEXT:
        return None
    try:
        lines = (await uow.platform.blobs.read(file.sha256)).decode("utf-8").splitlines(keepends=True)
    except UnicodeDecodeError:
        return None
    return lines if len(lines) <= MAX_LINES and not any("\0" in line for line in lines) else None


def _unified(old: list[str], new: list[str], path: str) -> str:
    rows = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)
