"""The loop over HTTP: start a turn. Its progress is its job's."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header
from pydantic import BaseModel

from ceyuan.demo.plan import LoopPlan
from ceyuan.kernel.errors import Forbidden, Invalid, Unauthenticated
from ceyuan.kernel.jobs import submit
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import WriteWork, problems

router = Router(prefix="/api/v1/loop", tags=["loop"])


class LoopStarted(BaseModel):
    """The job of the turn."""

    job_id: str


@router.post(
    "/runs", response_model=LoopStarted, status_code=202, responses=problems(Unauthenticated, Forbidden, Invalid)
)
async def run_loop_turn(
    body: LoopPlan, uow: WriteWork, idempotency_key: Annotated[str | None, Header(max_length=120)] = None
) -> Any:
    """Run one turn of the loop, from sources to feedback; operators may."""
    uow.actor.require_duty("operator")
    key = f"loop/{uow.actor.id}/{idempotency_key}" if idempotency_key else None
    job = await submit(uow, "loop.run", body.model_dump(mode="json"), key=key)
    return LoopStarted(job_id=job.id)
