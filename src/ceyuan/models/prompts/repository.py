"""All SQL of prompt templates."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.models.prompts.errors import PromptUnknown
from ceyuan.models.prompts.tables import PromptTemplate, PromptVersion


async def get(session: AsyncSession, template_id: str, *, lock: bool = False) -> PromptTemplate:
    """The template; raises `PromptUnknown`."""
    row = await session.get(PromptTemplate, template_id, with_for_update=lock or None)
    if row is None:
        raise PromptUnknown()
    return row


async def by_name(session: AsyncSession, org_id: str, name: str) -> PromptTemplate | None:
    query = select(PromptTemplate).where(PromptTemplate.org_id == org_id, PromptTemplate.name == name)
    found: PromptTemplate | None = await session.scalar(query)
    return found


async def version(session: AsyncSession, template_id: str, number: int) -> PromptVersion:
    """One version; raises `PromptUnknown`."""
    row = await session.get(PromptVersion, (template_id, number))
    if row is None:
        raise PromptUnknown((f"没有第 {number} 版", f"there is no version {number}"))
    return row


async def versions(session: AsyncSession, template_id: str) -> Sequence[PromptVersion]:
    """All versions, the newest first."""
    query = select(PromptVersion).where(PromptVersion.template_id == template_id)
    return list(await session.scalars(query.order_by(PromptVersion.number.desc())))


def of_organisations(org_ids: Sequence[str], text: str | None, archived: bool) -> Select[PromptTemplate]:
    """The templates of organisations, those that are archived or those that are not."""
    query = select(PromptTemplate).where(PromptTemplate.org_id.in_(org_ids), PromptTemplate.archived == archived)
    if text:
        wanted = PromptTemplate.name.contains(text, autoescape=True) | PromptTemplate.title.contains(
            text, autoescape=True
        )
        query = query.where(wanted)
    return query
