"""Wallets: balances that only some use may spend (by resource, model, period and share of a charge), the general
account beside them, and the choice which balance pays. A voucher is such a wallet; vouchers are not known here."""

from ceyuan.metering.wallets.cash import Balance, balance_of, fund_account, pay_out, reverse_entry, top_up
from ceyuan.metering.wallets.choice import Portion, Purse, Restrictions, Use
from ceyuan.metering.wallets.funds import OrgFunds, lock_funds, lock_org, read_funds
from ceyuan.metering.wallets.notices import notify
from ceyuan.metering.wallets.service import (
    Wallet,
    add_to_wallet,
    expire_wallets,
    find_wallet,
    get_wallet,
    issue_wallet,
    list_wallets,
    revoke_wallet,
    wallet_statement,
)

__all__ = [
    "Balance",
    "OrgFunds",
    "Portion",
    "Purse",
    "Restrictions",
    "Use",
    "Wallet",
    "add_to_wallet",
    "balance_of",
    "expire_wallets",
    "find_wallet",
    "fund_account",
    "get_wallet",
    "issue_wallet",
    "list_wallets",
    "lock_funds",
    "lock_org",
    "notify",
    "pay_out",
    "read_funds",
    "reverse_entry",
    "revoke_wallet",
    "top_up",
    "wallet_statement",
]
