"""Use cases of discussions. Whoever may read a repository and is known may speak; its members keep order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from ceyuan.hub.discussions.errors import CommentNotFound, DiscussionClosed, DiscussionNotFound
from ceyuan.hub.discussions.tables import HubDiscussion, HubDiscussionEvent
from ceyuan.hub.repositories.access import require_read
from ceyuan.hub.repositories.cards import clean
from ceyuan.hub.repositories.service import named
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.kernel.errors import Forbidden, Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork

TITLE_MIN, TITLE_MAX, TEXT_MAX = 3, 200, 65_536


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of discussions, newest first, and how many match in all."""

    items: Sequence[HubDiscussion]
    total: int


def may_moderate(uow: UnitOfWork, row: HubRepository, discussion: HubDiscussion) -> bool:
    """Whether the actor may change the discussion: its author and members of the repository's owner may."""
    return uow.actor.is_known and (uow.actor.id == discussion.author_id or uow.actor.may(row.org_id, "member"))


def require_speaker(uow: UnitOfWork, row: HubRepository) -> None:
    """Raise unless the actor may speak here."""
    require_read(uow.actor, row)
    uow.actor.require_known()
    uow.actor.require_scope("hub:write")


def _require_hand(uow: UnitOfWork, row: HubRepository, discussion: HubDiscussion) -> None:
    require_speaker(uow, row)
    if not may_moderate(uow, row, discussion):
        raise Forbidden(("只有作者和成员可以修改", "only its author and members may change it"))


async def find(uow: UnitOfWork, row: HubRepository, number: int, *, lock: bool = False) -> HubDiscussion:
    """The discussion of this number; raises `DiscussionNotFound`."""
    require_read(uow.actor, row)
    query = select(HubDiscussion).where(HubDiscussion.repository_id == row.id, HubDiscussion.number == number)
    found: HubDiscussion | None = await uow.session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise DiscussionNotFound()
    return found


async def events_of(uow: UnitOfWork, discussion: HubDiscussion) -> Sequence[HubDiscussionEvent]:
    """What happened, oldest first."""
    rows = await uow.session.scalars(
        select(HubDiscussionEvent)
        .where(HubDiscussionEvent.discussion_id == discussion.id)
        .order_by(HubDiscussionEvent.id)
    )
    return list(rows)


async def list_discussions(
    uow: UnitOfWork,
    row: HubRepository,
    *,
    kind: str = "all",
    status: str = "all",
    author: str | None = None,
    page: int = 0,
    size: int = 20,
) -> Listed:
    """A page of a repository's discussions: `kind` is all, discussion or pull_request; `status` all, open (drafts
    too) or closed (merged too)."""
    require_read(uow.actor, row)

    def narrowed(query: Select[Any]) -> Select[Any]:
        query = query.where(HubDiscussion.repository_id == row.id)
        if kind != "all":
            query = query.where(HubDiscussion.is_pull.is_(kind == "pull_request"))
        if status != "all":
            query = query.where(
                HubDiscussion.status.in_(("open", "draft") if status == "open" else ("closed", "merged"))
            )
        return query if author is None else query.where(func.lower(HubDiscussion.author) == clean(author).lower())

    total = await uow.session.scalar(narrowed(select(func.count()).select_from(HubDiscussion)))
    rows = await uow.session.scalars(
        narrowed(select(HubDiscussion)).order_by(HubDiscussion.number.desc()).offset(page * size).limit(size)
    )
    return Listed(list(rows), int(total or 0))


async def open_discussion(uow: UnitOfWork, row: HubRepository, title: str, text: str) -> HubDiscussion:
    """Begin a discussion."""
    return await begin(uow, row, title, text, is_pull=False)


async def begin(
    uow: UnitOfWork,
    row: HubRepository,
    title: str,
    text: str,
    *,
    is_pull: bool,
    base: str | None = None,
    start: str | None = None,
) -> HubDiscussion:
    """Write a new discussion with its first comment."""
    require_speaker(uow, row)
    # Numbers are given under the repository's lock, so that none is given twice.
    await uow.session.get(HubRepository, row.id, with_for_update=True)
    last = await uow.session.scalar(select(func.max(HubDiscussion.number)).where(HubDiscussion.repository_id == row.id))
    now = uow.clock.now()
    made = HubDiscussion(
        id=new_id("dsc"),
        repository_id=row.id,
        number=int(last or 0) + 1,
        title=_title(title),
        status="draft" if is_pull else "open",
        is_pull=is_pull,
        author_id=uow.actor.id,
        author=uow.actor.label,
        base=base,
        start=start,
        merge_commit=None,
        created_at=now,
        updated_at=now,
    )
    uow.session.add(made)
    await uow.session.flush()
    await add_event(uow, row, made, "comment", _comment(text))
    await uow.audit("hub.discussion_open", made.id, row.org_id, repository=row.id, number=made.number)
    await uow.publish("hub.discussion_opened", **named(row), number=made.number, pull=is_pull, title=made.title)
    return made


def _title(title: str) -> str:
    text = clean(title).strip()
    if not TITLE_MIN <= len(text) <= TITLE_MAX:
        raise Invalid(
            (f"标题须为 {TITLE_MIN}-{TITLE_MAX} 个字符", f"a title has {TITLE_MIN} to {TITLE_MAX} characters")
        )
    return text


def _comment(text: str) -> dict[str, Any]:
    text = clean(text)
    if not text.strip() or len(text) > TEXT_MAX:
        raise Invalid((f"内容须为 1-{TEXT_MAX} 个字符", f"a comment has 1 to {TEXT_MAX} characters"))
    return {"text": text, "edited": False, "hidden": False}


async def add_event(
    uow: UnitOfWork, row: HubRepository, discussion: HubDiscussion, kind: str, data: dict[str, Any]
) -> HubDiscussionEvent:
    """Note that something happened."""
    now = uow.clock.now()
    event = HubDiscussionEvent(
        id=new_id("dev"),
        discussion_id=discussion.id,
        kind=kind,
        author_id=uow.actor.id,
        author=uow.actor.label,
        data=data,
        created_at=now,
    )
    uow.session.add(event)
    discussion.updated_at = now
    await uow.session.flush()
    return event


async def comment(uow: UnitOfWork, row: HubRepository, number: int, text: str) -> HubDiscussionEvent:
    """Say something."""
    require_speaker(uow, row)
    discussion = await find(uow, row, number)
    event = await add_event(uow, row, discussion, "comment", _comment(text))
    await uow.publish("hub.discussion_commented", **named(row), number=number, title=discussion.title)
    return event


async def _own_comment(
    uow: UnitOfWork, row: HubRepository, number: int, comment_id: str, *, moderators: bool
) -> HubDiscussionEvent:
    require_speaker(uow, row)
    discussion = await find(uow, row, number)
    event = await uow.session.get(HubDiscussionEvent, comment_id)
    if event is None or event.discussion_id != discussion.id or event.kind != "comment":
        raise CommentNotFound()
    if event.author_id != uow.actor.id and not (moderators and uow.actor.may(row.org_id, "member")):
        raise Forbidden(("只能修改自己的评论", "only its author may change it"))
    return event


async def edit_comment(
    uow: UnitOfWork, row: HubRepository, number: int, comment_id: str, text: str
) -> HubDiscussionEvent:
    """Say it in other words."""
    event = await _own_comment(uow, row, number, comment_id, moderators=False)
    event.data = {**_comment(text), "edited": True, "hidden": event.data["hidden"]}
    return event


async def hide_comment(uow: UnitOfWork, row: HubRepository, number: int, comment_id: str) -> HubDiscussionEvent:
    """Take a comment out of sight for good: its words are erased."""
    event = await _own_comment(uow, row, number, comment_id, moderators=True)
    event.data = {"text": "", "edited": event.data["edited"], "hidden": True}
    await uow.audit("hub.comment_hide", event.id, row.org_id, number=number)
    return event


async def rename(uow: UnitOfWork, row: HubRepository, number: int, title: str) -> HubDiscussionEvent:
    """Give the discussion another title."""
    discussion = await find(uow, row, number, lock=True)
    _require_hand(uow, row, discussion)
    old, discussion.title = discussion.title, _title(title)
    return await add_event(uow, row, discussion, "title-change", {"from": old, "to": discussion.title})


async def set_status(uow: UnitOfWork, row: HubRepository, number: int, status: str, text: str) -> HubDiscussionEvent:
    """Open or close it; what was merged stays so."""
    discussion = await find(uow, row, number, lock=True)
    _require_hand(uow, row, discussion)
    if status not in ("open", "closed"):
        raise Invalid(("状态须为 open 或 closed", "the status is open or closed"))
    if discussion.status == "merged":
        raise DiscussionClosed(("已合并的请求不能更改状态", "a merged pull request stays merged"))
    if text.strip():
        await add_event(uow, row, discussion, "comment", _comment(text))
    discussion.status = status
    event = await add_event(uow, row, discussion, "status-change", {"status": status})
    await uow.publish("hub.discussion_changed", **named(row), number=number, status=status, title=discussion.title)
    return event
