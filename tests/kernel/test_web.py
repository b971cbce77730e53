"""What a client sends and no column can hold is the client's fault, on either database."""

from __future__ import annotations

import base64

import httpx
import orjson
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ceyuan.kernel.platform import Platform
from ceyuan.kernel.web import install_error_handlers
from tests.identity.actors import People


def _cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


@pytest.fixture
async def token(platform: Platform) -> str:
    people = People(platform)
    await people.add("ada", admin=True)
    return await people.token("ada", "*")


async def test_nothing_that_a_column_cannot_hold_is_an_internal_error(
    client: httpx.AsyncClient, platform: Platform, token: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    far, early = "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"
    cases: list[tuple[str, dict[str, str]]] = [
        ("/jobs", {"cursor": _cursor(far, "x")}),
        ("/jobs", {"cursor": _cursor(early, "x")}),
        ("/jobs", {"cursor": _cursor("2026-01-01T00:00:00", "x")}),
        ("/jobs", {"cursor": _cursor("\0", "\0"), "sort": "kind"}),
        ("/vouchers", {"cursor": _cursor((1 << 64) - 1, "x"), "sort": "asked_micro"}),
        ("/audit/entries", {"until": far}),
        ("/audit/entries", {"since": early}),
        ("/metering/usage/statistics", {"end": early}),
    ]
    usage = f"/metering/organisations/{await People(platform).organisation('lab', ada='owner')}/usage/export"
    cases += [(usage, {"end": early, "format": form}) for form in ("csv", "jsonl")]
    for path, query in cases:
        answer = await client.get(f"/api/v1{path}", params=query, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), (path, query)
    # SQLite looks for it and finds nothing; PostgreSQL knows no such text.
    assert (await client.get("/api/v1/jobs?kind=%00", headers=headers)).status_code in (200, 422)


@pytest.mark.parametrize(
    ("query", "days", "status"),
    [("", 10**7, 422), ("?since=0001-01-01T00:00:00Z", 1, 422), ("?limit=99999999999999999999", 1, 422), ("", 30, 500)],
)
def test_an_overflow_is_the_clients_fault_only_if_the_request_holds_such_a_value(
    query: str, days: int, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    application = FastAPI()
    install_error_handlers(application)

    @application.post("/plans")
    async def plan(body: dict[str, int]) -> None:
        raise OverflowError("date value out of range")

    client = TestClient(application, raise_server_exceptions=False)
    answer = client.post(f"/plans{query}", json={"days": days})
    assert answer.status_code == status
    assert "Traceback" in caplog.text


async def test_a_refused_field_is_named_even_if_it_is_called_path(client: httpx.AsyncClient, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await client.post("/api/v1/repositories/dataset/a/b/query", json={"query": "select 1"}, headers=headers)
    assert answer.json()["errors"] == [{"field": "path", "message": "Field required"}]
