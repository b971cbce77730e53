"""The workflow of a voucher: applied for, granted or refused, spent to the end or revoked."""

from __future__ import annotations

from datetime import timedelta

from ceyuan.kernel.errors import Text
from ceyuan.kernel.workflow import (
    Condition,
    Definition,
    GuardRefused,
    State,
    Step,
    Transition,
    by_outsider,
    forms,
    with_objection,
    working_days,
)
from ceyuan.metering import Restrictions, get_account, issue_wallet, revoke_wallet
from ceyuan.programmes.vouchers import repository
from ceyuan.programmes.vouchers.caps import had_of

NAME = "voucher"


async def _within_means(step: Step) -> Text | None:
    session = step.uow.session
    voucher = await repository.get_voucher(session, step.instance.subject)
    scheme = await repository.get_scheme(session, voucher.scheme_id)
    wanted = int(step.form.get("amount_micro") or voucher.asked_micro)
    left = scheme.cap_micro - await had_of(step.uow, scheme.id, voucher.org_id)
    if wanted > left:
        return (f"超过该单位剩余额度 {left} 微元", f"more than the {left} micro-yuan left under the organisation's cap")
    pool = (await get_account(step.uow, scheme.pool_account)).balance_micro
    if wanted > pool:
        return (f"资金池仅余 {pool} 微元", f"the pool holds only {pool} micro-yuan")
    return None


async def _issue(step: Step) -> None:
    uow = step.uow
    voucher = await repository.get_voucher(uow.session, step.instance.subject)
    scheme = await repository.get_scheme(uow.session, voucher.scheme_id, lock=True)
    # Looked at again behind the lock: another grant may have come in between.
    if (reason := await _within_means(step)) is not None:
        raise GuardRefused([reason])
    now = uow.clock.now()
    amount = int(step.form.get("amount_micro") or voucher.asked_micro)
    wallet = await issue_wallet(
        uow,
        voucher.org_id,
        amount,
        Restrictions(tuple(scheme.resources), tuple(scheme.models), scheme.share_bp),
        now,
        now + timedelta(days=scheme.valid_days),
        scheme.pool_account,
        f"voucher:{voucher.id}",
        label=scheme.name_zh,
    )
    voucher.granted_micro, voucher.wallet_id, voucher.expires_at = (
        amount,
        wallet.id,
        now + timedelta(days=scheme.valid_days),
    )
    await _mirror(step)


async def _revoke(step: Step) -> None:
    voucher = await repository.get_voucher(step.uow.session, step.instance.subject)
    if voucher.wallet_id is not None:
        await revoke_wallet(step.uow, voucher.wallet_id, str(step.form.get("reason", "")))
    await _mirror(step)


async def _mirror(step: Step) -> None:
    voucher = await repository.get_voucher(step.uow.session, step.instance.subject)
    voucher.state = step.transition.target
    if voucher.state == VOUCHER.start.name:
        voucher.decided_at = None
    elif voucher.state != "objected":
        voucher.decided_at = step.uow.clock.now()


_MEANS = Condition(("不超过单位上限与资金池余额", "within the organisation's cap and the pool"), _within_means)
_OFFICER = ("duty:programme_officer",)

_FIRST = Definition(
    name=NAME,
    version=1,
    title=("模型券", "Model voucher"),
    link="/programmes/vouchers/{subject}",
    states=(
        State(
            "applied",
            ("待审核", "To be examined"),
            kind="start",
            public=("已申请", "Applied"),
            deadline=working_days(10),
        ),
        State("granted", ("已发放", "Granted")),
        State("closed", ("已用完或到期", "Spent or expired"), kind="good"),
        State("refused", ("未批准", "Refused"), kind="bad"),
        State("revoked", ("已收回", "Revoked"), kind="bad"),
        State("withdrawn", ("已撤回", "Withdrawn"), kind="bad"),
    ),
    transitions=(
        Transition(
            "grant",
            ("发放", "Grant"),
            ("applied",),
            "granted",
            by=_OFFICER,
            form=forms.form(amount_micro=forms.money(("金额", "Amount"), least=1), required=()),
            guards=(_MEANS, by_outsider()),
            effect=_issue,
        ),
        Transition(
            "refuse",
            ("不予批准", "Refuse"),
            ("applied",),
            "refused",
            by=_OFFICER,
            form=forms.form(reason=forms.text(("理由", "Reason"), most=500, lines=3)),
            effect=_mirror,
        ),
        Transition(
            "withdraw", ("撤回", "Withdraw"), ("applied",), "withdrawn", by=("owner",), effect=_mirror, optional=True
        ),
        Transition(
            "revoke",
            ("收回", "Revoke"),
            ("granted",),
            "revoked",
            by=_OFFICER,
            form=forms.form(reason=forms.text(("理由", "Reason"), most=500, lines=3)),
            effect=_revoke,
            optional=True,
        ),
        Transition("close", ("结束", "Close"), ("granted",), "closed", by=("system",), effect=_mirror, optional=True),
    ),
)
VOUCHER = with_objection(_FIRST, "refused", duty="programme_officer", guard=by_outsider("refuse"), effect=_mirror)
VERSIONS = _FIRST, VOUCHER
"""Those in which vouchers are; an application that was begun under the first ends under it."""
