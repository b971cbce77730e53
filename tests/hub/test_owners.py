"""Owners are the organisations and people that identity knows."""

from __future__ import annotations

from dataclasses import replace

from ceyuan.hub import create_repository, find_by_reference
from ceyuan.hub.owners import OwnerDirectory, find_organisation
from ceyuan.hub.wiring import follow_owner
from ceyuan.identity.organisations.founding import add_organisation, change_name
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import person


async def test_an_organisation_owns_repositories_under_every_name_it_bore(platform: Platform) -> None:
    platform.hooks[OwnerDirectory] = [OwnerDirectory(find_organisation)]
    async with platform.work() as uow:
        org = await add_organisation(uow, name="City-Lab", display_name="城市实验室", kind="lab")
    member = replace(person("li"), roles={org.id: "member"})
    async with platform.work(member) as uow:
        row = await create_repository(uow, "dataset", "city-lab", "laws")
        assert (row.owner, row.org_id) == ("City-Lab", org.id)
    async with platform.work() as uow:
        await change_name(uow, await uow.session.merge(org), "Park-Lab")
        await follow_owner(uow, Event("identity.organisation_renamed", {"org_id": org.id, "name": "Park-Lab"}))
    async with platform.work(member) as uow:
        for reference in ("datasets/park-lab/laws", "datasets/City-Lab/laws"):
            found = await find_by_reference(uow, reference)
            assert (found.id, found.owner) == (row.id, "Park-Lab")
        assert (await create_repository(uow, "dataset", "City-Lab", "poems")).owner == "Park-Lab"
