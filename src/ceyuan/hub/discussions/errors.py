"""What discussions refuse."""

from __future__ import annotations

from ceyuan.kernel.errors import Conflict, Invalid, NotFound


class DiscussionNotFound(NotFound):
    """The repository has no discussion of this number."""

    code = "discussion_not_found"
    title = ("讨论不存在", "No such discussion")


class CommentNotFound(NotFound):
    """The discussion has no such comment."""

    code = "comment_not_found"
    title = ("评论不存在", "No such comment")


class DiscussionClosed(Conflict):
    """The pull request was merged, or is not one."""

    code = "discussion_closed"
    title = ("状态不允许此操作", "The state does not allow it")


class MergeConflict(Conflict):
    """Both sides changed the same files; `files` names them."""

    code = "merge_conflict"
    title = ("存在冲突", "There are conflicts")


class Unrelated(Invalid):
    """Two revisions without common history."""

    code = "unrelated_histories"
    title = ("历史无关", "The histories are unrelated")
