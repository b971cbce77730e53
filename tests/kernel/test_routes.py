"""Routes are noted at the start, worked out when they are used, and then the same as any."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from ceyuan.kernel import routes
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import install_error_handlers


class Order(BaseModel):
    count: int


def _application() -> tuple[FastAPI, Router]:
    router = Router(prefix="/orders", tags=["orders"])

    @router.post("/{name}", response_model=Order, status_code=201)
    async def place_order(name: str, order: Order) -> Order:
        return order

    @router.get("/{name}")
    async def read_order(name: str) -> dict[str, str]:
        return {"name": name}

    application = FastAPI()
    application.router.routes.extend(router.routes)
    return application, router


def test_a_route_is_worked_out_at_its_first_request_and_no_other_with_it() -> None:
    application, router = _application()
    place, read = router.routes
    assert "dependant" not in vars(place)
    assert TestClient(application).get("/orders/one").json() == {"name": "one"}
    assert "dependant" in vars(read)
    # Its path was held against the request's, which takes no validator.
    assert "path_regex" in vars(place)
    assert "dependant" not in vars(place)


def test_bodies_are_checked_and_answers_carry_their_status() -> None:
    client = TestClient(_application()[0])
    assert client.post("/orders/one", json={"count": "many"}).status_code == 422
    answer = client.post("/orders/one", json={"count": 3})
    assert (answer.status_code, answer.json()) == (201, {"count": 3})
    assert client.delete("/orders/one").status_code == 405


def test_the_document_names_operations_by_their_functions() -> None:
    paths = _application()[0].openapi()["paths"]
    assert paths["/orders/{name}"]["post"]["operationId"] == "place_order"
    assert paths["/orders/{name}"]["get"]["tags"] == ["orders"]


def test_what_a_route_never_has_is_no_attribute() -> None:
    with pytest.raises(AttributeError):
        _ = _application()[1].routes[0].nothing  # type: ignore[attr-defined]


def _client() -> tuple[TestClient, list[object]]:
    application, router = _application()
    kept: list[object] = []

    @router.post("/{name}/notes")
    async def keep_notes(name: str, notes: dict[str, object]) -> dict[str, object]:
        kept.append(notes)
        return notes

    application.router.routes.append(router.routes[-1])
    install_error_handlers(application)
    return TestClient(application), kept


@pytest.mark.parametrize(
    "document", [b'{"a": "\\ud800"}', b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": "\xff"}', b'{"a":' * 5000]
)
def test_what_no_answer_could_say_again_is_refused_before_it_is_kept(document: bytes) -> None:
    client, kept = _client()
    answer = client.post("/orders/one/notes", content=document, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert kept == []


def test_a_document_is_not_read_beyond_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MAX_DOCUMENT", 1 << 20)
    client, kept = _client()
    answer = client.post("/orders/one/notes", json={"a": "x" * (1 << 20)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert client.post("/orders/one/notes", json={"a": "x" * 1000}).status_code == 200
    assert len(kept) == 1
