"""What the hub refuses, each with one clear message."""

from __future__ import annotations

from ceyuan.hub.trees import CaseCollision, PathMissing, PathRefused, PathTaken, TreeProblem
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, QuotaExceeded, TooLarge


class RepositoryNotFound(NotFound):
    """No such repository, or none that this actor may know of."""

    code = "repository_not_found"
    title = ("仓库不存在", "Repository not found")


class GradeForbids(Conflict):
    """Data of this grade may not be seen by so many."""

    code = "grade_forbids"
    title = ("数据级别不允许", "The grade of the data forbids it")


class RevisionNotFound(NotFound):
    """The repository has no such branch, tag or commit."""

    code = "revision_not_found"
    title = ("版本不存在", "Revision not found")


class EntryNotFound(NotFound):
    """The revision has nothing at this path."""

    code = "entry_not_found"
    title = ("文件不存在", "File not found")


class NodeNotFound(NotFound):
    """The lineage graph has no such node, or none that this actor may know of."""

    code = "lineage_node_not_found"
    title = ("谱系中没有该节点", "No such node in the lineage")


class OwnerNotFound(NotFound):
    """No organisation or person of this name."""

    code = "owner_not_found"
    title = ("所有者不存在", "Owner not found")


class RepositoryExists(Conflict):
    """The owner has a repository of this kind and name."""

    code = "repository_exists"
    title = ("仓库已存在", "The repository exists")


class ReferenceAmbiguous(Conflict):
    """Repositories of several kinds bear this name; the reference must say which."""

    code = "reference_ambiguous"
    title = ("引用不明确", "Ambiguous reference")


class ParentMoved(Conflict):
    """The branch is no longer at the commit that the change was made for; `head` is where it is."""

    code = "parent_moved"
    title = ("分支已有新提交", "The branch has moved on")


class BranchExists(Conflict):
    """A branch or tag of this name exists."""

    code = "branch_exists"
    title = ("分支或标签已存在", "The branch or tag exists")


class BranchKept(Conflict):
    """The default branch cannot be removed."""

    code = "branch_kept"
    title = ("默认分支不能删除", "The default branch stays")


class BranchProtected(Forbidden):
    """The branch is protected: who is no maintainer cannot move it, and nobody rewrites or removes it."""

    code = "branch_protected"
    title = ("分支受保护", "The branch is protected")


class StillReferenced(Conflict):
    """Files that were to be erased are part of revisions; `commits` names some."""

    code = "still_referenced"
    title = ("文件仍被引用", "The files are still part of revisions")


class RestoreTooLate(Conflict):
    """The repository cannot be restored (any more)."""

    code = "restore_impossible"
    title = ("无法恢复", "It cannot be restored")


class NameRefused(Invalid):
    """A name that repositories, branches or tags cannot bear."""

    code = "name_refused"
    title = ("名称无效", "The name is not valid")


class UploadMissing(Invalid):
    """A commit names content that was not uploaded to this repository."""

    code = "upload_missing"
    title = ("缺少已上传的内容", "The content was not uploaded")


class FileTooLarge(TooLarge):
    """More bytes than the hub takes in one file, or than this view can show."""

    code = "file_too_large"
    title = ("文件过大", "The file is too large")


class QuotaFull(QuotaExceeded):
    """The organisation keeps as much as it may; clients must not try again."""

    status = 413
    code = "storage_quota_full"
    title = ("存储配额已满", "The storage quota is full")


class GatedRepository(Forbidden):
    """The files are for those whose request was granted."""

    code = "gated_repository"
    title = ("需要申请访问", "Access must be granted first")


class NotViewable(Invalid):
    """A file that the viewer cannot show as asked; `reason` in the message."""

    code = "not_viewable"
    title = ("无法预览", "No preview")


class PathInvalid(Invalid):
    """A path that not every file system and client can hold safely."""

    code = PathRefused.code
    title = ("路径无效", "The path is not valid")


class PathAbsent(NotFound):
    """A change of something that is not there."""

    code = PathMissing.code
    title = ("路径不存在", "Nothing at this path")


class PathOccupied(Conflict):
    """A file where a folder is needed, or the other way round."""

    code = PathTaken.code
    title = ("路径已被占用", "The path is taken")


class NamesCollide(Conflict):
    """Two names in a folder that differ only in case or normalisation."""

    code = CaseCollision.code
    title = ("名称仅大小写不同", "Names differ only in case")


_OF_TREES: dict[str, type[PathInvalid | PathAbsent | PathOccupied | NamesCollide]] = {
    error.code: error for error in (PathInvalid, PathAbsent, PathOccupied, NamesCollide)
}


def explain(problem: TreeProblem) -> PathInvalid | PathAbsent | PathOccupied | NamesCollide:
    """The error that tells people of a problem with a tree."""
    return _OF_TREES[problem.code]((problem.zh, problem.en), path=problem.path)
