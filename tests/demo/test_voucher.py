from __future__ import annotations

import pytest

from ceyuan.demo import steps
from ceyuan.demo.plan import LoopPlan
from ceyuan.kernel.workflow import GuardRefused
from ceyuan.programmes.vouchers import decide
from ceyuan.programmes.vouchers.schemas import VoucherDecision
from tests.workshop import Workshop


async def test_a_turn_takes_the_voucher_that_another_officer_granted_and_grants_none_itself(workshop: Workshop) -> None:
    await workshop.people.add("starter", admin=True)
    starter = await workshop.actor("starter")
    async with workshop.platform.work(starter) as uow:
        made = await steps.apply_for_voucher(uow, workshop.org, LoopPlan(owner="lab"))
    with pytest.raises(GuardRefused):
        async with workshop.platform.work(starter) as uow:
            await steps.grant_voucher(uow, made["voucher_id"])
    async with workshop.platform.work(await workshop.actor("officer")) as uow:
        granted = await decide(uow, made["voucher_id"], VoucherDecision(decision="grant"))
    async with workshop.platform.work(starter) as uow:
        assert await steps.grant_voucher(uow, made["voucher_id"]) == granted.wallet_id
