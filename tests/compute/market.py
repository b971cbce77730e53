"""A small market for tests: a supplier `jing` (maintainer chen), a buyer `lab` (li), an officer, an outsider zoe."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import httpx

from ceyuan.kernel.platform import Platform
from tests.identity.actors import People

YUAN = 1_000_000
FAR = (date.today() + timedelta(days=400)).isoformat()  # noqa: DTZ011 - a term far from any edge of a day
EVIDENCE = {"all": {"source": "框架合同 2026-07 附件三", "url": None, "expires_on": FAR}}


class Market:
    """Speaks to the whole application over HTTP, as one of its people."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient) -> None:
        self.platform = platform
        self.client = client
        self.people = People(platform)
        self.tokens: dict[str, str] = {}
        self.supplier = ""
        self.buyer = ""
        self.partner: dict[str, Any] = {}

    async def open(self) -> Market:
        self.supplier = await self.people.organisation("jing", chen="maintainer")
        self.buyer = await self.people.organisation("lab", li="owner")
        await self.people.add("officer", duties=("programme_officer", "operator"))
        await self.people.add("zoe")
        for name in ("chen", "li", "officer", "zoe"):
            self.tokens[name] = await self.people.token(name)
        self.partner = await self.ok(
            "chen",
            "POST",
            "/partners",
            {"org_id": self.supplier, "name_zh": "京算", "name_en": "Jing Compute", "contact": "desk@jing.cn"},
        )
        return self

    async def send(self, who: str | None, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return await self.client.request(method, f"/api/v1/compute{path}", json=body, params=params, headers=headers)

    async def ok(self, who: str | None, method: str, path: str, body: Any = None, **params: Any) -> Any:
        answer = await self.send(who, method, path, body, **params)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def code(self, who: str | None, method: str, path: str, body: Any = None, **params: Any) -> tuple[int, str]:
        answer = await self.send(who, method, path, body, **params)
        return answer.status_code, answer.json()["code"]

    async def admit(self) -> None:
        path = f"/partners/{self.partner['id']}/decision"
        assert (await self.ok("officer", "POST", path, {"decision": "admit"}))["state"] == "admitted"

    async def site(self, region: str = "beijing", **fields: Any) -> dict[str, Any]:
        body = {"partner_id": self.partner["id"], "name": f"{region} 一号", "region": region, "pue": 1.25}
        return await self.ok(
            "chen", "POST", "/sites", body | {"carbon_g_kwh": 580, "uplink_gbps": 100, "evidence": EVIDENCE} | fields
        )

    async def pool(self, site: dict[str, Any], accelerator: str = "h800", **fields: Any) -> dict[str, Any]:
        body = {"site_id": site["id"], "name": "A", "accelerator": accelerator, "nodes": 16, "per_node": 8}
        more = {"network": "InfiniBand", "network_gbps": 3200, "storage_tb": 2000, "evidence": EVIDENCE}
        return await self.ok("chen", "POST", "/pools", body | more | fields)

    def terms(self, **fields: Any) -> dict[str, Any]:
        base = {
            "title": "京算 H800",
            "list_micro": 20 * YUAN,
            "partner_micro": 12 * YUAN,
            "expires_at": f"{FAR}T00:00:00Z",
        }
        return base | {"availability_bp": 9990, "support": ["7×24 小时值守"], "evidence": EVIDENCE} | fields

    async def offer(self, pool: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        pool = pool or await self.pool(await self.site())
        return await self.ok("chen", "POST", "/offers", self.terms(**fields) | {"pool_id": pool["id"]})

    async def step(self, who: str, offer: dict[str, Any], decision: str, **form: Any) -> dict[str, Any]:
        return await self.ok(who, "POST", f"/offers/{offer['id']}/decision", {"decision": decision, "form": form})

    async def live(self, offer: dict[str, Any]) -> dict[str, Any]:
        """Take a new offer all the way."""
        for decision in ("verify", "issue_identifier", "publish"):
            await self.step("officer", offer, decision)
        return await self.step("chen", offer, "go_live")

    async def live_offer(self, region: str, accelerator: str, price_yuan: float, **pool: Any) -> dict[str, Any]:
        """A live offer of an admitted partner in one go."""
        made = await self.pool(await self.site(region), accelerator, **pool)
        price = round(price_yuan * YUAN)
        return await self.live(
            await self.offer(made, title=f"{region} {accelerator}", list_micro=price, partner_micro=None)
        )
