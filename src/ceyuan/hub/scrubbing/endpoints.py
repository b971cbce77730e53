"""The health of what is stored, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from ceyuan.hub.scrubbing.tasks import latest
from ceyuan.identity import require_admin
from ceyuan.kernel.errors import Forbidden, Unauthenticated
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import ReadWork, problems

router = Router(prefix="/api/v1/storage", tags=["hub"])


class StorageHealthOut(BaseModel):
    """What the last scrub found: `state` is that of its job (null before the first), `corrupt` are damaged blobs that
    were set aside (at most 100 of `corrupt_count`), `affected` the repositories that need them."""

    job_id: str | None
    state: str | None
    finished_at: datetime | None
    checked: int
    bytes: int
    corrupt_count: int
    corrupt: list[str]
    affected: list[str]


@router.get("/health", response_model=StorageHealthOut, responses=problems(Unauthenticated, Forbidden))
async def get_storage_health(uow: ReadWork) -> Any:
    """Show when all that is stored was last read again, and what was damaged."""
    require_admin(uow.actor)
    newest, done = await latest(uow), await latest(uow, finished=True)
    result = (done.result if done is not None else None) or {}
    return {
        "job_id": newest.id if newest else None,
        "state": newest.state if newest else None,
        "finished_at": done.finished_at if done else None,
        "checked": result.get("checked", 0),
        "bytes": result.get("bytes", 0),
        "corrupt_count": result.get("corrupt_count", 0),
        "corrupt": result.get("corrupt", []),
        "affected": result.get("affected", []),
    }
