"""Routes are noted at the start, worked out when they are used, and then the same as any."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from ceyuan.kernel.routes import Router


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
