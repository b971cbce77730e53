"""What may go wrong with reviews."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class ReviewNotFound(NotFound):
    code = "review_not_found"
    title = ("没有这次审核", "No such review")


class ReviewNotOpen(Conflict):
    code = "review_not_open"
    title = ("审核不在进行中", "The review is not open")


class ReviewIncomplete(Conflict):
    code = "review_incomplete"
    title = ("还有文档没有定论", "Some documents have no verdict yet")


class VoteRefused(Conflict):
    code = "vote_refused"
    title = ("不能再判定这篇文档", "This document cannot be judged again")


class ReviewInvalid(Invalid):
    code = "review_invalid"
    title = ("审核设置无效", "The review's settings are not valid")
