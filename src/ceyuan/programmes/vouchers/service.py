"""Use cases of vouchers."""

from __future__ import annotations

from ceyuan.identity import get_organisation
from ceyuan.kernel import workflow
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.events import Event
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import fund_account, get_account, get_wallet, open_account, require_patterns
from ceyuan.programmes.vouchers import repository
from ceyuan.programmes.vouchers.caps import had_of
from ceyuan.programmes.vouchers.errors import CapReached, KeyReused, SchemeClosed, VoucherNotFound
from ceyuan.programmes.vouchers.process import NAME
from ceyuan.programmes.vouchers.schemas import ApplyIn, SchemeIn, SchemeOut, VoucherDecision, VoucherOut
from ceyuan.programmes.vouchers.tables import Voucher, VoucherScheme

_SCHEME = ("id", "org_id", "name_zh", "name_en", "cap_micro", "resources", "models", "share_bp", "valid_days")


async def create_scheme(uow: UnitOfWork, wanted: SchemeIn) -> VoucherScheme:
    """Set up a scheme with an empty pool; programme officers may."""
    uow.actor.require_duty("programme_officer")
    if wanted.closes_at is not None and wanted.closes_at <= uow.clock.now():
        raise Invalid(("截止时间已过", "the closing time lies in the past"))
    await get_organisation(uow, wanted.org_id)
    require_patterns(wanted.resources, wanted.models)
    scheme_id = new_id("vsc")
    pool = await open_account(uow, wanted.org_id, "pool", scheme_id)
    scheme = VoucherScheme(
        id=scheme_id,
        pool_account=pool.id,
        opens_at=uow.clock.now(),
        created_at=uow.clock.now(),
        **wanted.model_dump(),
    )
    uow.session.add(scheme)
    await uow.session.flush()
    await uow.audit("voucher_scheme.create", scheme.id, scheme.org_id, name=scheme.name_zh, cap_micro=scheme.cap_micro)
    return scheme


async def fund_scheme(uow: UnitOfWork, scheme_id: str, amount_micro: int, reference: str) -> VoucherScheme:
    """Put money into a scheme's pool, once per reference; operators may."""
    scheme = await repository.get_scheme(uow.session, scheme_id)
    await fund_account(uow, scheme.pool_account, amount_micro, reference=f"voucher:{scheme.id}:{reference}")
    return scheme


async def apply_for(uow: UnitOfWork, wanted: ApplyIn, *, key: str | None = None) -> Voucher:
    """Apply for a voucher; with an idempotency `key` a repetition returns the first application.

    Raises `SchemeClosed`, `CapReached` where nothing is left for the organisation, or `KeyReused` if the key belongs
    to an application for something else.
    """
    uow.actor.require_role(wanted.org_id, "maintainer")
    if key is not None and (known := await repository.by_key(uow.session, uow.actor.id, key)) is not None:
        if any(getattr(known, name) != value for name, value in wanted.model_dump().items()):
            raise KeyReused()
        return known
    scheme = await repository.get_scheme(uow.session, wanted.scheme_id)
    now = uow.clock.now()
    if now < scheme.opens_at or (scheme.closes_at is not None and now >= scheme.closes_at):
        raise SchemeClosed()
    left = scheme.cap_micro - await had_of(uow, scheme.id, wanted.org_id)
    if wanted.asked_micro > left:
        raise CapReached(
            (f"本单位剩余额度为 {left} 微元", f"{left} micro-yuan are left for this organisation"),
            hint=("请减少申请金额", "ask for less"),
        )
    voucher_id = new_id("vch")
    instance = await workflow.start(
        uow,
        NAME,
        voucher_id,
        title=(f"模型券:{scheme.name_zh}", f"Voucher: {scheme.name_en}"),
        org_id=wanted.org_id,
    )
    voucher = Voucher(
        id=voucher_id,
        scheme_id=scheme.id,
        org_id=wanted.org_id,
        purpose=wanted.purpose,
        asked_micro=wanted.asked_micro,
        granted_micro=None,
        wallet_id=None,
        workflow_id=instance.id,
        state=instance.state,
        applied_by=uow.actor.id,
        created_at=now,
        decided_at=None,
        expires_at=None,
        key=key,
    )
    uow.session.add(voucher)
    await uow.session.flush()
    return voucher


async def find_voucher(uow: UnitOfWork, voucher_id: str) -> Voucher:
    """The voucher if the actor may see it; raises `VoucherNotFound`."""
    uow.actor.require_known()
    voucher = await repository.get_voucher(uow.session, voucher_id)
    staff = uow.actor.has_duty("programme_officer") or uow.actor.has_duty("regulator")
    if not staff and not uow.actor.may(voucher.org_id):
        raise VoucherNotFound()
    return voucher


async def decide(uow: UnitOfWork, voucher_id: str, decision: VoucherDecision, *, key: str | None = None) -> Voucher:
    """Take a step of a voucher's workflow: grant issues the wallet, revoke takes back what is left."""
    voucher = await find_voucher(uow, voucher_id)
    form: dict[str, object] = {}
    if decision.decision == "grant" and decision.amount_micro is not None:
        form["amount_micro"] = decision.amount_micro
    if decision.decision in ("refuse", "revoke"):
        form["reason"] = decision.reason or ""
    await workflow.transit(uow, voucher.workflow_id, decision.decision, form=form, key=key)
    return voucher


async def show_scheme(uow: UnitOfWork, scheme: VoucherScheme) -> SchemeOut:
    """The scheme with its pool's balance."""
    pool = await get_account(uow, scheme.pool_account)
    fields = {name: getattr(scheme, name) for name in (*_SCHEME, "opens_at", "closes_at", "created_at")}
    return SchemeOut(pool_micro=pool.balance_micro, **fields)


async def show_voucher(uow: UnitOfWork, voucher: Voucher) -> VoucherOut:
    """The voucher with what its wallet still holds."""
    scheme = await repository.get_scheme(uow.session, voucher.scheme_id)
    left = (await get_wallet(uow, voucher.wallet_id)).balance_micro if voucher.wallet_id else None
    fields = {c.key: getattr(voucher, c.key) for c in Voucher.__table__.columns}
    return VoucherOut(scheme_zh=scheme.name_zh, scheme_en=scheme.name_en, left_micro=left, **fields)


async def wallet_revoked(uow: UnitOfWork, event: Event) -> None:
    """A voucher whose wallet an operator took back is revoked: what went back no longer counts against the cap."""
    voucher = await repository.by_wallet(uow.session, str(event.data["wallet_id"]))
    if voucher is not None and voucher.state == "granted":
        form = {"reason": "钱包已被运营方收回 The operator took the wallet back"}
        await workflow.transit(uow, voucher.workflow_id, "revoke", form=form, key=f"wallet:{voucher.wallet_id}")


async def wallet_ended(uow: UnitOfWork, event: Event) -> None:
    """A voucher whose wallet expired or is spent is closed."""
    voucher = await repository.by_wallet(uow.session, str(event.data["wallet_id"]))
    if voucher is not None and voucher.state == "granted":
        await workflow.transit(uow, voucher.workflow_id, "close", key=f"wallet:{voucher.wallet_id}")
