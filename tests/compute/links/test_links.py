"""The matrix of links over HTTP: who may enter it, and what is told of its holes."""

from __future__ import annotations

import pytest

from ceyuan.compute.links import Links
from tests.compute.market import Market

LINK = {"gbps": 40, "price_micro": 40_000, "kind": "direct", "evidence": "光路合同"}


async def test_operators_enter_links_everybody_known_reads_them_and_holes_are_named(market: Market) -> None:
    path = "/links/beijing/neimenggu"
    assert (await market.send(None, "GET", "/links")).status_code == 401
    assert (await market.send("li", "PUT", path, LINK)).status_code == 403
    assert (await market.send("li", "DELETE", path)).status_code == 403
    assert await market.code("officer", "PUT", "/links/beijing/atlantis", LINK) == (422, "compute_region_unknown")
    assert await market.code("officer", "PUT", "/links/beijing/beijing", LINK) == (422, "invalid")
    for wrong in ({"gbps": 0}, {"gbps": -1}, {"price_micro": -1}, {"latency_ms": 0}):
        assert (await market.send("officer", "PUT", path, LINK | wrong)).status_code == 422
    assert (await market.ok("li", "GET", "/links")) == {"links": [], "holes": []}
    assert len(await market.ok("officer", "PUT", path, LINK)) == 2
    await market.ok("officer", "PUT", path, LINK | {"gbps": 100, "one_way": True})
    told = {(row["source"], row["target"]): row["gbps"] for row in (await market.ok("li", "GET", "/links"))["links"]}
    assert told == {("beijing", "neimenggu"): 100, ("neimenggu", "beijing"): 40}
    assert (await market.send("officer", "DELETE", path)).status_code == 204
    assert await market.code("officer", "DELETE", path) == (404, "compute_link_not_found")


@pytest.mark.parametrize(
    ("ways", "holes"),
    [
        (set(), []),
        ({("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")}, []),
        ({("a", "b"), ("b", "c")}, [("b", "a"), ("c", "a"), ("c", "b")]),
    ],
)
def test_a_hole_is_where_not_even_one_stop_leads(ways: set[tuple[str, str]], holes: list[tuple[str, str]]) -> None:
    assert Links(dict.fromkeys(ways, (10.0, 0.0))).holes("abc") == holes
