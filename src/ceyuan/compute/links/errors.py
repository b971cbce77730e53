"""What can be wrong with links."""

from __future__ import annotations

from ceyuan.kernel.errors import Invalid, NotFound


class LinkNotFound(NotFound):
    code = "compute_link_not_found"
    title = ("没有这条链路", "No such link")


class LinkHole(Invalid):
    """No way leads from where a task's data lies to any region in which it may run; `missing` names the pairs."""

    code = "compute_link_hole"
    title = ("链路矩阵有缺口", "The matrix of links has a hole")
