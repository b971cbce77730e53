"""Puts the gateway into the platform: its byte path, what it hears, what it does by the clock."""

from __future__ import annotations

import logging
from datetime import timedelta

from ceyuan.identity import OrganisationData, OrganisationRows, PersonalData, Rows, ScopeRoom
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Chore, Platform
from ceyuan.metering import Resource
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.app import GatewayApp
from ceyuan.models.gateway.funds import CHARACTERS, IMAGES, INPUT, OUTPUT, REQUESTS, SECONDS
from ceyuan.models.gateway.keys import IdentityKeys
from ceyuan.models.gateway.leases import forget_leases
from ceyuan.models.gateway.privacy import GatewayPersonalData
from ceyuan.models.gateway.running import GatewayService
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.tables import GatewayBody, GatewayCall, GatewayKeyLimit, GatewayPolicy

logger = logging.getLogger(__name__)
_OF_ONE_ORG = (
    "metering.limits_changed",
    "metering.wallet_exhausted",
    "metering.credit_exhausted",
    "metering.quota_exhausted",
)
_OF_ORGANISATION = OrganisationRows(
    "gateway",
    Rows("calls", GatewayCall, GatewayCall.org_id),
    Rows("bodies", GatewayBody, GatewayCall.org_id, GatewayBody.call_id),
    Rows("key-limits", GatewayKeyLimit, GatewayKeyLimit.org_id),
    Rows("policy", GatewayPolicy, GatewayPolicy.org_id),
)
RESOURCES = (
    Resource(INPUT, unit=("token", "tokens"), title=("模型输入", "Model input")),
    Resource(OUTPUT, unit=("token", "tokens"), title=("模型输出", "Model output")),
    Resource(REQUESTS, unit=("次", "requests"), title=("模型调用", "Model calls")),
    Resource(IMAGES, unit=("张", "images"), title=("生成图片", "Images made")),
    Resource(CHARACTERS, unit=("字", "characters"), title=("语音合成", "Characters spoken")),
    Resource(SECONDS, unit=("秒", "seconds"), title=("语音识别", "Audio transcribed")),
)


def wire(platform: Platform) -> None:
    """Provide the application of `/v1` and the service behind it."""
    app = GatewayApp(platform, IdentityKeys(platform))
    service = GatewayService(platform, app)
    platform.provide(GatewayApp, app)
    platform.provide(GatewayService, service)
    platform.services.append(service)
    for resource in RESOURCES:
        platform.provide(Resource, resource)
    platform.provide(
        ScopeRoom,
        ScopeRoom(
            "gateway",
            ("模型网关", "Model gateway"),
            paths=("/api/v1/gateway",),
            verbs={"call": ("调用模型", "Call models")},
        ),
    )
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(PersonalData, GatewayPersonalData())  # type: ignore[type-abstract]

    async def limits_changed(_platform: Platform, event: Event) -> None:
        service.forget_limits(event.data.get("org_id"))

    async def prices_changed(_platform: Platform, _event: Event) -> None:
        service.forget_limits(None)

    async def policy_changed(_platform: Platform, _event: Event) -> None:
        await service.reload_policies()

    async def breaker_closed(_platform: Platform, event: Event) -> None:
        if service.gateway is not None:
            service.gateway.router.forgive(str(event.data["replica_id"]))

    for topic in _OF_ONE_ORG:
        platform.subscriptions.on_volatile(topic, limits_changed)
    platform.subscriptions.on_volatile("metering.prices_changed", prices_changed)
    platform.subscriptions.on_volatile("gateway.policy_changed", policy_changed)
    platform.subscriptions.on_volatile("gateway.breaker_closed", breaker_closed)
    platform.chores.append(Chore("forget old calls", 3600.0, forget_old))


async def forget_old(platform: Platform) -> None:
    """Delete bodies and records that have served their time."""
    settings, now = platform.section(GatewaySettings), platform.clock.now()
    async with platform.work() as uow:
        await repository.forget_bodies(uow.session, now - timedelta(days=settings.keep_bodies_days))
        for policy in await repository.policies(uow.session):
            if policy.keep_bodies_days:
                before = now - timedelta(days=policy.keep_bodies_days)
                await repository.forget_bodies(uow.session, before, policy.org_id)
        await forget_leases(uow.session, now - timedelta(days=1))
        await repository.forget_repeats(uow.session, now - timedelta(days=settings.keep_repeats_days))
        await repository.forget_calls(uow.session, now - timedelta(days=settings.keep_calls_days))
