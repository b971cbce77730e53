"""Model vouchers: schemes with a pool of money, applications, grants. A granted voucher is a restricted wallet.

The balance and every cent of its use are metering's; this room owns who may have how much, from which pool,
until when, and why.
"""

from ceyuan.programmes.vouchers.service import apply_for, create_scheme, decide, find_voucher, fund_scheme
from ceyuan.programmes.vouchers.tables import Voucher, VoucherScheme

__all__ = ["Voucher", "VoucherScheme", "apply_for", "create_scheme", "decide", "find_voucher", "fund_scheme"]
