"""Registers the workflow of vouchers and closes those whose money is gone."""

from __future__ import annotations

from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.workflow import workflows
from ceyuan.programmes.vouchers.process import VERSIONS
from ceyuan.programmes.vouchers.service import wallet_ended, wallet_revoked
from ceyuan.programmes.vouchers.tables import Voucher, VoucherScheme

_OF_ORGANISATION = OrganisationRows(
    "vouchers",
    Rows("schemes", VoucherScheme, VoucherScheme.org_id),
    Rows("vouchers", Voucher, Voucher.org_id),
)


def wire(platform: Platform) -> None:
    """Make the workflow known and listen to metering."""
    for version in VERSIONS:
        workflows(platform).register(version)
    platform.subscriptions.on("metering.wallet_expired", wallet_ended)
    platform.subscriptions.on("metering.wallet_exhausted", wallet_ended)
    platform.subscriptions.on("metering.wallet_revoked", wallet_revoked)
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(ScopeRoom, ScopeRoom("programmes", ("支持计划", "Programmes"), paths=("/api/v1/vouchers",)))
