"""What the content store refuses. Clients of the protocol tell faults apart by the status alone: 400 is final."""

from __future__ import annotations

from ceyuan.hub.chunks import ChunkProblem
from ceyuan.kernel.errors import CeyuanError, Forbidden, NotFound


class XetInvalid(CeyuanError):
    """A xorb, shard or hash that breaks the format or is not what it says."""

    status = 400
    code = "xet_invalid"
    title = ("内容校验失败", "The content failed verification")


class XetNotFound(NotFound):
    """No such chunk or file, or none that this token opens."""

    code = "xet_not_found"
    title = ("内容不存在", "No such content")


class WriteNeeded(Forbidden):
    """The token is for reading."""

    code = "xet_write_needed"
    title = ("该凭证只能读取", "This token is for reading")


class RangeBeyond(CeyuanError):
    """The range begins beyond the file."""

    status = 416
    code = "range_beyond"
    title = ("请求范围超出文件", "The range begins beyond the file")


def explained(problem: ChunkProblem) -> XetInvalid:
    """The error that tells of a problem with bytes."""
    return XetInvalid((problem.zh, problem.en))
