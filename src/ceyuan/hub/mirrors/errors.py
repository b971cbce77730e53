"""What can go wrong between two hubs."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, NotFound, Unavailable


class MirrorNotFound(NotFound):
    """No such mirror, or none that this actor may know of."""

    code = "mirror_not_found"
    title = ("镜像不存在", "No such mirror")


class MirrorBusy(Conflict):
    """The mirror's last run has not ended."""

    code = "mirror_busy"
    title = ("镜像正在同步", "The mirror is running")


class NotOfMirror(Conflict):
    """A repository of this name is here already and did not come by this mirror."""

    code = "not_of_mirror"
    title = ("同名仓库已存在", "A repository of this name exists")


class UpstreamFault(Unavailable):
    """The other hub cannot be reached, refuses, or sends what does not fit."""

    code = "upstream_fault"
    title = ("上游出错", "The other hub failed")
