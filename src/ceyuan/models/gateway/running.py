"""The gateway's life in a process: what an earlier process owed is posted first, what this one owes last."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import metrics
from ceyuan.models.gateway.app import GatewayApp
from ceyuan.models.gateway.call import Call
from ceyuan.models.gateway.funds import Funds
from ceyuan.models.gateway.gateway import Gateway
from ceyuan.models.gateway.inquiry import Inquiries
from ceyuan.models.gateway.journal import Journal, abandoned_journals
from ceyuan.models.gateway.leases import Leases
from ceyuan.models.gateway.limits import KeyLimits, Throttle
from ceyuan.models.gateway.live import Live
from ceyuan.models.gateway.moderation import Guards, Moderation
from ceyuan.models.gateway.policies import Policies
from ceyuan.models.gateway.poster import Poster
from ceyuan.models.gateway.posting import Finished
from ceyuan.models.gateway.repeats import Repeats
from ceyuan.models.gateway.settings import GatewaySettings
from ceyuan.models.gateway.templates import PromptTemplates
from ceyuan.models.gateway.traces import Traces
from ceyuan.models.gateway.upstream import Upstreams
from ceyuan.models.serving import ModelDirectory

logger = logging.getLogger(__name__)
_TICK_S = 5.0
_POLICIES_FRESH_S = 60.0
_DRAIN_S = 10.0


def journal_root(platform: Platform) -> Path:
    """Where the usage journals of all processes on this machine lie."""
    return platform.data_dir / "gateway" / "journal"


class GatewayService:
    """Starts and stops the gateway with the platform."""

    def __init__(self, platform: Platform, app: GatewayApp) -> None:
        self._platform = platform
        self._app = app
        self._keeper: asyncio.Task[None] | None = None
        self.live = Live()
        self.gateway: Gateway | None = None

    async def start(self, platform: Platform) -> None:
        """Post what dead processes left, then open the door."""
        settings = platform.section(GatewaySettings)
        (directory,) = platform.find(ModelDirectory)
        journal = Journal(
            journal_root(platform),
            segment_bytes=int(settings.journal_segment_mb * 1e6),
            sync_every_s=settings.sync_every_s,
        )
        shared = settings.share_limits
        leases = (
            Leases(platform) if shared or (shared is None and platform.database.url.startswith("postgresql")) else None
        )
        funds = Funds(platform, fresh_s=settings.limits_fresh_s, leases=leases)

        repeats = Repeats(platform)

        def settled(finished: Finished, cost_micro: int) -> None:
            call = finished.call
            journal.settle(call.id)
            if call.answer_body:
                repeats.posted(call)
                call.answer_body = ""
            if finished.hold is not None and finished.used is not None:
                funds.posted(finished.hold, finished.used, cost_micro)

        poster = Poster(
            platform,
            every_s=settings.post_every_s,
            batch=settings.post_batch,
            keep_refusals=settings.refusals_per_minute,
            settled=settled,
            process_above=settings.posting_process_above,
        )
        upstreams = Upstreams(connect_s=settings.connect_timeout_s)
        policies = Policies(
            KeyLimits(requests_per_minute=settings.requests_per_minute, tokens_per_minute=settings.tokens_per_minute)
        )
        gateway = Gateway(
            settings,
            directory=directory,
            funds=funds,
            throttle=Throttle(max_in_flight=settings.max_in_flight, max_per_org=settings.max_in_flight_per_org),
            journal=journal,
            poster=poster,
            policies=policies,
            upstreams=upstreams,
            guards=Guards(platform.find(Moderation)),  # type: ignore[type-abstract]
            live=self.live,
            repeats=repeats,
            leases=leases,
            templates=next(iter(platform.find(PromptTemplates)), None),  # type: ignore[type-abstract]
        )
        if settings.otlp_endpoint:
            self.live.traces = Traces(settings.otlp_endpoint)
        await settle_abandoned(journal_root(platform), poster, directory, Inquiries(upstreams))
        await policies.load(platform)
        journal.open()
        poster.start()
        self.gateway = self._app.gateway = gateway
        self._keeper = asyncio.create_task(self._keep(gateway), name="gateway-keeper")

    async def stop(self, platform: Platform) -> None:
        """Close the door, let running calls end, post everything."""
        gateway, self.gateway, self._app.gateway = self.gateway, None, None
        if gateway is None:
            return
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        ends = time.monotonic() + _DRAIN_S
        while gateway.throttle.in_flight and time.monotonic() < ends:
            await asyncio.sleep(0.05)
        await gateway.inquiries.stop()
        await gateway.forwarder.shadows.stop()
        await gateway.upstreams.close()
        await gateway.poster.stop()
        if gateway.leases is not None:
            await gateway.leases.close()
        await gateway.journal.close()
        traces, self.live.traces = self.live.traces, None
        if traces is not None:
            await traces.close()

    def forget_limits(self, org_id: str | None) -> None:
        """Balances, quotas or prices changed."""
        if self.gateway is not None:
            self.gateway.funds.forget(org_id)

    async def reload_policies(self) -> None:
        """Policies or key limits changed."""
        if self.gateway is not None:
            await self.gateway.policies.load(self._platform)

    async def _keep(self, gateway: Gateway) -> None:
        loaded = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            metrics.IN_FLIGHT.set(gateway.throttle.in_flight)
            metrics.OWED.set(gateway.poster.backlog)
            gateway.throttle.sweep(time.monotonic())
            if gateway.leases is not None:
                try:
                    await gateway.leases.trim()
                except Exception:
                    logger.exception("leases could not be given back; it is tried again")
            if time.monotonic() - loaded > _POLICIES_FRESH_S:
                loaded = time.monotonic()
                try:
                    await gateway.policies.load(self._platform)
                except Exception:
                    logger.exception("the gateway's policies could not be read; the known ones stay")


async def settle_abandoned(root: Path, poster: Poster, directory: ModelDirectory, inquiries: Inquiries) -> list[Call]:
    """Post the calls of processes that ended without doing so, and forget their journals; returns those calls.

    Of those whose end was not written down, the upstream is asked first where it can be.
    """
    settled: list[Call] = []
    with abandoned_journals(root) as journals:
        for journal in journals:
            open_calls = [call for call in journal.calls if call.status == "interrupted"]
            asked = [(call, directory.replica(call.served_id, call.upstream)) for call in open_calls]
            await asyncio.gather(
                *(inquiries.settle(call, replica) for call, replica in asked if replica and replica.usage_url)
            )
            await poster.post_now([Finished(call) for call in journal.calls])
            journal.forget()
            settled += journal.calls
            if journal.calls:
                doubtful = sum(call.in_doubt for call in open_calls)
                logger.info(
                    "settled %s calls of an earlier process, %s interrupted, %s in doubt",
                    *(len(journal.calls), len(open_calls), doubtful),
                )
    return settled
