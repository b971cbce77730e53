"""What people are told: the events of metering that concern them become notices in their inbox."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ceyuan.identity import notify
from ceyuan.kernel.errors import Text
from ceyuan.kernel.events import Event
from ceyuan.kernel.money import to_yuan
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.wallets import get_wallet

_LINK = "/console/organisation/billing"
_WINDOW: dict[str, Text] = {
    "minute": ("每分钟", "per minute"),
    "day": ("每日", "per day"),
    "month": ("每月", "per month"),
}


def _yuan(micro: int) -> str:
    return f"¥{to_yuan(micro)}"


async def _balance_low(uow: UnitOfWork, event: Event) -> None:
    left, line = _yuan(event.data["balance_micro"]), _yuan(event.data["threshold_micro"])
    await notify(
        uow,
        "metering.balance_low",
        ("余额偏低", "The balance is low"),
        body=(f"通用账户余额 {left},已低于提醒线 {line}。", f"The general account holds {left}, the line is {line}."),
        link=_LINK,
        org_id=event.data["org_id"],
        level="warning",
    )


async def _credit_exhausted(uow: UnitOfWork, event: Event) -> None:
    left = _yuan(event.data["balance_micro"])
    await notify(
        uow,
        "metering.credit_exhausted",
        ("余额与信用额度已用尽", "Balance and credit are used up"),
        body=(
            f"通用账户余额 {left},新的付费调用将被拒绝,请充值。",
            f"The general account holds {left}: new paid calls are refused until it is topped up.",
        ),
        link=_LINK,
        org_id=event.data["org_id"],
        level="error",
    )


async def _wallet(uow: UnitOfWork, event: Event) -> None:
    wallet = await get_wallet(uow, event.data["wallet_id"])
    what: Text = {
        "metering.wallet_exhausted": ("专项额度已用尽", "A restricted balance is used up"),
        "metering.wallet_expired": ("专项额度已到期", "A restricted balance has expired"),
        "metering.wallet_revoked": ("专项额度已撤销", "A restricted balance was revoked"),
    }[event.topic]
    name, back = wallet.label or wallet.reference, _yuan(wallet.returned_micro)
    returned: Text = (f";退回 {back}", f"; {back} went back") if wallet.returned_micro else ("", "")
    await notify(
        uow,
        event.topic,
        what,
        body=(f"“{name}”{returned[0]}。", f"“{name}”{returned[1]}."),
        link=_LINK,
        org_id=wallet.org_id,
        level="info",
    )


async def _quota(uow: UnitOfWork, event: Event) -> None:
    data = event.data
    hard = event.topic == "metering.quota_exhausted"
    zh, en = _WINDOW[data["window"]]

    def words(value: str) -> str:
        return _yuan(int(Decimal(value))) if data["metric"] == "money" else value

    used, limit = words(data["used"]), words(data["amount"])
    title: Text = ("配额已用尽", "A quota is used up") if hard else ("已达到配额提醒线", "A quota was reached")
    await notify(
        uow,
        event.topic,
        title,
        body=(f"{zh}配额 {limit},已用 {used}。", f"{limit} {en}, {used} used."),
        link=_LINK,
        to=[data["subject"]] if data["subject_kind"] == "person" else [],
        org_id=data["org_id"],
        level="warning" if hard else "info",
        mail=data["window"] != "minute",
    )


async def _bill_issued(uow: UnitOfWork, event: Event) -> None:
    period, payable = event.data["period"], _yuan(event.data["payable_micro"])
    await notify(
        uow,
        "metering.bill_issued",
        (f"{period} 账单已出具", f"The bill of {period} is ready"),
        body=(f"通用账户应付 {payable}。", f"{payable} was paid by the general account."),
        link=f"{_LINK}/bills/{event.data['bill_id']}",
        org_id=event.data["org_id"],
    )


async def _books_wrong(uow: UnitOfWork, event: Event) -> None:
    rules = ", ".join(event.data["rules"])
    await notify(
        uow,
        "metering.books_wrong",
        ("账簿核对发现问题", "The check of the books found faults"),
        body=(
            f"未通过的规则:{rules}。详情见核对任务的日志。",
            f"Rules that failed: {rules}. The job's log has the rows.",
        ),
        link=f"/console/jobs/{event.data['job_id']}",
        duty="operator",
        level="error",
        todo=True,
        key=f"metering.books:{event.data['job_id']}",
    )


HANDLERS: dict[str, Any] = {
    "metering.balance_low": _balance_low,
    "metering.credit_exhausted": _credit_exhausted,
    "metering.wallet_exhausted": _wallet,
    "metering.wallet_expired": _wallet,
    "metering.wallet_revoked": _wallet,
    "metering.quota_notice": _quota,
    "metering.quota_exhausted": _quota,
    "metering.bill_issued": _bill_issued,
    "metering.books_wrong": _books_wrong,
}


def subscribe(platform: Platform) -> None:
    """Turn metering's events into notices."""
    for topic, handler in HANDLERS.items():
        platform.subscriptions.on(topic, handler)
