"""What may go wrong with files and batches."""

from __future__ import annotations

from ceyuan.kernel.errors import CeyuanError, NotFound


class FileUnknown(NotFound):
    """No such file of the organisation."""

    code = "file_not_found"
    title = ("没有这个文件", "No such file")


class BatchUnknown(NotFound):
    """No such batch of the organisation."""

    code = "batch_not_found"
    title = ("没有这个批处理", "No such batch")


class BatchOver(CeyuanError):
    """The batch has ended, so it cannot be cancelled."""

    status = 409
    code = "batch_finished"
    title = ("批处理已结束", "The batch has ended")


class FileInUse(CeyuanError):
    """A batch that has not ended reads the file."""

    status = 409
    code = "file_in_use"
    title = ("文件正在被批处理使用", "A batch still reads this file")
