"""Every route with generated requests, as nobody, as an outsider, as a member: no fault inside, nothing disclosed."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from scripts.openapi import document


@schemathesis.serializer("application/x-ndjson")
def json_lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """A body of JSON lines, as the Hub's clients send a commit."""
    lines = value if isinstance(value, list) else [value]
    return b"\n".join(line.encode() if isinstance(line, str) else orjson.dumps(line, default=str) for line in lines)


@schemathesis.serializer("application/x-git-upload-pack-request", "application/x-git-receive-pack-request")
def git_lines(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """A body that is no request of git, as git would send it."""
    return str(value).encode()


schema = schemathesis.openapi.from_dict(document())
_QUICK = settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# What ends the session, or a stream that never ends by itself.
_LEFT_OUT = {"sign_out", "follow_job", "follow_calls", "sign_out_everywhere"}
WHO = ("nobody", "zoe", "li")


def headers(live: dict[str, Any], who: str) -> dict[str, str]:
    return {} if who == "nobody" else {"Authorization": f"Bearer {live['tokens'][who]}"}


@pytest.mark.parametrize("who", WHO)
@schema.parametrize()
@_QUICK
def test_no_request_meets_a_fault_inside(case: schemathesis.Case, who: str, live: dict[str, Any]) -> None:
    operation = case.operation.definition.raw
    if operation.get("operationId") in _LEFT_OUT or "text/event-stream" in str(operation.get("responses")):
        pytest.skip("a stream, or the end of the session")
    response = case.call(base_url=live["origin"], headers=headers(live, who), timeout=30)
    assert response.status_code < 500 or response.status_code == 503, response.text
    if response.status_code >= 400 and not case.path.startswith("/v1"):
        content_type = response.headers.get("content-type", [""])
        assert "json" in str(content_type) or case.method == "HEAD", content_type


def _private(live: dict[str, Any]) -> list[str]:
    """Pages of the organisation `lab` that no outsider may see."""
    org = live["org_id"]
    return [
        f"/api/v1/jobs/{live['job_id']}",
        f"/api/v1/jobs/{live['job_id']}/log",
        f"/api/v1/releases/{live['release_id']}",
        f"/api/v1/vouchers/{live['voucher_id']}",
        f"/api/v1/law/answers/{live['answer_id']}",
        f"/api/v1/organisations/{org}/members",
        "/api/v1/repositories/dataset/lab/laws",
        "/api/v1/repositories/model/lab/mini",
        "/datasets/lab/laws/resolve/main/data/part-0.parquet",
    ]


@pytest.mark.parametrize("who", ["nobody", "zoe"])
def test_what_is_private_is_not_there_for_outsiders(live: dict[str, Any], who: str) -> None:
    with httpx.Client(base_url=live["origin"], headers=headers(live, who), trust_env=False, timeout=60) as client:
        seen = {path: client.get(path).status_code for path in _private(live)}
    assert {path: status for path, status in seen.items() if status not in (401, 403, 404)} == {}


def test_the_lists_of_an_outsider_are_empty(live: dict[str, Any]) -> None:
    lists = (
        "jobs",
        "releases",
        "vouchers",
        "evaluation/runs",
        "safety/checks",
        "monitoring/rules",
        "monitoring/incidents",
    )
    with httpx.Client(base_url=live["origin"], headers=headers(live, "zoe"), trust_env=False, timeout=60) as client:
        found = {name: client.get(f"/api/v1/{name}").json()["items"] for name in lists}
    assert found == {name: [] for name in lists}


PUBLIC = {
    "count_repository_facets",
    "export_compute_offers",
    "get_default_recipe",
    "get_sign_in_options",
    "health",
    "hf_list_collections",
    "hf_list_datasets",
    "hf_list_models",
    "list_accelerators",
    "list_announcements",
    "list_collections",
    "list_compute_offers",
    "list_compute_partners",
    "list_compute_regions",
    "list_item_families",
    "list_organisations",
    "list_repositories",
    "list_safety_risks",
    "list_token_scopes",
    "list_voucher_schemes",
}
"""Lists and facts that are open to everybody; what is private is not in them."""


def test_every_list_but_the_public_ones_asks_who_is_there(live: dict[str, Any]) -> None:
    answered = set()
    with httpx.Client(base_url=live["origin"], trust_env=False, timeout=30) as client:
        for path, item in document()["paths"].items():
            operation = item.get("get")
            if operation is None or "{" in path:
                continue
            if client.get(path).status_code not in (401, 403, 404, 422):
                answered.add(operation["operationId"])
    assert answered == PUBLIC
