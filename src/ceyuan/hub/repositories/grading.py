"""What the grade of data forbids: who may see graded data, and that nothing made of it is graded lower."""

from __future__ import annotations

from ceyuan.hub.errors import GradeForbids
from ceyuan.hub.repositories.access import Visibility
from ceyuan.hub.repositories.cards import GRADES, labels_of
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.work import UnitOfWork

_OPENNESS: tuple[str, ...] = ("private", "internal", "public")
_WIDEST: dict[str, Visibility] = {"internal": "internal", "important": "private", "core": "private"}
_NAMES = {"internal": ("内部", "internal"), "important": ("重要", "important"), "core": ("核心", "core")}

_SEEN_BY = {
    "internal": ("登录可见", "everybody who signed in"),
    "private": ("仅组织成员可见", "the organisation's members"),
}


def grade_of(row: HubRepository) -> str:
    """The grade of a repository's data, the stricter of what its card and its settings say; empty where none is."""
    return next(iter(labels_of(row.declared, row.card).grade), "")


def stricter(one: str, other: str) -> str:
    """The one of two grades that protects more; an empty one protects nothing."""
    return max(one, other, key=lambda grade: GRADES.index(grade) if grade else -1)


def _is_too_open(grade: str, visibility: str) -> bool:
    return _OPENNESS.index(visibility) > _OPENNESS.index(_WIDEST.get(grade, "public"))


def require_fitting(row: HubRepository) -> None:
    """Raise `GradeForbids` where more people may see the repository than its grade allows."""
    require_grade_allows(grade_of(row), row.visibility)


def require_grade_allows(grade: str, visibility: str) -> None:
    """Raise `GradeForbids` where more people would see data of this grade than it allows."""
    if not _is_too_open(grade, visibility):
        return
    zh, en = _NAMES[grade]
    widest = _SEEN_BY[_WIDEST[grade]]
    raise GradeForbids(
        (f"{zh}数据至多{widest[0]}", f"data graded {en} is for {widest[1]} at most"),
        hint=(
            "请先收窄可见范围，或由维护者重新定级",
            "narrow who may see it first, or have a maintainer grade it anew",
        ),
    )


async def narrow(uow: UnitOfWork, row: HubRepository) -> None:
    """Close a repository as far as its grade demands: of a card nobody asks leave before it is read."""
    if _is_too_open(grade_of(row), row.visibility):
        widest = _WIDEST[grade_of(row)]
        await uow.audit("hub.visibility_change", row.id, row.org_id, old=row.visibility, new=widest, why="grade")
        row.visibility = widest


async def raise_grade(uow: UnitOfWork, row: HubRepository, grade: str) -> bool:
    """Grade a repository as strictly as what it is made of; it is never graded lower so. Whether that changed it."""
    before = grade_of(row)
    if not grade or stricter(before, grade) == before:
        return False
    row.declared = {**row.declared, "grade": [grade]}
    await uow.audit("hub.grade_change", row.id, row.org_id, old=before, new=grade, why="lineage")
    return True
