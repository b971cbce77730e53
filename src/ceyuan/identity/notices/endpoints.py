"""Routes of the inbox and of announcements."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.identity.notices import announcements, inbox
from ceyuan.identity.notices.schemas import (
    AnnouncementChange,
    AnnouncementIn,
    AnnouncementOut,
    Marked,
    NoticeCount,
    NoticeOut,
)
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1", tags=["notices"])
_STAFF = problems(Unauthenticated, Forbidden, NotFound, Invalid)


@router.get("/notices", response_model=Page[NoticeOut], responses=problems(Unauthenticated, Invalid))
async def list_notices(
    uow: ReadWork,
    paging: Paging,
    unread: Annotated[bool, Query(description="only unread ones")] = False,
    todo: Annotated[bool, Query(description="only what is still to be done")] = False,
    kind: Annotated[str | None, Query(max_length=60)] = None,
) -> Any:
    """List one's notices, newest first."""
    return (await inbox.list_notices(uow, paging, unread=unread, todo=todo, kind=kind)).page(NoticeOut)


@router.get("/notices/count", response_model=NoticeCount, responses=problems(Unauthenticated))
async def count_notices(uow: ReadWork) -> NoticeCount:
    """Count one's unread notices and open to-dos."""
    unread, todo = await inbox.count_notices(uow)
    return NoticeCount(unread=unread, todo=todo)


@router.post("/notices/read", response_model=Marked, responses=problems(Unauthenticated))
async def read_all_notices(uow: WriteWork) -> Marked:
    """Mark all of one's notices as read."""
    return Marked(marked=await inbox.mark_read(uow, None))


@router.post("/notices/{notice_id}/read", response_model=Marked, responses=problems(Unauthenticated, NotFound))
async def read_notice(notice_id: str, uow: WriteWork) -> Marked:
    """Mark one of one's notices as read."""
    return Marked(marked=await inbox.mark_read(uow, notice_id))


@router.get("/announcements", response_model=Page[AnnouncementOut], responses=problems(Invalid))
async def list_announcements(uow: ReadWork, paging: Paging) -> Any:
    """List the announcements that one should read now; public."""
    return (await announcements.list_announcements(uow, paging)).page(AnnouncementOut)


@router.get("/admin/announcements", response_model=Page[AnnouncementOut], responses=_STAFF)
async def list_all_announcements(uow: ReadWork, paging: Paging) -> Any:
    """List all announcements, past and future (operators)."""
    return (await announcements.list_all_announcements(uow, paging)).page(AnnouncementOut)


@router.post("/admin/announcements", response_model=AnnouncementOut, status_code=201, responses=_STAFF)
async def create_announcement(body: AnnouncementIn, uow: WriteWork) -> Any:
    """Publish an announcement (operators)."""
    return await announcements.create_announcement(uow, body.model_dump())


@router.patch("/admin/announcements/{announcement_id}", response_model=AnnouncementOut, responses=_STAFF)
async def change_announcement(announcement_id: str, body: AnnouncementChange, uow: WriteWork) -> Any:
    """Correct or end an announcement (operators)."""
    sent = body.model_dump(exclude_unset=True)
    changes = {field: value for field, value in sent.items() if value is not None or field == "ends_at"}
    return await announcements.change_announcement(uow, announcement_id, changes)


@router.delete("/admin/announcements/{announcement_id}", status_code=204, responses=_STAFF)
async def delete_announcement(announcement_id: str, uow: WriteWork) -> None:
    """Take an announcement away (operators)."""
    await announcements.delete_announcement(uow, announcement_id)
