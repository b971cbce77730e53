"""What may go wrong with the history of a corpus."""

from __future__ import annotations

from ceyuan.kernel.errors import NotFound


class VersionNotFound(NotFound):
    code = "version_not_found"
    title = ("没有这个版本", "No such version")


class DocumentNotFound(NotFound):
    code = "document_not_found"
    title = ("没有这篇文档", "No such document")
