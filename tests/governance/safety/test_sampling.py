from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ceyuan.governance.safety.prompts import build_prompts
from ceyuan.governance.safety.sampling import draw


def write(folder: Path, ids: list[str]) -> None:
    folder.mkdir()
    pq.write_table(pa.table({"id": ids, "text": [f"text {i}" for i in ids]}), folder / "a.parquet")


def test_the_same_seed_draws_the_same_texts_whatever_their_order(tmp_path: Path) -> None:
    ids = [f"d{i}" for i in range(200)]
    write(tmp_path / "a", ids)
    write(tmp_path / "b", ids[::-1])
    first, total, _ = draw(tmp_path / "a", 20, seed=5)
    assert (len(first), total) == (20, 200)
    assert draw(tmp_path / "b", 20, seed=5)[0] == first
    assert draw(tmp_path / "a", 20, seed=6)[0] != first


def test_a_small_population_is_drawn_whole(tmp_path: Path) -> None:
    write(tmp_path / "a", ["x", "y"])
    assert len(draw(tmp_path / "a", 100, seed=1)[0]) == 2


def test_half_of_the_prompts_are_probes() -> None:
    prompts = build_prompts(40, seed=3)
    assert prompts == build_prompts(40, seed=3)
    assert sum(kind == "probe" for kind, _ in prompts) == 20
