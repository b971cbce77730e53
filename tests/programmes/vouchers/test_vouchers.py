from __future__ import annotations

import pytest

from ceyuan.identity import OrganisationNotFound
from ceyuan.identity.organisations.service import add_membership
from ceyuan.kernel import workflow
from ceyuan.kernel.errors import CeyuanError, Forbidden, Invalid
from ceyuan.kernel.workflow import GuardRefused
from ceyuan.metering import check_books, revoke_wallet
from ceyuan.models.gateway import ask_model
from ceyuan.programmes.vouchers import apply_for, create_scheme, decide, fund_scheme
from ceyuan.programmes.vouchers.errors import CapReached, KeyReused, VoucherNotFound
from ceyuan.programmes.vouchers.schemas import ApplyIn, SchemeIn, VoucherDecision
from ceyuan.programmes.vouchers.service import find_voucher, show_voucher
from tests.workshop import Workshop

YUAN = 1_000_000


async def scheme(workshop: Workshop, *, cap: int = 5 * YUAN, pool: int = 8 * YUAN) -> str:
    async with workshop.platform.work(await workshop.actor("officer")) as uow:
        made = await create_scheme(
            uow, SchemeIn(org_id=workshop.org, name_zh="模型券", name_en="Vouchers", cap_micro=cap)
        )
        await fund_scheme(uow, made.id, pool, "budget-2026")
        await fund_scheme(uow, made.id, pool, "budget-2026")
    return made.id


async def apply(workshop: Workshop, scheme_id: str, asked: int) -> str:
    wanted = ApplyIn(scheme_id=scheme_id, org_id=workshop.org, asked_micro=asked, purpose="try")
    async with workshop.platform.work(await workshop.actor()) as uow:
        return (await apply_for(uow, wanted)).id


async def grant(workshop: Workshop, voucher_id: str, amount: int | None = None) -> None:
    async with workshop.platform.work(await workshop.actor("officer")) as uow:
        await decide(uow, voucher_id, VoucherDecision(decision="grant", amount_micro=amount))


async def left(workshop: Workshop, voucher_id: str) -> int | None:
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        return (await show_voucher(uow, await find_voucher(uow, voucher_id))).left_micro


async def test_an_outsider_sees_no_voucher_and_a_member_grants_none(workshop: Workshop) -> None:
    voucher_id = await apply(workshop, await scheme(workshop), YUAN)
    async with workshop.platform.work(await workshop.actor("zoe"), write=False) as uow:
        with pytest.raises(VoucherNotFound):
            await find_voucher(uow, voucher_id)
    with pytest.raises(Forbidden):
        async with workshop.platform.work(await workshop.actor()) as uow:
            await decide(uow, voucher_id, VoucherDecision(decision="grant"))


async def test_an_application_repeated_with_its_key_is_one_and_the_key_is_for_it_alone(workshop: Workshop) -> None:
    wanted = ApplyIn(scheme_id=await scheme(workshop), org_id=workshop.org, asked_micro=YUAN, purpose="try")
    made = []
    for _ in range(2):
        async with workshop.platform.work(await workshop.actor()) as uow:
            made.append((await apply_for(uow, wanted, key="k")).id)
    assert made[0] == made[1]
    with pytest.raises(KeyReused):
        async with workshop.platform.work(await workshop.actor()) as uow:
            await apply_for(uow, wanted.model_copy(update={"asked_micro": 2 * YUAN}), key="k")


async def test_an_officer_grants_nothing_to_the_own_organisation_while_another_is_there(workshop: Workshop) -> None:
    voucher_id = await apply(workshop, await scheme(workshop), YUAN)
    insider = await workshop.people.add("insider", duties=("programme_officer",))
    async with workshop.platform.work() as uow:
        await add_membership(uow, workshop.org, insider.id, "viewer")
    with pytest.raises(GuardRefused, match="belongs to the organisation"):
        async with workshop.platform.work(await workshop.actor("insider")) as uow:
            await decide(uow, voucher_id, VoucherDecision(decision="grant"))
    assert await left(workshop, voucher_id) is None
    await grant(workshop, voucher_id)
    assert await left(workshop, voucher_id) == YUAN


async def test_a_granted_voucher_pays_for_calls_to_the_micro_yuan_and_the_books_balance(workshop: Workshop) -> None:
    voucher_id = await apply(workshop, await scheme(workshop), 2 * YUAN)
    await grant(workshop, voucher_id)
    own = await workshop.balance()
    messages = [{"role": "user", "content": "四季有哪些?"}]
    await ask_model(workshop.platform, await workshop.actor(), workshop.org, "echo", messages, max_tokens=50)
    call = await workshop.the_call()
    assert call.cost_micro > 0
    assert await left(workshop, voucher_id) == 2 * YUAN - call.cost_micro
    assert await workshop.balance() == own
    assert (await check_books(workshop.platform)).ok


async def test_an_exhausted_voucher_is_a_clear_refusal(workshop: Workshop) -> None:
    async with workshop.platform.work() as uow:
        from ceyuan.metering import PLATFORM, get_account, open_account, transfer

        general = await open_account(uow, workshop.org, "general")
        sink = await open_account(uow, PLATFORM, "settled")
        await transfer(uow, general.id, sink.id, (await get_account(uow, general.id)).balance_micro)
        await uow.publish("metering.limits_changed", org_id=workshop.org)
    voucher_id = await apply(workshop, await scheme(workshop), 3)
    await grant(workshop, voucher_id)
    await workshop.settle()
    messages = [{"role": "user", "content": "四季有哪些?" * 50}]
    with pytest.raises(CeyuanError) as refused:
        await ask_model(workshop.platform, await workshop.actor(), workshop.org, "echo", messages, max_tokens=500)
    assert refused.value.status == 402


async def test_nobody_gets_more_than_the_cap_or_the_pool(workshop: Workshop) -> None:
    scheme_id = await scheme(workshop, cap=5 * YUAN, pool=2 * YUAN)
    with pytest.raises(CapReached):
        await apply(workshop, scheme_id, 6 * YUAN)
    voucher_id = await apply(workshop, scheme_id, 4 * YUAN)
    with pytest.raises(GuardRefused) as refused:
        await grant(workshop, voucher_id)
    assert "pool" in refused.value.message[1]
    await grant(workshop, voucher_id, 1 * YUAN)
    assert await left(workshop, voucher_id) == YUAN


async def test_a_revoked_voucher_gives_back_what_is_left(workshop: Workshop) -> None:
    voucher_id = await apply(workshop, await scheme(workshop), 2 * YUAN)
    await grant(workshop, voucher_id)
    async with workshop.platform.work(await workshop.actor("officer")) as uow:
        voucher = await decide(uow, voucher_id, VoucherDecision(decision="revoke", reason="not used"))
        assert voucher.state == "revoked"
    assert await left(workshop, voucher_id) == 0


async def test_what_was_spent_of_a_revoked_voucher_counts_against_the_cap(workshop: Workshop) -> None:
    scheme_id = await scheme(workshop, cap=3 * YUAN)
    voucher_id = await apply(workshop, scheme_id, 3 * YUAN)
    await grant(workshop, voucher_id)
    await workshop.settle()
    messages = [{"role": "user", "content": "四季有哪些?"}]
    await ask_model(workshop.platform, await workshop.actor(), workshop.org, "echo", messages, max_tokens=50)
    call = await workshop.the_call()
    async with workshop.platform.work(await workshop.actor("officer")) as uow:
        await decide(uow, voucher_id, VoucherDecision(decision="revoke", reason="not used"))
    assert call.cost_micro > 0
    with pytest.raises(CapReached):
        await apply(workshop, scheme_id, 3 * YUAN)
    assert await apply(workshop, scheme_id, 3 * YUAN - call.cost_micro)


async def test_a_wallet_that_an_operator_took_back_revokes_its_voucher_and_frees_the_cap(workshop: Workshop) -> None:
    scheme_id = await scheme(workshop, cap=2 * YUAN)
    voucher_id = await apply(workshop, scheme_id, 2 * YUAN)
    await grant(workshop, voucher_id)
    async with workshop.platform.work() as uow:
        await revoke_wallet(uow, str((await find_voucher(uow, voucher_id)).wallet_id), "by hand")
    await workshop.platform.dispatcher.drain()
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        assert (await find_voucher(uow, voucher_id)).state == "revoked"
    assert await apply(workshop, scheme_id, 2 * YUAN)


async def test_a_scheme_that_could_never_pay_is_refused_when_it_is_set_up(workshop: Workshop) -> None:
    faults: list[tuple[dict[str, object], type[CeyuanError]]] = [
        ({"org_id": "org_nobody"}, OrganisationNotFound),
        ({"resources": ["Not A Resource"]}, Invalid),
    ]
    for changed, error in faults:
        wanted = {"org_id": workshop.org, "name_zh": "券", "name_en": "Vouchers", "cap_micro": YUAN} | changed
        with pytest.raises(error):
            async with workshop.platform.work(await workshop.actor("officer")) as uow:
                await create_scheme(uow, SchemeIn.model_validate(wanted))


async def step(workshop: Workshop, who: str, voucher_id: str, name: str, **form: str) -> str:
    """Take a step of the voucher's workflow; the voucher's state afterwards."""
    async with workshop.platform.work(await workshop.actor(who)) as uow:
        voucher = await find_voucher(uow, voucher_id)
        await workflow.transit(uow, voucher.workflow_id, name, form=form)
        return voucher.state


async def test_a_refusal_is_objected_to_and_judged_by_another_officer_who_has_it_decided_anew(
    workshop: Workshop,
) -> None:
    voucher_id = await apply(workshop, await scheme(workshop), YUAN)
    await workshop.people.add("second", duties=("programme_officer",))
    assert await step(workshop, "officer", voucher_id, "refuse", reason="too vague") == "refused"
    with pytest.raises(workflow.NotYours):
        await step(workshop, "second", voucher_id, "object", grounds="no applicant at all")
    assert await step(workshop, "li", voucher_id, "object", grounds="the plan is in the annex") == "objected"
    with pytest.raises(GuardRefused, match="own decision"):
        await step(workshop, "officer", voucher_id, "uphold", reason="well")
    assert await step(workshop, "second", voucher_id, "uphold", reason="it is") == "applied"
    await grant(workshop, voucher_id)
    assert await left(workshop, voucher_id) == YUAN


async def test_an_objection_that_is_dismissed_and_a_refusal_to_which_nobody_objects_are_final(
    workshop: Workshop,
) -> None:
    chosen = await scheme(workshop)
    objected, silent = [await apply(workshop, chosen, YUAN) for _ in range(2)]
    for voucher_id in (objected, silent):
        await step(workshop, "officer", voucher_id, "refuse", reason="no")
    await step(workshop, "li", objected, "object", grounds="please look again")
    # Nobody else is entitled: the same officer may, and it is written down as an exception.
    assert await step(workshop, "officer", objected, "dismiss", reason="looked at") == "final"
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        moves = await workflow.history(uow, (await find_voucher(uow, objected)).workflow_id)
        assert moves[-1]["exception_en"] is not None
        assert "decided before" in moves[-1]["exception_en"]
    async with workshop.platform.work() as uow:
        instance = await workflow.find_by_subject(uow, "voucher", silent)
        assert instance.due_at is not None
        instance.due_at = instance.wake_at = uow.clock.now()
    with pytest.raises(GuardRefused, match="is over"):
        await step(workshop, "li", silent, "object", grounds="much too late")
    await workflow.sweep(workshop.platform)
    async with workshop.platform.work(await workshop.actor(), write=False) as uow:
        assert (await find_voucher(uow, silent)).state == "final"
