"""The capacity that a study starts from, as declared now, with what was assumed where nothing is declared."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from ceyuan.compute.accelerators import power_of
from ceyuan.compute.catalogue import OfferOut, Search, read_tariffs, usable_offers
from ceyuan.compute.links import read_links
from ceyuan.compute.pools import all_pools, nodes_of
from ceyuan.compute.quotas import shares
from ceyuan.compute.tasks import Resources
from ceyuan.compute.tasks.amounts import amounts
from ceyuan.compute.tasks.settings import TaskSettings
from ceyuan.compute.twin.schemas import FleetIn, LinkIn
from ceyuan.kernel.errors import MissingExtra
from ceyuan.kernel.work import UnitOfWork
from ceyuan.metering import Want, quote

_HOUR = 3600


async def read_fleet(uow: UnitOfWork, org_id: str, wanted: FleetIn, links: list[LinkIn]) -> dict[str, Any]:
    """Places, rows of equal nodes, links and quotas, as the engine of simulation reads them."""
    if wanted.kind == "ring":
        world = await asyncio.to_thread(_ring, wanted)
    elif wanted.kind == "offers":
        core = await _hour_price(uow, org_id, Resources(cpus=1))
        world = _of_offers(await usable_offers(uow, Search()), core)
    else:
        world = await _of_pools(uow, org_id)
    if wanted.kind != "ring":
        entered = await read_links(uow)
        world["links"] = [
            {"from": one, "to": other, "gbps": gbps, "price": price}
            for (one, other), (gbps, price) in entered.ways.items()
        ]
    given = {pair for link in links for pair in ((link.one, link.other), (link.other, link.one))}
    world["links"] = [row for row in world["links"] if (row["from"], row["to"]) not in given]
    for link in links:
        for one, other in ((link.one, link.other), (link.other, link.one)):
            world["links"].append({"from": one, "to": other, "gbps": link.gbps, "price": link.yuan_per_gb})
    for place in world["places"]:
        place.setdefault("assumed", [])
    return world


def _ring(wanted: FleetIn) -> dict[str, Any]:
    try:
        from ceyuan.compute.simulation.process import describe
    except ImportError as error:
        raise MissingExtra("standard", ("数字孪生", "the digital twin")) from error
    return describe({"seed": wanted.seed, "accelerators": wanted.accelerators})


async def _of_pools(uow: UnitOfWork, org_id: str) -> dict[str, Any]:
    """The connected pools that the organisation's tasks may use, at the prices that it is charged now."""
    pools = {pool.id: pool for pool in await all_pools(uow.session) if pool.org_id in (None, org_id)}
    nodes = [node for node in await nodes_of(uow.session, list(pools)) if node.cpus]
    declared = {(offer.region, offer.accelerator): offer for offer in await usable_offers(uow, Search())}
    core = await _hour_price(uow, org_id, Resources(cpus=1))
    tariffs = await read_tariffs(uow.session, [pool.offer_id for pool in pools.values() if pool.offer_id])
    home = uow.platform.section(TaskSettings).region
    places, rows = [], dict[tuple[Any, ...], int]()
    for pool in pools.values():
        own = [node for node in nodes if node.pool_id == pool.id]
        kinds = [node.accelerator for node in own if node.accelerators]
        kind = max(set(kinds), key=kinds.count) if kinds else ""
        price = core if not kind else await _hour_price(uow, org_id, Resources(accelerator=kind, accelerators=1)) - core
        # Where no region is entered, a pool lies where the platform's store does, as for the choice of sites.
        region = pool.region or home
        offer = declared.get((region, kind))
        place, assumed = power_of(kind, region, offer.pue if offer else None, offer.carbon_g_kwh if offer else None)
        prices = {"price": [price if kind else 0.0], "core_price": [core]}
        tariff = tariffs.get(pool.offer_id or "")
        if tariff is not None and tariff.accelerator in (kind, "cpu"):
            asked = tariff.asked[-1]
            usual, spot = ([micro / 1e6 / asked.units for micro in asked.by_hour(one)] for one in (False, True))
            prices |= _by_offer(tariff.accelerator, usual, spot, core)
        places.append({"name": pool.name, "region": region} | prices | place | {"assumed": assumed})
        for node in own:
            key = (pool.name, node.cpus, node.memory_mib, node.accelerator, node.accelerators)
            rows[key] = rows.get(key, 0) + 1
    names = ("place", "cpus", "memory_mib", "accelerator", "accelerators")
    tree = await shares(uow.session)
    return {
        "places": places,
        "nodes": [dict(zip(names, key, strict=True), count=count) for key, count in rows.items()],
        "links": [],
        "shares": [
            {
                "name": share.name,
                "parent": share.parent,
                "guaranteed": dict(share.guaranteed),
                "borrowing": dict(share.borrowing),
                "weight": share.weight,
            }
            for share in tree
        ],
    }


async def _hour_price(uow: UnitOfWork, org_id: str, resources: Resources) -> float:
    wants = [Want(name, Decimal(quantity)) for name, quantity in amounts(_HOUR, resources).items()]
    return (await quote(uow, org_id, wants)).cost_micro / 1e6


def _by_offer(kind: str, usual: list[float], spot: list[float], core: float) -> dict[str, list[float]]:
    """What an offer's prices take the place of: an accelerator's include the cores beside it, and say nothing of tasks
    without accelerators; a processor's say nothing of cores beside accelerators."""
    if kind == "cpu":
        return {"core_price": usual, "core_spot": spot, "beside_price": [core]}
    return {"price": usual, "spot": spot, "core_price": [core], "beside_price": [0.0]}


def _of_offers(offers: list[OfferOut], core: float) -> dict[str, Any]:
    """What partners offer, at their prices by the hour; `core`: the price list's for a core."""
    places, rows = [], []
    for offer in offers:
        name = f"{offer.title}·{offer.id[-6:]}"
        power, assumed = power_of(offer.accelerator, offer.region, offer.pue, offer.carbon_g_kwh)
        cpu = offer.accelerator == "cpu"
        one = 1e6 * (offer.cpu_cores if cpu else 1)  # where there is no accelerator, a node has the price
        price = [offer.price_micro / one] * 24
        for band in offer.bands:
            price[band.from_hour : band.to_hour] = [band.micro / one] * (band.to_hour - band.from_hour)
        spot = price if offer.spot_micro is None else [min(usual, offer.spot_micro / one) for usual in price]
        prices = {"price": [0.0]} | _by_offer(offer.accelerator, price, spot, core)
        places.append({"name": name, "region": offer.region} | prices | power | {"assumed": assumed})
        rows.append(
            {
                "place": name,
                "count": offer.nodes,
                "cpus": offer.cpu_cores,
                "memory_mib": round(offer.host_memory_gib * 1024),
                "accelerator": "" if cpu else offer.accelerator,
                "accelerators": 0 if cpu else offer.per_node,
            }
        )
    return {"places": places, "nodes": rows, "links": [], "shares": []}
