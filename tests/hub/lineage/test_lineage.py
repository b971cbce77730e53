"""Lineage: deeds are recorded once, the graph is walked both ways, and nobody sees what is not theirs."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ceyuan.hub import By, Node, Revision, commit_folder, lineage_graph, record_lineage
from ceyuan.hub.errors import NodeNotFound
from ceyuan.hub.lineage.tables import LineageEdge, LineageRecord
from ceyuan.kernel.actor import ANONYMOUS, SYSTEM, Actor
from ceyuan.kernel.platform import Platform
from tests.hub.conftest import MEMBER, OUTSIDER, As, make_repository

SOURCE = Node("source", "source:laws", "国家法律", visibility="public", details={"licence": "MIT"})


def node(name: str, kind: str = "step") -> Node:
    return Node(kind, f"{kind}:{name}", name, org_id="org_demo")


async def revision(platform: Platform, name: str, folder: Path) -> Revision:
    folder.mkdir(exist_ok=True)
    (folder / "x").write_text(name)
    return await commit_folder(platform, f"datasets/demo/{name}", folder, message="m", actor=MEMBER)


async def draw(platform: Platform, start: str, actor: Actor = MEMBER, **how: int) -> dict[str, int]:
    async with platform.work(actor, write=False) as uow:
        return {n.key: n.distance for n in (await lineage_graph(uow, start, **how)).nodes}


async def test_who_may_not_see_a_node_cannot_learn_that_it_exists(platform: Platform, signed_in: As) -> None:
    async with platform.work(SYSTEM) as uow:
        await record_lineage(uow, inputs=[node("a")], output=node("b"), action="make")
    for actor in (ANONYMOUS, OUTSIDER):
        with pytest.raises(NodeNotFound):
            await draw(platform, "step:a", actor)
    there = await signed_in("outsider").get("/api/v1/lineage", params={"node": "step:a"})
    absent = await signed_in("outsider").get("/api/v1/lineage", params={"node": "step:none"})
    assert (there.status_code, there.json()) == (absent.status_code, absent.json())


async def test_a_public_result_does_not_give_its_private_inputs_away(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    await make_repository(platform, "secret")
    await make_repository(platform, "open", visibility="public")
    secret, made = [await revision(platform, name, tmp_path / name) for name in ("secret", "open")]
    async with platform.work(SYSTEM) as uow:
        await record_lineage(uow, inputs=[SOURCE], output=secret, action="collect")
        await record_lineage(
            uow,
            inputs=[secret, SOURCE],
            output=made,
            action="filter",
            settings={"from": secret.ref},
            by=By("job", "job_1"),
        )
        await record_lineage(uow, inputs=[made], output=node("n"), action="use")
    answer = await signed_in("").get("/api/v1/lineage", params={"reference": "datasets/demo/open"})
    assert answer.status_code == 200
    assert "secret" not in answer.text
    assert secret.commit not in answer.text
    body = answer.json()
    assert [(n["id"], n["hidden"]) for n in body["nodes"]] == [
        ("hidden:1", True), ("source:laws", False), (made.node_id, False), ("hidden:2", True),
    ]  # fmt: skip
    assert all(edge["record"] is None for edge in body["edges"])
    full = (await signed_in("member").get("/api/v1/lineage", params={"reference": "datasets/demo/open"})).json()
    assert {edge["record"]["settings"].get("from") for edge in full["edges"]} == {None, secret.ref}
    assert secret.ref in {n["reference"] for n in full["nodes"]}


async def test_saying_the_same_again_changes_nothing(platform: Platform) -> None:
    ids = set()
    for cost in (5, 7):
        async with platform.work(SYSTEM) as uow:
            ids.add(
                await record_lineage(
                    uow,
                    inputs=[(node("a"), "base"), node("b"), node("a")],
                    output=node("c"),
                    action="train",
                    by=By("job", "job_1", "训练"),
                    code={"version": "1"},
                    settings={"lr": 0.1, "odd": float("nan"), "nul": "a\0b"},
                    cost_micro=cost,
                )
            )
    async with platform.work(write=False) as uow:
        assert await uow.session.scalar(select(func.count()).select_from(LineageEdge)) == 3
        rows = list(await uow.session.scalars(select(LineageRecord)))
    assert {row.id for row in rows} == ids
    assert (rows[0].cost_micro, rows[0].by_label) == (5, "训练")


async def test_the_graph_is_walked_both_ways_to_the_depth_that_is_asked_for(platform: Platform) -> None:
    async with platform.work(SYSTEM) as uow:
        for a, b in itertools.pairwise("abcdefg"):
            await record_lineage(uow, inputs=[node(a)], output=node(b), action="make")
        await record_lineage(uow, inputs=[node("a")], output=node("d"), action="shortcut")
    assert await draw(platform, "step:d", upstream=1, downstream=2) == {
        "step:a": -1, "step:c": -1, "step:d": 0, "step:e": 1, "step:f": 2,
    }  # fmt: skip
    assert set(await draw(platform, "step:a", upstream=0, downstream=50)) == {f"step:{c}" for c in "abcdefg"}
    assert await draw(platform, "step:g", upstream=0) == {"step:g": 0}
    async with platform.work(MEMBER, write=False) as uow:
        assert (await lineage_graph(uow, "step:d", downstream=2)).truncated
        assert not (await lineage_graph(uow, "step:d")).truncated


async def test_a_wide_graph_is_cut_at_the_limit_nearest_first(platform: Platform) -> None:
    async with platform.work(SYSTEM) as uow:
        await record_lineage(uow, inputs=[node(f"in{n:03d}") for n in range(300)], output=node("out"), action="merge")
        await record_lineage(uow, inputs=[node("far")], output=node("in000"), action="make")
    found = await draw(platform, "step:out", limit=100)
    assert len(found) == 100
    assert "step:far" not in found


async def test_the_walk_finds_what_a_plain_search_finds_and_ends_also_in_a_circle(platform: Platform) -> None:
    chance, names = random.Random(7), [f"n{n}" for n in range(12)]
    edges = {(chance.choice(names), chance.choice(names)) for _ in range(20)}
    async with platform.work(SYSTEM) as uow:
        for a, b in sorted(edges):
            await record_lineage(uow, inputs=[node(a)], output=node(b), action=f"{a}{b}")
    for start in sorted({a for a, b in edges if a != b}):
        expected, front = {start: 0}, {start}
        for distance in range(1, 5):
            front = {b for a, b in edges if a in front} - expected.keys()
            expected |= dict.fromkeys(front, distance)
        found = await draw(platform, f"step:{start}", upstream=0, downstream=4)
        assert found == {f"step:{name}": distance for name, distance in expected.items()}


async def test_a_revision_of_which_nothing_was_recorded_stands_alone(
    platform: Platform, signed_in: As, tmp_path: Path
) -> None:
    await make_repository(platform)
    made = await revision(platform, "corpus", tmp_path / "x")
    body = (await signed_in("member").get("/api/v1/lineage", params={"reference": "demo/corpus@main"})).json()
    assert [(n["id"], n["reference"]) for n in body["nodes"]] == [(made.node_id, made.ref)]
    assert body["nodes"][0]["details"]["tree"] == made.tree
    for params in ({}, {"node": "a", "reference": "demo/corpus"}):
        assert (await signed_in("member").get("/api/v1/lineage", params=params)).status_code == 422
    assert (await signed_in("outsider").get("/api/v1/lineage", params={"reference": "demo/corpus"})).status_code == 404
