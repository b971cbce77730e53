"""What may go wrong with vouchers."""

from ceyuan.kernel.errors import Conflict, NotFound


class SchemeNotFound(NotFound):
    code = "voucher_scheme_not_found"
    title = ("没有这个模型券方案", "No such voucher scheme")


class VoucherNotFound(NotFound):
    code = "voucher_not_found"
    title = ("没有这张模型券", "No such voucher")


class SchemeClosed(Conflict):
    code = "voucher_scheme_closed"
    title = ("不在申领期内", "The scheme does not take applications now")


class KeyReused(Conflict):
    """The idempotency key belongs to another application of the same person."""

    code = "voucher_key_reused"
    title = ("幂等键已用于其他申请", "The idempotency key was used for another application")


class CapReached(Conflict):
    code = "voucher_cap_reached"
    title = ("已达到本方案的单位上限", "The organisation's cap in this scheme is reached")
