"""A small generated Chinese corpus and a recipe that trains in a second."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ceyuan.models.training import torch_installed

SUBJECTS = ("国务院", "市人民政府", "申请人", "审查部门", "企业", "学校", "医院")
VERBS = ("应当", "可以", "不得", "负责", "有权")
OBJECTS = ("公布名单", "提交材料", "保存记录", "公开数据", "收取费用", "延长期限", "委托他人")
TINY: dict[str, Any] = {
    "shape": {
        "vocabulary": 400,
        "width": 32,
        "layers": 2,
        "heads": 4,
        "kv_heads": 2,
        "feed_forward": 64,
        "context": 32,
    },
    "steps": 24,
    "batch": 4,
    "warmup": 4,
    "threads": 1,
    "precision": "float32",
    "tokeniser_megabytes": 0.02,
    "corpus_megabytes": 1.0,
    "checkpoint_every": 5,
    "evaluate_every": 6,
    "evaluate_windows": 8,
    "heldout_documents": 12,
}

needs_torch = pytest.mark.skipif(
    not torch_installed(), reason="PyTorch, an optional component, is not installed: make setup"
)


def sentences(seed: int, number: int) -> list[str]:
    """Documents of a few rule-like sentences; the same seed gives the same documents."""
    chance = random.Random(seed)
    return [
        "".join(
            f"第{chance.randint(1, 99)}条　{chance.choice(SUBJECTS)}{chance.choice(VERBS)}{chance.choice(OBJECTS)}。"
            for _ in range(chance.randint(2, 6))
        )
        for _ in range(number)
    ]


def write_shard(path: Path, **columns: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny models only wait for each other on more; a run in its own process sets its own count."""
    if torch_installed():
        import torch

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with two training shards and one held-out shard, named as hubs name them."""
    folder = tmp_path_factory.mktemp("corpus")
    write_shard(folder / "data" / "train-00000-of-00002.parquet", text=sentences(1, 200))
    write_shard(folder / "data" / "train-00001-of-00002.parquet", text=sentences(2, 200))
    write_shard(folder / "data" / "heldout-00000-of-00001.parquet", text=sentences(3, 40))
    return folder


@pytest.fixture
def tiny() -> dict[str, Any]:
    return {**TINY, "shape": dict(TINY["shape"])}
