"""Small collections, made as the collection engine makes them."""

import random
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from ceyuan.data.collection import PackageCache, Source, collect

COMMON = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所"


def silent(message: dict[str, object]) -> None:
    """A report that nobody hears."""


def sentence(chance: random.Random, length: int) -> str:
    return "".join(chance.choice(COMMON) for _ in range(length)) + "。"


def records(seed: int, count: int) -> list[dict[str, object]]:
    """Texts of which some are short, some foreign, some copies and some near-copies."""
    chance = random.Random(seed)
    rows: list[dict[str, object]] = []
    for number in range(count):
        text = sentence(chance, chance.randint(40, 200))
        rows.append({"text": text, "title": f"第{number}篇", "n": number})
        if number % 7 == 0:
            rows.append({"text": text, "n": number})
        if number % 11 == 0:
            rows.append({"text": text[:-10] + sentence(chance, 5), "n": number})
        if number % 13 == 0:
            rows.append({"text": "太短", "n": number})
        if number % 17 == 0:
            rows.append(
                {"text": "This one is written in English and is long enough to pass the rest.  \r\n", "n": number}
            )
    return rows


@pytest.fixture
def collection(tmp_path: Path) -> Callable[..., Path]:
    """Collects folders of JSON Lines files, one per source, each of several raw documents."""

    def make(count: int = 200, sources: tuple[str, ...] = ("alpha", "beta")) -> Path:
        made = []
        for seed, key in enumerate(sources):
            folder = tmp_path / "own" / key
            folder.mkdir(parents=True)
            lines = (orjson.dumps(record) for record in records(seed, count))
            (folder / "a.jsonl").write_bytes(b"\n".join(lines))
            made.append(Source(key, "folder", str(folder), licence="CC0-1.0"))
        collect(tmp_path / "raw", made, PackageCache(tmp_path / "cache"), silent)
        return tmp_path / "raw"

    return make
