"""Whether the machine's clock lies behind what the platform has written already."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from ceyuan.kernel.audit.tables import AuditEntry
from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import Text

TOLERATED = timedelta(minutes=5)


async def lag(database: Database, now: datetime) -> timedelta | None:
    """How far `now` lies behind the newest entry of the audit log; None where that is nothing to speak of."""
    async with database.session(write=False) as session:
        newest = await session.scalar(select(AuditEntry.at).order_by(AuditEntry.seq.desc()).limit(1))
    behind = newest - now if newest is not None else timedelta()
    return behind if behind > TOLERATED else None


def words(behind: timedelta) -> Text:
    """What is said of it."""
    rounded = timedelta(seconds=round(behind.total_seconds()))
    return (
        f"机器时钟比最近一条审计记录慢 {rounded}",
        f"the machine's clock is {rounded} behind the newest entry of the audit log",
    )
