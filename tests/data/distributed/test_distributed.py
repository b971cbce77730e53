"""A run spread over workers: the same bytes as in one process, whatever is cut and however often."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceyuan.data.corpus import Inputs, Recipe, build
from ceyuan.data.distributed import LocalPool, PoolWorkers, applied, connected, ray_workers
from ceyuan.data.distributed.components import parted
from ceyuan.data.operators import find
from tests.data.corpus.conftest import silent

TITLE = {"zh": "试验语料", "en": "Trial corpus"}
Ties = list[tuple[int, int]]
POOL = LocalPool(3)


def components_by_hand(ties: Ties) -> dict[int, int]:
    least = {node: node for tie in ties for node in tie}
    while True:
        before = dict(least)
        for one, other in ties:
            least[one] = least[other] = min(least[one], least[other])
        if before == least:
            return least


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(lambda tie: tie[0] != tie[1]), max_size=50))
def test_components_are_those_that_a_walk_finds(ties: Ties) -> None:
    both = np.array([*ties, *((b, a) for a, b in ties)], np.int64).reshape(-1, 2)
    pieces = [part for row in np.array_split(both, POOL.width) for part in parted(row, POOL.width)]
    stars = np.concatenate(POOL.results(connected(POOL, pieces)))
    expected = components_by_hand(ties)
    assert dict(stars.tolist()) == {node: least for node, least in expected.items() if node != least}


def test_a_long_chain_is_one_component() -> None:
    chain = np.stack([np.arange(1, 200), np.arange(0, 199)], axis=1)
    both = np.concatenate([chain, chain[:, ::-1]])
    pieces = [part for row in np.array_split(both, POOL.width) for part in parted(row, POOL.width)]
    stars = np.concatenate(POOL.results(connected(POOL, pieces)))
    assert set(stars[:, 1].tolist()) == {0}
    assert len(stars) == 199


@pytest.fixture
def raw(collection: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Several shards of documents with many near-copies."""
    monkeypatch.setattr("ceyuan.data.collection.raw._SHARD_ROWS", 60)
    return collection(150)


def test_a_run_by_tasks_gives_the_same_manifest_as_one_process(raw: Path, tmp_path: Path) -> None:
    recipe = Recipe.of({"output": {"shard_bytes": 65536}})
    whole = build(Inputs.of([raw]), recipe, tmp_path / "one", TITLE, silent, threads=1)
    spread = build(Inputs.of([raw]), recipe, tmp_path / "two", TITLE, silent, workers=PoolWorkers(LocalPool(3)))
    assert whole["counts"]["total"]["kept"] < whole["counts"]["total"]["documents"]
    assert spread == whole


@pytest.mark.slow
def test_two_workers_of_ray_give_the_same_manifest_as_one_process(raw: Path, tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    recipe = Recipe.of({"output": {"shard_bytes": 65536}})
    whole = build(Inputs.of([raw]), recipe, tmp_path / "one", TITLE, silent, threads=1)
    with ray_workers(width=2) as workers:
        spread = build(Inputs.of([raw]), recipe, tmp_path / "two", TITLE, silent, workers=workers)
        texts = pl.read_parquet(raw / "alpha" / "raw-00000.parquet", columns=["text"])
        chain = [find("normalise"), find("composition")]
        blocks = applied(ray.data.from_arrow(texts.to_arrow()).repartition(3), chain)
        there = pl.DataFrame(blocks.to_pandas()["chinese_share"].to_list())
    here = chain[1](chain[0](texts))
    assert spread["content_sha256"] == whole["content_sha256"]
    assert sorted(there["column_0"].to_list()) == pytest.approx(sorted(here["chinese_share"].to_list()))
