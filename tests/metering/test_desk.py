"""The desk over HTTP: who may see and do what, filters, pages, downloads."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from ceyuan.kernel.ids import new_id
from ceyuan.metering.exports import BOM
from tests.metering.bench import YUAN
from tests.metering.counter import Counter

ORG_PAGES = ["balance", "wallets", "holds", "usage", "usage/statistics", "quotas", "quotas/mine"]
BOOK_PAGES = ["terms", "accounts", "entries", "bills", "bills/preview"]
PLATFORM_PAGES = ["/books", "/accounts", "/entries", "/wallets", "/holds", "/bills", "/usage/statistics"]


@pytest.mark.parametrize("page", ORG_PAGES + BOOK_PAGES)
async def test_an_organisation_s_pages_open_to_those_who_may(counter: Counter, page: str) -> None:
    path = f"/organisations/{{org}}/{page}"
    wanted = {"anonymous": 401, "outsider": 404, "maintainer": 200, "owner": 200, "auditor": 200, "operator": 200}
    wanted["member"] = 200 if page in ORG_PAGES else 403
    for who, status in wanted.items():
        assert (await counter.send(who, "GET", path)).status_code == status, who


@pytest.mark.parametrize("page", PLATFORM_PAGES)
async def test_the_platform_s_pages_open_to_operators_and_auditors(counter: Counter, page: str) -> None:
    wanted = {"anonymous": 401, "outsider": 403, "owner": 403, "auditor": 200, "operator": 200}
    for who, status in wanted.items():
        assert (await counter.send(who, "GET", page)).status_code == status, who


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/organisations/{org}/top-ups", {"amount_micro": 1, "reference": "r"}),
        ("PUT", "/organisations/{org}/terms", {"credit_limit_micro": 5}),
        ("POST", "/organisations/{org}/wallets", {"amount_micro": 1, "source_account_id": "x", "reference": "r"}),
        ("POST", "/prices", {"resource": "a.b", "unit_micro": 1}),
        ("POST", "/prices/price_x/end", {}),
        ("POST", "/accounts/acct_x/pay-outs", {"amount_micro": 1, "reference": "r"}),
        ("POST", "/accounts/acct_x/fundings", {"amount_micro": 1, "reference": "r"}),
        ("POST", "/wallets/wallet_x/revocation", {"reason": "r"}),
        ("POST", "/holds/hold_x/release", {}),
        ("POST", "/bills", {"org_id": "{org}", "period": "2026-10"}),
        ("POST", "/bills/due", {}),
        ("POST", "/books/check", {}),
        ("POST", "/usage/use_x/reversal", {"reason": "r"}),
        ("POST", "/entries/entry_x/reversal", {"reason": "r"}),
    ],
)
async def test_the_books_are_written_by_operators_only(counter: Counter, method: str, path: str, body: Any) -> None:
    if "org_id" in body:
        body = body | {"org_id": counter.bench.org}
    for who, status in (("anonymous", 401), ("owner", 403), ("auditor", 403)):
        assert (await counter.send(who, method, path, body)).status_code == status, who


async def test_an_organisation_is_found_by_name_too_and_a_stranger_s_is_not_credited(counter: Counter) -> None:
    assert (await counter.get("owner", f"/organisations/{counter.name}/balance"))["org_id"] == counter.bench.org
    answer = await counter.send(
        "operator", "POST", "/organisations/nobody/top-ups", {"amount_micro": 5, "reference": "r"}
    )
    assert answer.status_code == 404


async def test_a_top_up_shows_in_balance_entries_and_statement(counter: Counter) -> None:
    body = {"amount_micro": 5 * YUAN, "reference": new_id("pay"), "note": "第一笔"}
    for _ in range(2):
        balance = await counter.post("operator", "/organisations/{org}/top-ups", body)
    assert balance["general_micro"] == 5 * YUAN
    (entry,) = (await counter.get("maintainer", "/organisations/{org}/entries", kind="topup"))["items"]
    assert [posting["amount_micro"] for posting in entry["postings"]] == [-5 * YUAN, 5 * YUAN]
    assert sum(posting["amount_micro"] for posting in entry["postings"]) == 0
    (account,) = (await counter.get("owner", "/organisations/{org}/accounts"))["items"]
    statement = await counter.get("owner", f"/accounts/{account['id']}/statement")
    assert (statement["closing_micro"], statement["movements"][0]["note"]) == (5 * YUAN, "第一笔")
    assert await counter.get("maintainer", f"/entries/{entry['id']}") == entry
    await counter.post("operator", f"/entries/{entry['id']}/reversal", {"reason": "error"})
    assert (await counter.get("owner", f"/entries/{entry['id']}"))["reversed_by"] is not None


async def test_members_see_their_own_use_and_maintainers_all(counter: Counter) -> None:
    bench = counter.bench
    await bench.post(bench.use(1, person_id="per_member"), bench.use(2, person_id="per_else"))
    path = "/organisations/{org}/usage"
    assert [event["quantity"] for event in (await counter.get("member", path))["items"]] == ["1"]
    assert len((await counter.get("member", path, person_id="per_else"))["items"]) == 1
    seen = (await counter.get("maintainer", path, sort="cost_micro"))["items"]
    assert [event["quantity"] for event in seen] == ["1", "2"]
    other = next(event["id"] for event in seen if event["person_id"] == "per_else")
    statuses = {who: (await counter.send(who, "GET", f"/usage/{other}")).status_code for who in ("member", "owner")}
    assert statuses == {"member": 403, "owner": 200}


async def test_usage_is_filtered_paged_and_shows_who_paid(counter: Counter) -> None:
    bench = counter.bench
    wallet = await bench.wallet(2_000, models=("m/a",))
    for number in range(5):
        bench.clock.advance(timedelta(seconds=1))
        await bench.post(bench.use(number + 1, model="m/a" if number < 3 else "m/b"))
    path, seen, cursor = "/organisations/{org}/usage", [], None
    while True:
        page = await counter.get("owner", path, model="m/a", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [event["quantity"] for event in seen] == ["3", "2", "1"]
    assert seen[2]["charges"] == [{"wallet_id": wallet.id, "amount_micro": 1000}]
    paid = await counter.get("owner", path, wallet_id=wallet.id)
    assert [event["quantity"] for event in paid["items"]] == ["2", "1"]


async def test_statistics_by_person_are_for_maintainers(counter: Counter) -> None:
    bench = counter.bench
    await bench.post(bench.use(1, person_id="per_member"), bench.use(2, person_id="per_else"))
    path = "/organisations/{org}/usage/statistics"
    assert (await counter.send("member", "GET", path, by="person_id")).status_code == 403
    points = await counter.get("owner", path, by=["person_id", "resource"], bucket="total")
    assert {point["dimensions"]["person_id"]: point["quantity"] for point in points} == {
        "per_else": "2",
        "per_member": "1",
    }
    (point,) = await counter.get("member", path, bucket="month")
    assert (point["bucket"], point["cost_micro"], point["quantity"]) == ("2026-11", 3000, None)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_usage_is_downloaded_whole(counter: Counter, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ceyuan.metering.desk import usage

    monkeypatch.setattr(usage, "_EXPORT_PAGE", 2)
    bench = counter.bench
    await bench.post(*(bench.use(n, subject="=cmd") for n in range(1, 6)))
    answer = await counter.send("maintainer", "GET", "/organisations/{org}/usage/export", format=form)
    assert answer.status_code == 200
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix(BOM))))
        assert {row["subject"] for row in rows} == {"'=cmd"}
    else:
        rows = [json.loads(line) for line in answer.text.splitlines()]
    assert sorted(int(row["quantity"]) for row in rows) == [1, 2, 3, 4, 5]
    assert (await counter.send("outsider", "GET", "/organisations/{org}/usage/export")).status_code == 404


async def test_prices_of_others_are_not_disclosed(counter: Counter) -> None:
    bench, stranger = counter.bench, new_id("org")
    await bench.price(5, scope=bench.org)
    await bench.price(6, scope=stranger)
    mine = await counter.get("member", "/prices", resource=bench.resource)
    assert {price["scope"] for price in mine["items"]} == {"*", bench.org}
    assert (await counter.send("member", "GET", "/prices", scope=stranger)).status_code == 404
    assert len((await counter.get("operator", "/prices", resource=bench.resource))["items"]) == 3
    assert (await counter.send("anonymous", "GET", "/prices")).status_code == 401


async def test_operators_set_and_end_prices(counter: Counter) -> None:
    body = {"resource": counter.bench.resource, "unit_micro": 7, "per": 1000, "model": "m/*"}
    price = await counter.post("operator", "/prices", body)
    assert (await counter.send("operator", "POST", "/prices", body | {"valid_from": "2026-11-16"})).status_code == 422
    again = await counter.send("operator", "POST", "/prices", body)
    assert (again.status_code, again.json()["code"]) == (409, "price_overlap")
    counter.bench.clock.advance(timedelta(hours=1))
    ended = await counter.post("operator", f"/prices/{price['id']}/end", {})
    assert ended["valid_to"] is not None


async def test_a_quote_splits_before_anything_is_spent(counter: Counter) -> None:
    bench = counter.bench
    wallet = await bench.wallet(2_000)
    body = {"wants": [{"resource": bench.resource, "quantity": 3}]}
    quoted = await counter.post("member", "/organisations/{org}/quotes", body)
    assert quoted == {
        "list_micro": 3000,
        "cost_micro": 3000,
        "by_wallet": [{"wallet_id": wallet.id, "amount_micro": 2000}],
        "general_micro": 1000,
        "missing_micro": 1000,
    }


async def test_operators_issue_and_revoke_wallets(counter: Counter) -> None:
    pool = await counter.bench.pool()
    body = {"amount_micro": 500, "source_account_id": pool, "reference": new_id("g"), "models": ["demo/*"]}
    wallet = await counter.post("operator", "/organisations/{org}/wallets", body)
    assert (await counter.get("member", f"/wallets/{wallet['id']}"))["balance_micro"] == 500
    assert (await counter.send("outsider", "GET", f"/wallets/{wallet['id']}")).status_code == 404
    revoked = await counter.post("operator", f"/wallets/{wallet['id']}/revocation", {"reason": "test"})
    assert (revoked["state"], revoked["returned_micro"]) == ("revoked", 500)
    listed = await counter.get("member", "/organisations/{org}/wallets", state="revoked")
    assert [one["id"] for one in listed["items"]] == [wallet["id"]]
    movements = (await counter.get("member", f"/wallets/{wallet['id']}/statement", sort="seq"))["movements"]
    assert [movement["kind"] for movement in movements] == ["issue", "revoke"]


async def test_maintainers_manage_their_quotas(counter: Counter) -> None:
    body = {"metric": "quantity", "amount": 10, "window": "day", "resource": counter.bench.resource}
    assert (await counter.send("member", "POST", "/organisations/{org}/quotas", body)).status_code == 403
    quota = await counter.post("maintainer", "/organisations/{org}/quotas", body)
    await counter.bench.post(counter.bench.use(4))
    (state,) = await counter.get("member", "/organisations/{org}/quotas")
    assert (state["used"], state["quota"]["amount"], state["quota"]["set_by"]) == ("4", "10", "organisation")
    changed = await counter.send("maintainer", "PATCH", f"/quotas/{quota['id']}", {"amount": 12.5, "hard": False})
    assert (changed.json()["amount"], changed.json()["hard"]) == ("12.5", False)
    assert (await counter.send("maintainer", "DELETE", f"/quotas/{quota['id']}")).status_code == 204
    assert await counter.get("member", "/organisations/{org}/quotas") == []


async def test_bills_are_previewed_issued_and_downloaded(counter: Counter) -> None:
    bench = counter.bench
    await bench.post(bench.use(3))
    preview = await counter.get("maintainer", "/organisations/{org}/bills/preview")
    assert (preview["cost_micro"], preview["number"]) == (3000, None)
    early = await counter.send("operator", "POST", "/bills", {"org_id": bench.org, "period": "2026-11"})
    assert (early.status_code, early.json()["code"]) == (409, "period_open")
    bench.clock.advance(timedelta(days=20))
    bill = await counter.post("operator", "/bills", {"org_id": bench.org, "period": "2026-11"})
    listed = (await counter.get("maintainer", "/organisations/{org}/bills"))["items"]
    assert [one["number"] for one in listed] == [bill["number"]]
    assert await counter.get("maintainer", f"/bills/{bill['id']}/export", format="json") == bill
    table = await counter.send("maintainer", "GET", f"/bills/{bill['id']}/export", format="csv")
    assert "payable" in table.text
    assert (await counter.send("outsider", "GET", f"/bills/{bill['id']}")).status_code == 404


async def test_an_outside_meter_posts_in_batches_once_per_key(counter: Counter) -> None:
    bench = counter.bench
    event = {"key": new_id("k"), "org_id": bench.org, "resource": bench.resource, "quantity": 1.5}
    event["occurred_at"] = bench.clock.now().isoformat()
    for posted in (1, 0):
        answer = await counter.post("operator", "/usage", {"events": [event]})
        assert (answer["posted"], answer["cost_micro"]) == (posted, 1500)
    bad = await counter.send("operator", "POST", "/usage", {"events": [event | {"quantity": 0.0001, "key": "x"}]})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid_usage")
    assert (await counter.send("owner", "POST", "/usage", {"events": [event]})).status_code == 403


async def test_the_books_by_kind_come_to_zero(counter: Counter) -> None:
    await counter.bench.top_up(5)
    assert sum(row["balance_micro"] for row in await counter.get("auditor", "/books")) == 0


async def test_a_token_needs_the_scope(counter: Counter) -> None:
    from dataclasses import replace

    from ceyuan.kernel.errors import Forbidden
    from ceyuan.metering.access import require_reader
    from tests.metering.people import holding

    bench = counter.bench
    limited = replace(holding(bench.org, "owner"), scopes=frozenset({"hub:read"}))

    async def read(uow: Any) -> None:
        require_reader(uow, bench.org)

    with pytest.raises(Forbidden):
        await bench.do(read, actor=limited)
    await bench.do(read, actor=replace(limited, scopes=frozenset({"metering:read"})))
