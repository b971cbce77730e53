"""The double-entry ledger: accounts, and a journal whose entries sum to zero and never change.

It knows accounts and amounts only; what an entry is for is the business of those who write it.
"""

from ceyuan.metering.ledger.journal import (
    LARGEST_MICRO,
    PLATFORM,
    Account,
    Draft,
    external_account,
    find_entry,
    get_account,
    open_account,
    post_entries,
    replayed,
    require_amount,
    reverse,
    settled_account,
    transfer,
    transfer_once,
)

__all__ = [
    "LARGEST_MICRO",
    "PLATFORM",
    "Account",
    "Draft",
    "external_account",
    "find_entry",
    "get_account",
    "open_account",
    "post_entries",
    "replayed",
    "require_amount",
    "reverse",
    "settled_account",
    "transfer",
    "transfer_once",
]
