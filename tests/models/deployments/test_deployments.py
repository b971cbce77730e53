"""From a revision of the hub to an endpoint: replicas, updates without a gap, canaries, shadows, an empty house that
wakes, and what it costs; with real engines over a few thousand random weights."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ceyuan import metering
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.errors import Forbidden, Invalid
from ceyuan.models.deployments import service
from ceyuan.models.deployments.controller import REPLICA_SECONDS, Controller
from ceyuan.models.deployments.errors import DeploymentUnknown, NoModelFile, NoVariant, RollRunning
from ceyuan.models.serving.engine import Load
from ceyuan.models.serving.replicas import estimated_delay_s
from ceyuan.models.serving.variants import Scale
from tests.models.deployments.conftest import Yard
from tests.models.gateway.house import YUAN


def _controller(yard: Yard) -> Controller:
    (controller,) = yard.house.platform.find(Controller)
    return controller


async def test_a_revision_becomes_an_endpoint_of_its_owner_and_goes_on_answering_while_it_is_replaced(
    yard: Yard,
) -> None:
    served_id = await yard.deploy()
    assert (await yard.ask())[0] == 200
    stranger = await yard.house.people.organisation("other", wang="owner")
    key = await yard.house.new_key(org=stranger)
    body = {"model": "lab/mini", "messages": [{"role": "user", "content": "hi"}]}
    assert (await yard.house.post(body, key=key))[0] == 404

    statuses: list[int] = []
    over = asyncio.Event()

    async def go_on() -> None:
        while not over.is_set():
            statuses.append((await yard.ask())[0])

    asking = asyncio.create_task(go_on())
    await yard.house.do(lambda uow: service.bring(uow, served_id, model=yard.second))
    row, plan = await yard.ended(served_id)
    assert (await yard.ask())[0] == 200
    over.set()
    await asking
    assert set(statuses) == {200}
    assert (row.revision, [one.name for one in plan.variants], plan.stable.number) == (yard.second, ["stable"], 2)
    assert (await yard.house.calls())[-1].revision == yard.second
    await yard.until(lambda: len(yard.directory.engine_states(served_id)) == 1)


@pytest.mark.slow
async def test_a_revision_that_cannot_be_loaded_changes_nothing_and_says_why(yard: Yard, tmp_path: Any) -> None:
    from ceyuan.hub import commit_folder
    from ceyuan.kernel.actor import SYSTEM

    served_id = await yard.deploy()
    folder = tmp_path / "junk"
    folder.mkdir()
    (folder / "mini.gguf").write_bytes(b"GGUF" + b"\0" * 400)
    junk = await commit_folder(yard.house.platform, "models/lab/mini", folder, message="junk", actor=SYSTEM)
    await yard.house.do(lambda uow: service.bring(uow, served_id, model=junk.ref))
    row, plan = await yard.ended(served_id)
    assert (row.revision, [one.name for one in plan.variants]) == (yard.first, ["stable"])
    assert row.fault
    assert (await yard.ask())[0] == 200


async def test_a_canary_answers_its_share_a_shadow_answers_nobody_and_a_promotion_ends_it(yard: Yard) -> None:
    served_id = await yard.deploy()
    with pytest.raises(NoVariant):
        await yard.house.do(lambda uow: service.promote(uow, served_id))
    for variant, percent in (("canary", 50), ("shadow", 100)):
        await yard.house.do(
            lambda uow, v=variant, p=percent: service.bring(uow, served_id, model=yard.second, as_=v, percent=p)
        )
        with pytest.raises(RollRunning):
            await yard.house.do(lambda uow, v=variant: service.bring(uow, served_id, model=yard.second, as_=v))
        await yard.ended(served_id)
    route = yard.directory.find("lab/mini", yard.house.org)
    assert route is not None
    assert [one.variant for one in route.replicas] == ["stable", "canary"]
    assert route.shadow is not None
    assert [(await yard.ask())[0] for _ in range(12)] == [200] * 12
    asked = {one.variant: yard.house.gateway.router.health(one).calls for one in route.replicas}
    assert asked["stable"] + asked["canary"] == 12
    assert min(asked.values()) > 0
    shadows = yard.house.gateway.forwarder.shadows
    figures = await yard.until(lambda: shadows.figures(route.shadow[0].id))
    await yard.until(lambda: figures.calls + figures.dropped == 12)
    assert len(await yard.house.calls()) == 12

    await yard.house.do(lambda uow: service.promote(uow, served_id))
    await yard.house.do(lambda uow: service.set_share(uow, served_id, "shadow", 0))
    row, plan = await yard.see(served_id)
    assert (row.revision, [one.name for one in plan.variants]) == (yard.second, ["stable"])


async def test_a_candidate_canary_is_kept_from_other_organisations(yard: Yard) -> None:
    from ceyuan.models.serving.candidates import note_release

    served_id = await yard.deploy()
    _, plan = await yard.see(served_id)
    await yard.house.do(lambda uow: note_release(uow, plan.stable.node, released=True))
    await yard.house.do(lambda uow: service.bring(uow, served_id, model=yard.second, as_="canary", percent=100))
    await yard.ended(served_id)
    route = yard.directory.find("lab/mini", "org_anybody")
    assert route is not None
    order = yard.house.gateway.router.order
    assert [one.variant for one in order(route, inside=False, prefix=b"", now=0.0, org_id="org_anybody")] == ["stable"]
    assert order(route, inside=False, prefix=b"", now=0.0, org_id=yard.house.org)[0].variant == "canary"


async def test_an_empty_deployment_wakes_for_a_call_and_replicas_follow_the_load(yard: Yard) -> None:
    served_id = await yard.deploy(scale=Scale(0, 2, 50))
    assert [state.state for state in yard.directory.engine_states(served_id)] == ["stopped"]
    # Calls that come while it starts wait for it.
    assert [status for status, _ in await asyncio.gather(*(yard.ask() for _ in range(3)))] == [200] * 3
    assert [state.state for state in yard.directory.engine_states(served_id)] == ["ready"]
    over = asyncio.Event()

    async def press() -> None:
        while not over.is_set():
            await yard.ask(max_tokens=64)

    tasks = [asyncio.create_task(press()) for _ in range(8)]
    await yard.until(lambda: sum(s.state == "ready" for s in yard.directory.engine_states(served_id)) == 2)
    await yard.until(lambda: len(yard.directory.find("lab/mini", yard.house.org).replicas) == 2)  # type: ignore[union-attr]
    over.set()
    await asyncio.gather(*tasks)
    controller, before = _controller(yard), yard.directory.scale_of(*await _plan(yard, served_id))
    for _ in range(31):
        controller.tick(yard.directory)
    assert (before, yard.directory.scale_of(*await _plan(yard, served_id))) == (2, 1)


async def _plan(yard: Yard, served_id: str) -> tuple[str, Any]:
    _, plan = await yard.see(served_id)
    return served_id, plan


@pytest.mark.slow
async def test_the_time_of_replicas_is_charged_to_the_models_owner(yard: Yard) -> None:
    price = metering.NewPrice(REPLICA_SECONDS, YUAN // 100, 1)
    await yard.house.do(lambda uow: metering.set_price(uow, price))
    served_id = await yard.deploy()
    await yard.until(lambda: _controller(yard).pressure(served_id).owed_s >= 2)
    owed = int(_controller(yard).pressure(served_id).owed_s)
    before = await yard.house.balance()
    await _controller(yard)._post(yard.house.platform)
    assert before - await yard.house.balance() >= owed * YUAN // 100


async def test_only_operators_decide_and_strangers_see_nothing(yard: Yard) -> None:
    served_id = await yard.deploy()
    owner = Actor("person", "per_li", "Li", roles={yard.house.org: "owner"})
    stranger = Actor("person", "per_x", "X", roles={"org_x": "owner"})
    for actor, error in ((owner, Forbidden), (stranger, Forbidden)):
        for act in (
            lambda uow: service.bring(uow, served_id, model=yard.second),
            lambda uow: service.scale(uow, served_id, Scale()),
            lambda uow: service.remove(uow, served_id),
        ):
            with pytest.raises(error):
                await yard.house.do(act, actor)
    async with yard.house.platform.work(stranger, write=False) as uow:
        assert await service.list_deployments(uow) == []
        with pytest.raises(DeploymentUnknown):
            await service.see_deployment(uow, served_id)
    with pytest.raises(Invalid):
        await yard.house.do(lambda uow: service.scale(uow, served_id, Scale(3, 2)))
    with pytest.raises(NoModelFile):
        await yard.deploy(name="other", path="none.gguf")
    await yard.house.do(lambda uow: service.remove(uow, served_id))
    await yard.until(lambda: yard.directory.engine_states(served_id) == [])


def test_the_wait_is_estimated_from_what_stands_in_line() -> None:
    free, full = Load(True, 1, 2, 3.0), Load(True, 6, 2, 3.0)
    assert estimated_delay_s([free]) == 0.0
    assert estimated_delay_s([full]) == (6 - 2 + 1) * 3.0 / 2
    assert estimated_delay_s([full, Load(False, 0, 2, 0.0)]) == estimated_delay_s([full])
