"""Tariffs: what an offer asks at each moment, by which use of a pool that it stands for is charged.

Whenever an offer goes live its prices are written down with the moment; what it asks at a time is what was written
last before. So verified prices hold until others take their place, also while the supplier amends them or the offer is
suspended: what already runs there is never charged by prices that nobody verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ceyuan.compute.catalogue.evidence import CHINA
from ceyuan.compute.catalogue.tables import ComputeOffer, ComputeOfferPrice, ComputePool
from ceyuan.kernel.ids import new_id

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """Micro-yuan from `since` on for `units` units and an hour: by the hour of the day in Beijing (24), and for spot. A
    unit is an accelerator, or a processor where there is none."""

    since: datetime
    hours: tuple[int, ...]
    spot: int | None = None
    units: int = 1

    def at(self, moment: datetime, spot: bool) -> int:
        """The price at a moment. What runs on spot never pays more than what does not."""
        return self.by_hour(spot)[moment.astimezone(CHINA).hour]

    def by_hour(self, spot: bool) -> tuple[int, ...]:
        """The price of each hour of the day."""
        return tuple(min(usual, self.spot) for usual in self.hours) if spot and self.spot is not None else self.hours

    def most(self, spot: bool) -> int:
        """The highest price of a day."""
        return max(self.by_hour(spot))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a use with one price: `micro` micro-yuan for `units` units and an hour, `spot` where that is the spot
    price."""

    start: datetime
    end: datetime
    micro: int
    units: int
    spot: bool = False


@dataclass(frozen=True, slots=True)
class Tariff:
    """What an offer asks for its accelerator (`cpu`: for processors), in the order of time."""

    offer_id: str
    accelerator: str
    asked: tuple[Asked, ...]

    def now(self, moment: datetime) -> Asked:
        """The prices in force at a moment; before the first, the first."""
        return next((one for one in reversed(self.asked) if one.since <= moment), self.asked[0])

    def stretches(self, start: datetime, seconds: Decimal, *, spot: bool) -> list[Stretch]:
        """A use of so many seconds, cut where its price changes: at full hours of the day, and where others came into
        force. Without gaps, in order."""
        end = start + timedelta(microseconds=int(seconds * 1_000_000))
        found: list[Stretch] = []
        for cut in self._cuts(start, end):
            begins = found[-1].end if found else start
            asked = self.now(begins)
            micro = asked.at(begins, spot)
            price = (micro, asked.units, micro < asked.at(begins, False))
            if found and (found[-1].micro, found[-1].units, found[-1].spot) == price:
                begins = found.pop().start
            found.append(Stretch(begins, cut, *price))
        return found

    def _cuts(self, start: datetime, end: datetime) -> Iterator[datetime]:
        # Beijing's hours begin with those of UTC.
        cut = start.replace(minute=0, second=0, microsecond=0) + _HOUR
        changes = {one.since for one in self.asked if start < one.since < end}
        hours = set[datetime]()
        while cut < end:
            hours.add(cut)
            cut += _HOUR
        yield from sorted(hours | changes)
        if end > start:
            yield end


def _hours(price_micro: int, bands: Iterable[dict[str, int]]) -> tuple[int, ...]:
    hours = [price_micro] * 24
    for band in bands:
        hours[band["from_hour"] : band["to_hour"]] = [band["micro"]] * (band["to_hour"] - band["from_hour"])
    return tuple(hours)


async def write_down(session: AsyncSession, offer: ComputeOffer, now: datetime) -> None:
    """Note what an offer that is live asks from now on, unless it asks the same as before."""
    query = select(ComputeOfferPrice).where(ComputeOfferPrice.offer_id == offer.id)
    last = (await session.scalars(query.order_by(ComputeOfferPrice.since.desc()).limit(1))).first()
    pool = await session.get_one(ComputePool, offer.pool_id)
    cores = pool.cpu_cores if offer.accelerator == "cpu" else 1
    prices = {"price_micro": offer.price_micro, "spot_micro": offer.spot_micro, "bands": list(offer.bands)}
    terms = {"accelerator": offer.accelerator, "cores": cores, **prices}
    if last is None or any(getattr(last, name) != value for name, value in terms.items()):
        session.add(ComputeOfferPrice(id=new_id("cop"), offer_id=offer.id, since=now, **terms))
        await session.flush()


async def read_tariffs(session: AsyncSession, offer_ids: Iterable[str]) -> dict[str, Tariff]:
    """The tariffs of these offers; one that was never live has none."""
    wanted = sorted(set(offer_ids))
    if not wanted:
        return {}
    query = select(ComputeOfferPrice).where(ComputeOfferPrice.offer_id.in_(wanted))
    rows: dict[str, list[ComputeOfferPrice]] = {}
    for row in await session.scalars(query.order_by(ComputeOfferPrice.since)):
        rows.setdefault(row.offer_id, []).append(row)
    return {
        offer_id: Tariff(
            offer_id,
            own[-1].accelerator,
            tuple(
                Asked(row.since, _hours(row.price_micro, row.bands), row.spot_micro, row.cores)
                for row in own
                if row.accelerator == own[-1].accelerator
            ),
        )
        for offer_id, own in rows.items()
    }
