"""What gates refuse."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class RequestNotFound(NotFound):
    """Nobody of this name has asked."""

    code = "access_request_not_found"
    title = ("没有该访问申请", "No such access request")


class AlreadySo(Conflict):
    """The request has this status already."""

    code = "access_request_unchanged"
    title = ("申请已是该状态", "The request has this status already")


class NotGated(Invalid):
    """The repository asks nobody to ask."""

    status = 400
    code = "not_gated"
    title = ("该仓库无需申请", "The repository is not gated")
