"""Terms of an organisation: contract, credit limit, and the balance at which it is warned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.ledger import require_amount
from ceyuan.metering.settings import MeteringSettings
from ceyuan.metering.terms.tables import OrgTerms

CONTRACT_PREFIX = "contract:"


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms in force: `contract` names a price list of its own, `credit_limit_micro` how far below zero the
    general account may be authorised, `low_balance_micro` when a notice is sent."""

    org_id: str
    contract: str | None
    credit_limit_micro: int
    low_balance_micro: int


async def terms_of(uow: UnitOfWork, org_ids: Iterable[str]) -> dict[str, Terms]:
    """The terms of each organisation, the platform's defaults where it has none of its own."""
    wanted = sorted(set(org_ids))
    settings = uow.platform.section(MeteringSettings)
    query = select(OrgTerms).where(OrgTerms.org_id.in_(wanted)).execution_options(populate_existing=True)
    rows = {row.org_id: row for row in await uow.session.scalars(query)}
    return {org_id: _merged(org_id, rows.get(org_id), settings) for org_id in wanted}


def _merged(org_id: str, row: OrgTerms | None, settings: MeteringSettings) -> Terms:
    credit = row.credit_limit_micro if row else None
    low = row.low_balance_micro if row else None
    return Terms(
        org_id,
        row.contract if row else None,
        settings.credit_limit_micro if credit is None else credit,
        settings.low_balance_micro if low is None else low,
    )


async def set_terms(
    uow: UnitOfWork,
    org_id: str,
    *,
    contract: str | None,
    credit_limit_micro: int | None,
    low_balance_micro: int | None,
) -> Terms:
    """Set an organisation's terms (`None` = the default); only operators may. Audited."""
    uow.actor.require_duty("operator")
    if contract is not None and not (contract.startswith(CONTRACT_PREFIX) and len(contract) <= 80):
        raise Invalid(
            (f"合同名须以 {CONTRACT_PREFIX} 开头", f"a contract's name begins with {CONTRACT_PREFIX}"),
            hint=("例如 contract:2026-017", "for example contract:2026-017"),
        )
    for amount in (credit_limit_micro, low_balance_micro):
        if amount is not None:
            require_amount(amount, zero=True)
    row = await uow.session.get(OrgTerms, org_id, with_for_update=True)
    if row is None:
        row = OrgTerms(org_id=org_id)
        uow.session.add(row)
    row.contract, row.updated_at = contract, uow.clock.now()
    row.credit_limit_micro, row.low_balance_micro = credit_limit_micro, low_balance_micro
    await uow.session.flush()
    await uow.audit(
        "metering.terms",
        org_id,
        org_id,
        contract=contract,
        credit_limit_micro=credit_limit_micro,
        low_balance_micro=low_balance_micro,
    )
    await uow.publish("metering.limits_changed", org_id=org_id)
    return _merged(org_id, row, uow.platform.section(MeteringSettings))
