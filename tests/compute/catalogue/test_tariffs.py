"""What an offer asks over time, and how a use is cut by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ceyuan.compute.catalogue import Asked, Tariff, read_tariffs
from ceyuan.compute.catalogue.evidence import CHINA
from ceyuan.compute.tasks.amounts import CORE_SECOND
from ceyuan.compute.tasks.description import Resources
from ceyuan.compute.tasks.tariffs import Way
from tests.compute.market import YUAN, Market

DAY = datetime(2026, 11, 3, tzinfo=CHINA)
NIGHT_AND_DAY = (8 * YUAN,) * 8 + (12 * YUAN,) * 16
TARIFF = Tariff("cof_1", "h800", (Asked(DAY - timedelta(days=9), NIGHT_AND_DAY, 9 * YUAN),))
H800 = Resources(cpus=16, accelerator="h800", accelerators=8)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def cut(tariff: Tariff, start: float, hours: float, spot: bool = False) -> list[tuple[float, float, float]]:
    """(hour of the beginning, hours, yuan) of each stretch."""
    found = tariff.stretches(at(start), Decimal(str(hours * 3600)), spot=spot)
    hour = timedelta(hours=1)
    return [((one.start - DAY) / hour, (one.end - one.start) / hour, one.micro / YUAN) for one in found]


def test_a_use_is_cut_where_the_hour_changes_the_price_and_only_there() -> None:
    assert cut(TARIFF, 7.5, 2.0) == [(7.5, 0.5, 8.0), (8.0, 1.5, 12.0)]
    assert cut(TARIFF, 7.0, 1.0) == [(7.0, 1.0, 8.0)]
    assert cut(TARIFF, 8.0, 0.5) == [(8.0, 0.5, 12.0)]
    assert cut(TARIFF, 23.5, 9.0) == [(23.5, 0.5, 12.0), (24.0, 8.0, 8.0), (32.0, 0.5, 12.0)]
    assert cut(TARIFF, 9.0, 0.0) == []


def test_a_price_that_changes_in_mid_run_holds_from_its_moment_on() -> None:
    dearer = Tariff("cof_1", "h800", (*TARIFF.asked, Asked(at(9.25), (15 * YUAN,) * 24)))
    assert cut(dearer, 9.0, 1.0) == [(9.0, 0.25, 12.0), (9.25, 0.75, 15.0)]
    assert cut(dearer, 7.5, 3.0) == [(7.5, 0.5, 8.0), (8.0, 1.25, 12.0), (9.25, 1.25, 15.0)]
    assert cut(dearer, 9.25, 1.0) == [(9.25, 1.0, 15.0)]


def test_spot_is_never_dearer_than_the_hour() -> None:
    assert cut(TARIFF, 7.5, 2.0, spot=True) == [(7.5, 0.5, 8.0), (8.0, 1.5, 9.0)]
    without = Tariff("cof_1", "h800", (Asked(DAY, NIGHT_AND_DAY),))
    assert cut(without, 9.0, 1.0, spot=True) == [(9.0, 1.0, 12.0)]
    assert TARIFF.asked[0].most(spot=True) == 9 * YUAN
    assert TARIFF.asked[0].most(spot=False) == 12 * YUAN


@given(
    st.integers(0, 40 * 3600 * 1000),
    st.integers(1, 50 * 3600 * 1000),
    st.lists(st.floats(0, 90), max_size=4, unique=True),
    st.booleans(),
)
def test_no_second_is_charged_twice_or_forgotten(start: int, length: int, changes: list[float], spot: bool) -> None:
    more = [Asked(at(hour), (round(1000 * hour) + 1,) * 24) for hour in sorted(changes)]
    way, seconds = Way(H800, Tariff("cof_1", "h800", (*TARIFF.asked, *more)), spot), length / 1000
    begins = at(start / 3_600_000)
    parts = [one for one in way.charges(begins, seconds) if one.resource != CORE_SECOND.name]
    assert sum(one.quantity for one in parts) == (Decimal(str(seconds)) * 8).quantize(Decimal("0.001"))
    assert (parts[0].start, parts[-1].end) == (begins, begins + timedelta(seconds=seconds))
    assert all(one.end == two.start for one, two in pairwise(parts))
    assert sum(one.rate.cost(one.quantity) for one in parts if one.rate) <= sum(
        want.rate.cost(want.quantity) for want in _dearest(way, seconds) if want.rate
    ) + len(parts)


def _dearest(way: Way, seconds: float):  # type: ignore[no-untyped-def]
    assert way.tariff is not None
    moments = [one.since for one in way.tariff.asked]
    return max((way.dearest(moment, seconds) for moment in moments), key=lambda wants: wants[-1].rate.unit_micro)


def test_processors_beside_an_accelerator_are_in_its_price_and_a_node_is_priced_by_its_processors() -> None:
    parts = Way(H800, TARIFF).charges(at(9), 3600.0)
    assert [(one.resource, one.rate.cost(one.quantity)) for one in parts if one.rate] == [
        ("compute.core_second", 0),
        ("compute.device_second.h800", 8 * 12 * YUAN),
    ]
    nodes = Tariff("cof_2", "cpu", (Asked(DAY, (32 * YUAN,) * 24, units=64),))
    (part,) = Way(Resources(cpus=2), nodes).charges(at(9), 3600.0)
    assert part.rate is not None
    assert part.rate.cost(part.quantity) == YUAN
    # A tariff says nothing of resources of another kind: the price list does.
    assert [one.rate for one in Way(Resources(cpus=2), TARIFF).charges(at(9), 60.0)] == [None]
    assert [one.rate for one in Way(H800, nodes).charges(at(9), 60.0)] == [None, None]


async def test_prices_are_written_down_when_an_offer_goes_live_and_hold_until_others_do(market: Market) -> None:
    await market.admit()
    offer = await market.offer(bands=[{"from_hour": 0, "to_hour": 8, "micro": 8 * YUAN}], spot_micro=6 * YUAN)

    async def asked() -> tuple[Asked, ...]:
        async with market.platform.work(write=False) as uow:
            found = await read_tariffs(uow.session, [offer["id"]])
        return found[offer["id"]].asked if found else ()

    await market.step("officer", offer, "verify")
    assert await asked() == ()
    for decision in ("issue_identifier", "publish"):
        await market.step("officer", offer, decision)
    await market.step("chen", offer, "go_live")
    (first,) = await asked()
    assert (first.hours, first.spot) == (NIGHT_AND_DAY, 6 * YUAN)
    await market.step("officer", offer, "suspend", reason="complaint")
    await market.step("officer", offer, "resume")
    await market.step("chen", offer, "amend")
    dearer = market.terms(partner_micro=None, spot_micro=None)
    await market.ok("chen", "PUT", f"/offers/{offer['id']}", dearer)
    # Prices that nobody verified yet charge nobody.
    assert await asked() == (first,)
    await market.live(offer)
    assert [one.hours[0] for one in await asked()] == [8 * YUAN, 20 * YUAN]
