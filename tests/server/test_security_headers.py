from __future__ import annotations

import httpx

from ceyuan.kernel.platform import Platform
from ceyuan.server.asgi import Door


async def test_every_answer_carries_a_strict_policy_and_a_request_id(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/health")
    assert response.json()["status"] == "ok"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert "unsafe-eval" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"].startswith("req_")


async def test_a_foreign_host_name_is_refused_so_that_a_rebound_dns_name_reaches_nothing(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get("/api/v1/health", headers={"Host": "evil.example"})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_unknown_path_is_a_problem_document_in_the_callers_language(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/nothing", headers={"Accept-Language": "zh-CN"})
    assert response.status_code == 404
    assert response.json()["detail"] == "未找到"


async def test_the_console_does_not_hand_out_files_outside_its_folder(client: httpx.AsyncClient) -> None:
    response = await client.get("/console/..%2fapp.py")
    assert "def create_app" not in response.text


async def test_figures_for_prometheus_are_open_to_this_machine_only(platform: Platform) -> None:
    async def asked_from(address: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=Door(platform), client=(address, 40000))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.get("/metrics")

    near = await asked_from("127.0.0.1")
    assert near.status_code == 200
    assert "process_" in near.text or "python_info" in near.text
    assert (await asked_from("10.0.0.9")).status_code in (401, 403)
