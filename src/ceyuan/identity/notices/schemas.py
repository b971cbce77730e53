"""Notices, announcements and webhooks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

Level = Literal["info", "success", "warning", "error"]
Topics = Annotated[list[Annotated[str, Field(max_length=80)]], Field(min_length=1, max_length=30)]
Url = Annotated[str, Field(min_length=8, max_length=500)]
DeliveryState = Literal["waiting", "sent", "failed"]


class NoticeOut(BaseModel):
    """A line of the inbox."""

    id: str
    org_id: str | None
    kind: str
    level: Level
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    link: str
    is_todo: bool
    created_at: datetime
    read_at: datetime | None
    settled_at: datetime | None


class NoticeCount(BaseModel):
    """What waits in the inbox."""

    unread: int
    todo: int


class Marked(BaseModel):
    """How many notices were marked as read."""

    marked: int


class AnnouncementIn(BaseModel, extra="forbid"):
    """An announcement to be published."""

    title_zh: str = Field(min_length=1, max_length=200)
    title_en: str = Field(min_length=1, max_length=200)
    body_zh: str = Field("", max_length=4000)
    body_en: str = Field("", max_length=4000)
    level: Level = "info"
    audience: str = Field(
        "everyone", max_length=60, description="everyone, people, duty:<duty>, kind:<organisation kind> or org:<id>"
    )
    starts_at: AwareDatetime | None = Field(None, description="null = now")
    ends_at: AwareDatetime | None = Field(None, description="null = until it is deleted")


class AnnouncementChange(BaseModel, extra="forbid"):
    """What to change of an announcement."""

    title_zh: str | None = Field(None, min_length=1, max_length=200)
    title_en: str | None = Field(None, min_length=1, max_length=200)
    body_zh: str | None = Field(None, max_length=4000)
    body_en: str | None = Field(None, max_length=4000)
    level: Level | None = None
    audience: str | None = Field(None, max_length=60)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class AnnouncementOut(BaseModel):
    """An announcement."""

    id: str
    title_zh: str
    title_en: str
    body_zh: str
    body_en: str
    level: Level
    audience: str
    starts_at: datetime
    ends_at: datetime | None


class WebhookIn(BaseModel, extra="forbid"):
    """An address to be called."""

    url: Url
    topics: Topics = Field(description="such as *, notice.* or jobs.finished")


class WebhookChange(BaseModel, extra="forbid"):
    """What to change of a webhook."""

    url: Url | None = None
    topics: Topics | None = None
    is_on: bool | None = None


class WebhookOut(BaseModel):
    """A webhook; its signing secret is never shown again."""

    id: str
    org_id: str
    url: str
    topics: list[str]
    is_on: bool
    failures: int = Field(description="failed calls in a row")
    created_at: datetime


class WebhookMade(BaseModel):
    """A new webhook with its signing secret (Standard Webhooks), which is shown this once."""

    webhook: WebhookOut
    secret: str


class DeliveryOut(BaseModel):
    """A call of a webhook, or a mail."""

    id: str
    topic: str
    payload: dict[str, Any]
    state: DeliveryState
    attempts: int
    next_at: datetime
    last_error: str | None
    created_at: datetime
    done_at: datetime | None
