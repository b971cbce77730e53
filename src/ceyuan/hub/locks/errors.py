"""Why a path was not locked or unlocked."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, NotFound


class LockTaken(Conflict):
    """Somebody has locked the path."""

    code = "lock_taken"
    title = ("文件已被锁定", "The file is locked")


class LockNotFound(NotFound):
    """There is no such lock in this repository."""

    code = "lock_not_found"
    title = ("没有此锁", "There is no such lock")
