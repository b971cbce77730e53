"""What the gateway keeps of a person, for export and erasure."""

from __future__ import annotations

from collections.abc import AsyncIterator

from ceyuan.identity import ExportFile, json_file
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.gateway import repository

_SHOWN = ("id", "at", "org_id", "model", "endpoint", "status", "prompt_tokens", "completion_tokens", "cost_micro")


class GatewayPersonalData:
    """A person's calls, and the prompts and answers where they were kept."""

    room = "gateway"

    async def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        """The records of the person's calls, and what was kept of their content."""
        calls = await repository.calls_of_person(uow.session, person_id)
        yield json_file("calls.json", [{name: getattr(call, name) for name in _SHOWN} for call in calls])
        bodies = await repository.bodies_of_person(uow.session, person_id)
        yield json_file("bodies.json", [{"call_id": b.call_id, "prompt": b.prompt, "answer": b.answer} for b in bodies])

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Prompts and answers go; the records of calls stay as evidence of charges, under the pseudonym."""
        await repository.erase_bodies_of_person(uow.session, person_id)
