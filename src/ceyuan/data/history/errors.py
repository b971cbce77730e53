"""What may go wrong with the history of a corpus."""

from __future__ import annotations

from ceyuan.kernel.errors import Invalid, NotFound


class ClassInvalid(Invalid):
    code = "class_invalid"
    title = ("不能按这一类别筛选", "Documents cannot be filtered by this class")


class VersionNotFound(NotFound):
    code = "version_not_found"
    title = ("没有这个版本", "No such version")


class DocumentNotFound(NotFound):
    code = "document_not_found"
    title = ("没有这篇文档", "No such document")
