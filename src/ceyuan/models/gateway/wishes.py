"""What an organisation wants of its own calls: what is kept of them, where they may go, which answers may be given
again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

from ceyuan.identity import org_by_name
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.tables import GatewayPolicy
from ceyuan.models.serving import ModelDirectory


@dataclass(frozen=True, slots=True)
class Wishes:
    """See `GatewayPolicy`; these are the defaults of an organisation that said nothing."""

    store_bodies: bool = False
    label: str | None = None
    inside: bool = False
    mask_outside: bool = False
    cache_s: int = 0
    keep_bodies_days: int = 0
    redact_bodies: bool = False
    semantic_model: str = ""
    semantic_likeness: float = 0.95


def _shown(uow: UnitOfWork, org_id: str, wishes: Wishes) -> dict[str, Any]:
    settings = uow.platform.section(GatewaySettings)
    return {
        "org_id": org_id,
        **asdict(wishes),
        "platform_label": settings.label,
        "platform_bodies_days": settings.keep_bodies_days,
        "keep_calls_days": settings.keep_calls_days,
    }


def _kept(row: GatewayPolicy | None) -> Wishes:
    if row is None:
        return Wishes()
    return Wishes(**{name: getattr(row, name) for name in Wishes.__slots__})


async def _org_id(uow: UnitOfWork, reference: str) -> str:
    """The id of an organisation by its name; what is no name is taken for an id."""
    found = await org_by_name(uow, reference)
    return found.id if found is not None else reference


async def see_policy(uow: UnitOfWork, organisation: str) -> dict[str, Any]:
    """The policy of an organisation (id or name) with the platform's part; for its members."""
    org_id = await _org_id(uow, organisation)
    uow.actor.require_role(org_id)
    return _shown(uow, org_id, _kept(await uow.session.get(GatewayPolicy, org_id)))


async def set_policy(uow: UnitOfWork, organisation: str, wishes: Wishes) -> dict[str, Any]:
    """Set the policy of an organisation (id or name); for its maintainers. Audited. Raises `Invalid` for an embedding
    model that it may not use."""
    org_id = await _org_id(uow, organisation)
    uow.actor.require_role(org_id, "maintainer")
    if wishes.semantic_model:
        _require_embedding(uow, org_id, wishes.semantic_model)
    row = await uow.session.get(GatewayPolicy, org_id, with_for_update=True)
    if row is None:
        row = GatewayPolicy(org_id=org_id)
        uow.session.add(row)
    for name, value in asdict(wishes).items():
        setattr(row, name, value)
    row.updated_by, row.updated_at = uow.actor.id, uow.clock.now()
    await uow.session.flush()
    await uow.audit("gateway.policy", org_id, org_id, **asdict(wishes))
    await uow.publish("gateway.policy_changed", org_id=org_id)
    return _shown(uow, org_id, wishes)


def _require_embedding(uow: UnitOfWork, org_id: str, model: str) -> None:
    (directory,) = uow.platform.find(ModelDirectory)
    route = directory.find(model, org_id)
    if route is None or "embeddings" not in route.capabilities:
        raise Invalid(
            (f"“{model}”不是可用的向量模型", f"“{model}” is no embedding model that is served to you"),
            hint=("请选择已上线的向量模型", "choose a served model that can do embeddings"),
        )
    if find_spec("numpy") is None:
        raise Invalid(
            ("语义缓存需要 numpy", "the semantic cache needs numpy"),
            hint=("请安装附加组件 standard", "install the extra “standard”"),
        )
