"""Metering over HTTP: everything below `/api/v1/metering`."""

from __future__ import annotations

from fastapi import APIRouter

from ceyuan.metering.desk.routes import bills, ledger, prices, quotas, usage, wallets

router = APIRouter(prefix="/api/v1/metering", tags=["metering"])
for _part in (prices, ledger, wallets, usage, quotas, bills):
    router.include_router(_part.router)
