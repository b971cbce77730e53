"""Data's hook filled by the gateway: the organisation of the run pays, once for each piece of work."""

from __future__ import annotations

import pytest

from ceyuan.kernel.errors import CeyuanError
from ceyuan.server.embedding import GatewayEmbedder
from tests.models.gateway.house import House


async def test_the_organisation_of_the_run_pays_once_for_each_piece_of_work(house: House) -> None:
    embedder, document = GatewayEmbedder(), {"model": "echo", "input": ["一", "二"]}
    actor = await house.people.actor("wang")
    before = await house.balance()
    first = await embedder.embed(house.platform, actor, house.org, document, "job_1:a")
    await house.settle()
    paid = before - await house.balance()
    assert [row["embedding"] for row in first["data"]] == [[0.0, 0.5, -0.25], [1.0, 0.5, -0.25]]
    assert paid > 0
    assert await embedder.embed(house.platform, actor, house.org, document, "job_1:a") == first
    await house.settle()
    assert before - await house.balance() == paid


async def test_models_that_are_not_served_or_make_no_embeddings_are_not_offered(house: House) -> None:
    await house.serve("talker", capabilities=("chat",))
    embedder = GatewayEmbedder()
    assert embedder.offers(house.platform, house.org, "echo")
    assert not embedder.offers(house.platform, house.org, "talker")
    assert not embedder.offers(house.platform, house.org, "nothing")
    actor, document = await house.people.actor("wang"), {"model": "nothing", "input": ["一"]}
    with pytest.raises(CeyuanError, match="nothing"):
        await embedder.embed(house.platform, actor, house.org, document, "job_1:b")
