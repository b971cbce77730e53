from __future__ import annotations

from datetime import timedelta

import pytest

from ceyuan.compute.catalogue import require_usable
from ceyuan.compute.catalogue.errors import OfferExpired, OfferNotLive
from ceyuan.identity.organisations.founding import add_membership
from ceyuan.kernel.workflow import history, sweep
from tests.compute.market import EVIDENCE, FAR, YUAN, Market


async def test_nobody_and_outsiders_see_no_offer_before_it_is_published(market: Market) -> None:
    offer = await market.offer()
    for who in (None, "zoe", "li"):
        assert (await market.ok(who, "GET", "/offers"))["items"] == []
        assert await market.code(who, "GET", f"/offers/{offer['id']}") == (404, "compute_offer_not_found")
    for path in (f"/sites/{offer['site_id']}", f"/pools/{offer['pool_id']}"):
        assert (await market.send("zoe", "PUT", path, {})).status_code in (404, 422)
    assert (await market.ok("zoe", "GET", "/sites"))["items"] == []
    assert (await market.code(None, "POST", "/offers", {**market.terms(), "pool_id": offer["pool_id"]}))[0] == 401
    assert (await market.code("li", "POST", "/offers", {**market.terms(), "pool_id": offer["pool_id"]}))[0] == 404
    assert (await market.code("li", "PUT", f"/offers/{offer['id']}", market.terms()))[0] == 404


async def test_an_offer_goes_from_application_to_live_and_everybody_finds_it(market: Market) -> None:
    await market.admit()
    offer = await market.offer()
    assert offer["state"] == "applied"
    live = await market.live(offer)
    assert live["state"] == "live"
    assert live["identifier"].startswith("cy.110000.h800.")
    (found,) = (await market.ok(None, "GET", "/offers", q="京算"))["items"]
    assert (found["id"], found["workflow_id"]) == (offer["id"], None)
    assert found["evidence"]["offer.all"]["source"] == EVIDENCE["all"]["source"]
    assert (await market.ok(None, "GET", f"/identifiers/{live['identifier']}"))["id"] == offer["id"]
    assert (await market.step("chen", offer, "degrade", reason="two nodes in repair"))["state"] == "degraded"
    assert (await market.step("chen", offer, "restore"))["state"] == "live"
    assert (await market.step("officer", offer, "suspend", reason="complaint"))["state"] == "suspended"
    assert (await market.ok(None, "GET", "/offers"))["items"] == []
    assert (await market.step("officer", offer, "resume"))["state"] == "live"
    assert (await market.step("chen", offer, "retire"))["state"] == "retired"
    assert (await market.ok(None, "GET", f"/identifiers/{live['identifier']}"))["state"] == "retired"


async def test_officers_verify_suppliers_go_live_and_until_then_an_offer_takes_no_work(market: Market) -> None:
    await market.admit()
    offer = await market.offer()
    path = f"/offers/{offer['id']}/decision"
    assert (await market.code("chen", "POST", path, {"decision": "verify"}))[0] == 403
    for decision in ("verify", "issue_identifier", "publish"):
        await market.step("officer", offer, decision)
    assert (await market.code("officer", "POST", path, {"decision": "go_live"}))[0] == 403
    async with market.platform.work(write=False) as uow:
        with pytest.raises(OfferNotLive):
            await require_usable(uow, offer["id"])


@pytest.mark.engine_bound
async def test_an_officer_does_not_bring_the_own_organisation_to_market_while_another_could(market: Market) -> None:
    await market.people.add("wang", duties=("programme_officer",))
    async with market.platform.work() as uow:
        await add_membership(uow, market.supplier, (await market.people.actor("wang")).id, "viewer")
    market.tokens["wang"] = await market.people.token("wang")

    async def refused(path: str, decision: str) -> None:
        answer = await market.send("wang", "POST", f"{path}/decision", {"decision": decision})
        assert answer.status_code == 409, answer.text
        assert "belongs to the organisation" in answer.json()["detail"]

    await refused(f"/partners/{market.partner['id']}", "admit")
    await market.admit()
    offer = await market.offer()
    path = f"/offers/{offer['id']}"
    for decision in ("verify", "issue_identifier", "publish"):
        await refused(path, decision)
        await market.step("officer", offer, decision)
    await market.step("chen", offer, "go_live")
    assert (await market.step("wang", offer, "suspend", reason="our own fault"))["state"] == "suspended"
    await refused(path, "resume")
    entry = {"family": "gemm", "precision": "bf16", "value": 400.0, "unit": "tflops", "source": "run 12"}
    entry |= {"provenance": "measured", "expires_on": FAR}
    measured = await market.code("wang", "POST", f"/pools/{offer['pool_id']}/measurements", entry)
    assert measured == (403, "compute_measured_by_others")


@pytest.mark.engine_bound
async def test_where_nobody_independent_is_entitled_verification_is_told_to_be_an_exception(market: Market) -> None:
    await market.admit()
    offer = await market.offer()
    async with market.platform.work() as uow:
        await add_membership(uow, market.supplier, (await market.people.actor("officer")).id, "viewer")
    assert (await market.step("officer", offer, "verify"))["state"] == "verified"
    async with market.platform.work(write=False) as uow:
        moves = await history(uow, offer["workflow_id"])
    assert "exception" in moves[-1]["exception_en"]


async def test_an_offer_of_a_partner_that_is_not_admitted_or_without_evidence_is_not_verified(market: Market) -> None:
    offer = await market.offer(await market.pool(await market.site(), evidence={}), evidence={})
    answer = await market.send("officer", "POST", f"/offers/{offer['id']}/decision", {"decision": "verify"})
    detail = answer.json()["detail"]
    assert answer.status_code == 409
    assert "not admitted" in detail
    assert "offer.list_micro" in detail
    assert "pool.nodes" in detail


async def test_verified_terms_are_frozen_until_the_supplier_amends_them(market: Market) -> None:
    await market.admit()
    offer = await market.live(await market.offer())
    change = market.terms(list_micro=9 * YUAN, partner_micro=None)
    assert await market.code("chen", "PUT", f"/offers/{offer['id']}", change) == (409, "compute_terms_frozen")
    pool = (await market.ok("chen", "GET", "/pools"))["items"][0]
    assert (await market.code("chen", "PUT", f"/pools/{pool['id']}", pool))[1] == "compute_terms_frozen"
    await market.step("chen", offer, "amend")
    changed = await market.ok("chen", "PUT", f"/offers/{offer['id']}", change)
    assert (changed["price_micro"], changed["state"]) == (9 * YUAN, "applied")
    again = await market.live(changed)
    assert again["identifier"] == offer["identifier"]


async def test_an_offer_lapses_with_the_first_of_its_evidence_and_is_refused_by_name(market: Market) -> None:
    await market.admit()
    live = await market.live(await market.offer())
    async with market.platform.work(write=False) as uow:
        await require_usable(uow, live["id"])
    clock = market.platform.clock

    class Later:
        def now(self):  # type: ignore[no-untyped-def]
            return clock.now() + timedelta(days=402)

    market.platform.clock = Later()  # type: ignore[assignment]
    async with market.platform.work(write=False) as uow:
        with pytest.raises(OfferExpired):
            await require_usable(uow, live["id"])
    await sweep(market.platform)
    assert (await market.ok("officer", "GET", f"/offers/{live['id']}"))["state"] == "suspended"
    refused = await market.send("officer", "POST", f"/offers/{live['id']}/decision", {"decision": "resume"})
    assert "expired" in refused.json()["detail"]


async def test_bad_figures_have_named_errors(market: Market) -> None:
    site = await market.site()
    pool = await market.pool(site)
    body = {"site_id": site["id"], "name": "B", "accelerator": "h8000", "nodes": 1}
    answer = await market.send("chen", "POST", "/pools", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "compute_accelerator_unknown")
    assert "h800" in answer.json()["near"]
    assert (await market.code("chen", "POST", "/pools", body | {"accelerator": "h800", "nodes": -1}))[0] == 422
    site_body = {"partner_id": market.partner["id"], "name": "x", "region": "mars"}
    assert (await market.code("chen", "POST", "/sites", site_body))[1] == "compute_region_unknown"
    for change in (
        {"partner_micro": 21 * YUAN},
        {"bands": [{"from_hour": 0, "to_hour": 8, "micro": 1}, {"from_hour": 7, "to_hour": 9, "micro": 1}]},
        {"bands": [{"from_hour": 22, "to_hour": 6, "micro": 1}]},
    ):
        offer = market.terms(**change) | {"pool_id": pool["id"]}
        assert (await market.code("chen", "POST", "/offers", offer))[1] == "compute_price_invalid"
    past = market.terms(expires_at="2020-01-01T00:00:00Z") | {"pool_id": pool["id"]}
    assert (await market.code("chen", "POST", "/offers", past))[1] == "compute_offer_expired"


async def test_a_supplier_claims_speeds_but_only_officers_enter_measured_ones(market: Market) -> None:
    entry = {"family": "pretraining", "precision": "bf16", "value": 400.0, "unit": "tflops", "source": "run 12"}
    entry |= {"provenance": "measured", "expires_on": FAR}
    site = await market.site()
    body = {"site_id": site["id"], "name": "B", "accelerator": "h800", "nodes": 1, "throughput": [entry]}
    assert (await market.code("chen", "POST", "/pools", body))[1] == "compute_measured_by_others"
    pool = await market.pool(site, throughput=[entry | {"provenance": "vendor", "value": 500.0}])
    path = f"/pools/{pool['id']}/measurements"
    assert (await market.code("chen", "POST", path, entry))[0] == 403
    await market.ok("officer", "POST", path, entry)
    offer = await market.offer(pool)
    claims = {one["provenance"]: one["value"] for one in offer["throughput"] if one["family"] == "pretraining"}
    assert claims == {"vendor": 500.0, "measured": 400.0}


@pytest.mark.engine_bound
async def test_only_an_organisation_that_there_is_becomes_a_partner_by_id_or_name(market: Market) -> None:
    await market.people.add("root", admin=True)
    market.tokens["root"] = await market.people.token("root")
    body = {"name_zh": "甲", "name_en": "a", "contact": "c"}
    for nobody in ("nowhere", "org_01m82wpbrv23rp8jwkp821cy6k"):
        answer = await market.code("root", "POST", "/partners", body | {"org_id": nobody})
        assert answer == (404, "organisation_not_found")
    assert (await market.ok("li", "POST", "/partners", body | {"org_id": "lab"}))["org_id"] == market.buyer


async def test_an_organisation_is_a_partner_once_and_is_described_by_its_maintainers(market: Market) -> None:
    body = {"org_id": market.supplier, "name_zh": "a", "name_en": "a", "contact": "c"}
    assert (await market.code("chen", "POST", "/partners", body))[1] == "compute_partner_exists"
    assert (await market.code("li", "POST", "/partners", body))[0] == 404
    path = f"/partners/{market.partner['id']}"
    assert (await market.code(None, "GET", path))[0] == 404
    await market.admit()
    shown = await market.ok(None, "GET", path)
    assert (shown["contact"], shown["workflow_id"]) == (None, None)
    assert (await market.code("li", "PATCH", path, {"about": "no"}))[0] == 404
    assert (await market.ok("chen", "PATCH", path, {"about": "十年经验"}))["about"] == "十年经验"
