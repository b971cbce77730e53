"""What may go wrong with sources."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class SourceNotFound(NotFound):
    code = "source_not_found"
    title = ("没有这个来源", "No such source")


class SourceExists(Conflict):
    code = "source_exists"
    title = ("来源名称已被使用", "A source of this name exists")


class SourceInvalid(Invalid):
    code = "source_invalid"
    title = ("来源设置无效", "The source's settings are not valid")


class FolderForbidden(Forbidden):
    code = "folder_forbidden"
    title = ("不允许读取该文件夹", "This folder may not be read")


class SourceRefused(Conflict):
    code = "source_refused"
    title = ("来源有害内容超过 5%", "More than five per cent of the source is harmful")


class NotConfirmed(Invalid):
    code = "not_confirmed"
    title = ("需要确认", "Confirmation required")
