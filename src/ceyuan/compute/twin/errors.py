"""What can be wrong with a study."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class StudyNotFound(NotFound):
    code = "twin_study_not_found"
    title = ("没有这项孪生研究", "No such twin study")


class StudyInvalid(Invalid):
    """A scenario names what the capacity does not have, or there is nothing to replay."""

    code = "twin_study_invalid"
    title = ("孪生研究有误", "The twin study cannot be run")


class TraceInvalid(Invalid):
    """A trace cannot be read."""

    code = "twin_trace_invalid"
    title = ("任务轨迹有误", "The trace cannot be read")


class StudyOpen(Conflict):
    """It is still being replayed."""

    code = "twin_study_open"
    title = ("孪生研究尚未完成", "The twin study has not ended")
