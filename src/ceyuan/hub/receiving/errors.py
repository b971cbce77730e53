"""Why a push, or one of its branches and tags, was not taken."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid


class PushRefused(Invalid):
    """What git sent cannot be taken: a broken pack, a path, a file or an object that the hub does not hold."""

    code = "push_refused"
    title = ("推送被拒绝", "The push was refused")


class RefRefused(Conflict):
    """A branch or tag that stays as it is; the message begins with git's own word for it."""

    code = "ref_refused"
    title = ("引用未更新", "The reference was not updated")
