"""The steps of the loop that are one transaction each."""

from __future__ import annotations

import hashlib
from typing import Any

from ceyuan.data.sources import ensure_source
from ceyuan.data.sources.places import registered_corpora
from ceyuan.data.sources.schemas import Reading, SourceIn
from ceyuan.demo.plan import LoopPlan
from ceyuan.governance.monitoring import create_rule
from ceyuan.governance.monitoring.schemas import RuleIn
from ceyuan.hub import list_files
from ceyuan.identity import found_organisation, org_by_name
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import NewPrice, price_book, set_price
from ceyuan.models.gateway import INPUT, OUTPUT
from ceyuan.models.serving import NewServed, serve_model
from ceyuan.programmes.vouchers import apply_for, create_scheme, decide, find_voucher, fund_scheme
from ceyuan.programmes.vouchers.schemas import ApplyIn, SchemeIn, VoucherDecision

MINI = "mini-zh"
_PRICES = ((INPUT, 300_000), (OUTPUT, 600_000))
"""Micro-yuan for a million tokens: of the order of public price lists for small models in 2026."""
_PER = 1_000_000


async def ensure_organisation(uow: UnitOfWork, plan: LoopPlan) -> str:
    """The organisation that the turn is for."""
    known = await org_by_name(uow, plan.owner)
    if known is not None:
        uow.actor.require_role(known.id, "maintainer")
        return known.id
    made = await found_organisation(uow, name=plan.owner, display_name="策源示范单位", kind="lab")
    return str(made.id)


async def ensure_prices(uow: UnitOfWork) -> list[str]:
    """Prices of tokens, where the operator has set none."""
    book = await price_book(uow, ())
    made = []
    for resource, unit in _PRICES:
        if book.list_rate(resource, "*", uow.clock.now()) is None:
            await set_price(uow, NewPrice(resource, unit, _PER, note="示范价目 Demonstration price"))
            made.append(resource)
    return made


async def ensure_sources(uow: UnitOfWork, org_id: str, plan: LoopPlan) -> list[str]:
    """The sources of the turn, registered with licence and origin; returns their ids."""
    if plan.source_dir is not None:
        own = SourceIn(
            org_id=org_id,
            key=f"own-folder-{hashlib.sha256(plan.source_dir.encode()).hexdigest()[:8]}",
            kind="folder",
            location=plan.source_dir,
            title="自有文件夹 Own folder",
            licence=plan.source_licence,
            reading=Reading(limit=plan.documents_per_source),
        )
        return [(await ensure_source(uow, own)).id]
    ids = []
    for key in registered_corpora():
        # npm may be out of reach: what comes from there is not required.
        reading = Reading(required=key != "chinese-poetry", limit=plan.documents_per_source)
        source = SourceIn(org_id=org_id, key=key, kind="package", location=key, reading=reading)
        ids.append((await ensure_source(uow, source)).id)
    return ids


async def serve_models(uow: UnitOfWork, plan: LoopPlan, model_ref: str) -> list[str]:
    """Put the trained model, and the instruction model, behind the gateway; returns their public names."""
    files = [path async for path, _ in list_files(uow, model_ref) if path.endswith(".gguf")]
    trained = NewServed(
        MINI,
        title="自训练小模型 The model trained here",
        file=f"hub:{model_ref}:{files[0]}",
        capabilities=("completions",),
    )
    names = [(await serve_model(uow, trained, replace_existing=True)).name]
    if plan.instruction_model is not None:
        instruct = NewServed(
            plan.instruction_model,
            title="内置指令模型 Embedded instruction model",
            file=f"known:{plan.instruction_model}",
            accept_licence=plan.accept_licence,
        )
        names.append((await serve_model(uow, instruct, replace_existing=True)).name)
    return names


async def apply_for_voucher(uow: UnitOfWork, org_id: str, plan: LoopPlan) -> dict[str, Any]:
    """A voucher pool, and the organisation's application for a voucher out of it."""
    scheme = await create_scheme(
        uow,
        SchemeIn(
            org_id=org_id,
            name_zh="示范模型券",
            name_en="Demonstration model vouchers",
            cap_micro=plan.voucher_micro,
            resources=["gateway.*"],
            models=["*"],
            valid_days=365,
        ),
    )
    await fund_scheme(uow, scheme.id, 5 * plan.voucher_micro, "loop")
    voucher = await apply_for(
        uow,
        ApplyIn(
            scheme_id=scheme.id,
            org_id=org_id,
            asked_micro=plan.voucher_micro,
            purpose="法律助手与评测 Law assistant, evaluation",
        ),
    )
    return {"scheme_id": scheme.id, "voucher_id": voucher.id}


async def grant_voucher(uow: UnitOfWork, voucher_id: str) -> str | None:
    """Grant the voucher where that is for the actor to do, and nobody decided yet; returns its wallet. Raises
    `GuardRefused` where somebody else is there to do it."""
    voucher = await find_voucher(uow, voucher_id)
    if voucher.state == "applied":
        voucher = await decide(uow, voucher_id, VoucherDecision(decision="grant"))
    return voucher.wallet_id


async def watch_refusals(uow: UnitOfWork, org_id: str) -> str:
    """A rule that opens an incident as soon as one call is blocked."""
    rule = await create_rule(
        uow,
        RuleIn(
            org_id=org_id,
            name_zh="有请求被内容安全拦截",
            name_en="A call was blocked for its content",
            metric="blocked",
            threshold=0,
            window_s=600,
            severity="warning",
        ),
    )
    return rule.id
