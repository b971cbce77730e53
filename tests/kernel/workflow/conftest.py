"""A platform with the sample workflows, a clock that stands still, and a pool of reviewers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ceyuan.kernel.actor import Actor
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.kernel.workflow import Candidate, KnownOrganisations, ReviewerPool, start, transit, workflows
from ceyuan.kernel.workflow.tables import WorkflowInstance
from tests.kernel.actors import OWNER, let_headers_name_actors
from tests.kernel.workflow.samples import ALL

OFFICER = Actor("person", "per_officer", "Officer", duties=frozenset({"programme_officer"}))
OPERATOR = Actor("person", "per_operator", "Operator", duties=frozenset({"operator"}))
REVIEWERS = [
    Actor("person", f"per_reviewer{n}", f"Reviewer {n}", roles={f"org_r{n}": "member"}, duties=frozenset({"reviewer"}))
    for n in range(6)
]
FORM = {"amount": 5_000_000, "purpose": "训练", "agreed": True}
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


class Pool:
    """Six reviewers of as many organisations, and one from the applicant's own."""

    def __init__(self) -> None:
        self.people = [Candidate(r.id, r.label, frozenset(r.roles)) for r in REVIEWERS]
        self.people.append(Candidate("per_insider", "Insider", frozenset({"org_a"})))

    async def candidates(self, uow: UnitOfWork, duty: str) -> AsyncIterator[Candidate]:
        for candidate in self.people if duty == "reviewer" else ():
            yield candidate

    async def known(self, uow: UnitOfWork, org_id: str) -> bool:
        return org_id.startswith("org_")


@pytest.fixture
def pool() -> Pool:
    return Pool()


def prepare(platform: Platform, pool: Pool) -> list[Event]:
    """Register samples, clock, reviewers and actors; returns the list that notices are put into."""
    platform.clock = ManualClock(MONDAY)
    for definition in ALL:
        workflows(platform).register(definition)
    platform.hooks[ReviewerPool] = platform.hooks[KnownOrganisations] = [pool]
    let_headers_name_actors(platform, OFFICER, OPERATOR, *REVIEWERS)
    heard: list[Event] = []

    async def hear(_platform: Platform, event: Event) -> None:
        heard.append(event)

    platform.subscriptions.on_volatile("workflow.notice", hear)
    platform.subscriptions.on_volatile("workflow.settled", hear)
    platform.subscriptions.on_volatile("workflow.moved", hear)
    return heard


@pytest.fixture
def heard(built: Platform, pool: Pool) -> list[Event]:
    return prepare(built, pool)


@pytest.fixture
def flows(built: Platform, heard: list[Event]) -> Platform:
    """The platform of the tests below HTTP."""
    return built


async def begin(
    platform: Platform, definition: str = "grant", actor: Actor = OWNER, subject: str = "app_1", **data: Any
) -> WorkflowInstance:
    """Start an instance for the organisation org_a."""
    async with platform.work(actor) as uow:
        return await start(
            uow, definition, subject, title=("申请一", "Application one"), org_id="org_a", data={"documents": 1, **data}
        )


async def take(
    platform: Platform, instance: WorkflowInstance, name: str, actor: Actor, **more: Any
) -> WorkflowInstance:
    """Take a step in a unit of work of its own."""
    async with platform.work(actor) as uow:
        return await transit(uow, instance.id, name, **more)


async def at_review(platform: Platform, subject: str = "app_1", **data: Any) -> WorkflowInstance:
    """A grant application under review."""
    instance = await begin(platform, subject=subject, **data)
    await take(platform, instance, "submit", OWNER, form=FORM)
    return await take(platform, instance, "accept", OFFICER)
