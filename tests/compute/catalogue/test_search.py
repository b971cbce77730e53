from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from ceyuan.compute.catalogue.identifiers import is_identifier, make_identifier
from ceyuan.compute.catalogue.regions import REGIONS
from tests.compute.market import YUAN, Market


async def stocked(market: Market) -> dict[str, dict[str, object]]:
    await market.admit()
    return {
        "bj": await market.live_offer("beijing", "h800", 20, nodes=4),
        "nm": await market.live_offer("neimenggu", "ascend910b", 8, nodes=32),
        "tj": await market.live_offer("tianjin", "cpu", 2, per_node=1, nodes=10),
    }


async def test_offers_are_filtered_sorted_paged_and_compared_in_normalised_units(market: Market) -> None:
    made = await stocked(market)

    async def found(**params: object) -> list[str]:
        return [row["id"] for row in (await market.ok(None, "GET", "/offers", **params))["items"]]

    assert await found(region="beijing") == [made["bj"]["id"]]
    assert await found(vendor="ascend") == [made["nm"]["id"]]
    assert await found(min_memory_gib=70) == [made["bj"]["id"]]
    assert await found(min_accelerators=100) == [made["nm"]["id"]]
    assert await found(max_price_micro=3 * YUAN) == [made["tj"]["id"]]
    assert await found(spot="true") == []
    assert await found(sort="price_micro") == [made["tj"]["id"], made["nm"]["id"], made["bj"]["id"]]
    # A unit price needs a peak: what has none comes last.
    assert (await found(sort="unit_micro"))[-1] == made["tj"]["id"]
    page = await market.ok(None, "GET", "/offers", sort="price_micro", limit=2)
    rest = await market.ok(None, "GET", "/offers", sort="price_micro", limit=2, cursor=page["next"])
    assert [row["id"] for row in rest["items"]] == [made["bj"]["id"]]
    rows = await market.ok(None, "GET", "/offers/compare", id=[made["bj"]["id"], made["nm"]["id"], made["tj"]["id"]])
    h800, ascend, cpu = rows
    # ¥20 for 989.4 TFLOPS and ¥8 for 313: the price of 10^15 operations a second.
    assert h800["unit_micro"] == round(20 * YUAN * 1000 / 989.4)
    assert ascend["unit_micro"] == round(8 * YUAN * 1000 / 313)
    assert (cpu["unit_micro"], cpu["card_hour_micro"]) == (None, None)
    assert h800["carbon_g_hour"] == round(0.7 * 1.25 * 580, 1)
    peaks = {one["precision"]: one["value"] for one in h800["throughput"] if one["provenance"] == "peak"}
    assert (peaks["bf16"], peaks["fp8"]) == (989.4, 1978.9)


async def test_the_map_counts_what_is_published_and_a_pool_with_two_offers_once(market: Market) -> None:
    made = await stocked(market)
    second = await market.ok(
        "chen", "POST", "/offers", market.terms(title="H800 夜间") | {"pool_id": made["bj"]["pool_id"]}
    )
    await market.live(second)
    regions = {row["name"]: row for row in await market.ok(None, "GET", "/regions")}
    assert set(regions) == set(REGIONS)
    assert (regions["beijing"]["offers"], regions["beijing"]["accelerators"]) == (2, 32)
    assert regions["beijing"]["cheapest_micro"] == 12 * YUAN
    assert regions["neimenggu"]["vendors"] == {"ascend": 256}
    assert regions["hebei"]["offers"] == 0


async def test_offers_are_exported_without_formulas_and_accelerators_name_their_sources(market: Market) -> None:
    await market.admit()
    await market.live(await market.offer(title="=1+1"))
    text = (await market.send(None, "GET", "/offers/export", format="csv")).text
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["title"] == "'=1+1"
    assert (row["list_yuan"], row["partner_yuan"], row["spot_yuan"]) == ("20", "12", "")
    (same,) = await market.ok(None, "GET", "/offers/export", format="json")
    assert same["title"] == "=1+1"
    rows = await market.ok(None, "GET", "/accelerators")
    assert {row["vendor"] for row in rows} >= {"nvidia", "ascend", "cambricon", "hygon", "kunlunxin", "moorethreads"}
    assert {row["vendor"] for row in rows} >= {"iluvatar", "metax", "amd", "cpu"}
    assert all(row["source"] for row in rows)
    assert next(row["standard_cards"] for row in rows if row["name"] == "a100") == 1.0


@given(st.text(alphabet="0123456789abcdef", min_size=1, max_size=40), st.sampled_from(sorted(REGIONS)))
def test_an_identifier_is_recognised_and_one_wrong_character_is_not(offer_id: str, region: str) -> None:
    made = make_identifier(REGIONS[region].code, "h800", offer_id)
    assert is_identifier(made)
    wrong = "1" if made[-3] == "0" else "0"
    assert not is_identifier(made[:-3] + wrong + made[-2:])
