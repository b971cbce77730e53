"""What metering keeps of organisations and people: how it is handed out, and what is cut when a person goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import inspect, select

from ceyuan.identity import ExportFile, json_file
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering.bills import repository as bills
from ceyuan.metering.bills.tables import Bill
from ceyuan.metering.desk.usage import UsageFilter, export_usage
from ceyuan.metering.holds.tables import HoldRow
from ceyuan.metering.ledger.tables import LedgerAccount, LedgerEntry, LedgerPosting
from ceyuan.metering.quotas.tables import Quota
from ceyuan.metering.terms import terms_of
from ceyuan.metering.usage.tables import UsageRow
from ceyuan.metering.wallets import balance_of
from ceyuan.metering.wallets.tables import WalletRow


def _plain(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}


async def _all(uow: UnitOfWork, table: type[Base], condition: Any) -> list[dict[str, Any]]:
    return [_plain(row) for row in await uow.session.scalars(select(table).where(condition))]


class MeteringOrganisationData:
    """Fills identity's hook `OrganisationData`: balances, wallets, holds, quotas, journal, bills and usage."""

    room = "metering"

    async def export(self, uow: UnitOfWork, org_id: str) -> AsyncIterator[ExportFile]:
        """All that metering keeps for an organisation."""
        yield json_file("balance.json", asdict(await balance_of(uow, org_id)))
        yield json_file("terms.json", asdict((await terms_of(uow, [org_id]))[org_id]))
        yield json_file("wallets.json", await _all(uow, WalletRow, WalletRow.org_id == org_id))
        yield json_file("holds.json", await _all(uow, HoldRow, HoldRow.org_id == org_id))
        yield json_file("quotas.json", await _all(uow, Quota, Quota.org_id == org_id))
        yield json_file("accounts.json", await _all(uow, LedgerAccount, LedgerAccount.owner == org_id))
        entries = select(LedgerEntry.id).where(LedgerEntry.org_id == org_id)
        yield json_file("entries.json", await _all(uow, LedgerEntry, LedgerEntry.org_id == org_id))
        yield json_file("postings.json", await _all(uow, LedgerPosting, LedgerPosting.entry_id.in_(entries)))
        for bill in await uow.session.scalars(select(Bill).where(Bill.org_id == org_id)):
            lines = [_plain(line) for line in await bills.lines_of(uow.session, bill.id)]
            yield json_file(f"bills/{bill.number}.json", _plain(bill) | {"lines": lines})
        usage = export_usage(uow.platform, uow.actor, org_id, UsageFilter({}), as_csv=False)
        yield ExportFile("usage.jsonl", usage)


class MeteringPersonalData:
    """Fills identity's hook `PersonalData`: the usage that a person caused."""

    room = "metering"

    async def export(self, uow: UnitOfWork, person_id: str) -> AsyncIterator[ExportFile]:
        """The person's usage events."""
        yield json_file("usage.json", await _all(uow, UsageRow, UsageRow.person_id == person_id))

    async def erase(self, uow: UnitOfWork, person_id: str) -> None:
        """Nothing goes: the books hold the person's id only, which is a pseudonym from now on, and accounting law
        keeps journals for years."""
