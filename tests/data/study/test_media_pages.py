"""The page of a media corpus: items with addresses that the hub serves in parts, to those alone who may read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from ceyuan.hub import commit_folder, create_repository
from ceyuan.kernel.platform import Platform
from tests.data.conftest import ACTORS, As

ADDRESS = "/api/v1/data/datasets/demo/clips/media"
SOUND = b"RIFF" + bytes(996)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two sounds, one of them dropped."""
    rows = {
        "id": ["own/a.wav", "own/b.wav"],
        "source": ["own"] * 2,
        "domain": ["general"] * 2,
        "kind": ["audio"] * 2,
        "bytes": [1000, 10],
        "snr": pl.Series([31.5, 2.0], dtype=pl.Float32),
        "reason": [None, "noisy"],
        "duplicate_of": pl.Series([None, None], dtype=pl.String),
        "similarity": pl.Series([None, None], dtype=pl.Float32),
        "cluster": ["own/a.wav", None],
        "split": ["train", None],
    }
    folder = tmp_path / "corpus"
    for name in ("data", "media", "previews"):
        (folder / name).mkdir(parents=True)
    pl.DataFrame(rows).write_parquet(folder / "statistics.parquet")
    named = {"id": ["own/a.wav"], "title": ["甲"], "file_name": ["media/a.wav"], "preview": ["previews/a.json"]}
    pl.DataFrame(named).write_parquet(folder / "data" / "train-00000-of-00001.parquet")
    (folder / "media" / "a.wav").write_bytes(SOUND)
    (folder / "previews" / "a.json").write_bytes(orjson.dumps({"seconds": 1.0, "peaks": [[-3, 4]]}))
    (folder / "samples.json").write_bytes(orjson.dumps({"kept": {}, "dropped": {}}))
    manifest = {"recipe": {"media": "speech"}, "content_sha256": "0" * 64, "media": {"kind": "audio", "files": 1}}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest))
    return folder


async def put(platform: Platform, folder: Path) -> None:
    async with platform.work(ACTORS["member"]) as uow:
        await create_repository(uow, "dataset", "demo", "clips")
    await commit_folder(platform, "datasets/demo/clips", folder, message="clips", actor=ACTORS["member"])


async def test_strangers_see_neither_the_page_nor_what_it_names(built: Platform, signed_in: As, corpus: Path) -> None:
    await put(built, corpus)
    found = (await signed_in("viewer").get(ADDRESS)).json()
    for address in (ADDRESS, found["items"][0]["file"], found["items"][0]["preview"]):
        assert (await signed_in("outsider").get(address)).status_code == 404
        assert (await signed_in("nobody").get(address)).status_code in (401, 404)


async def test_items_are_cut_by_what_was_measured_and_served_in_parts(
    built: Platform, signed_in: As, corpus: Path
) -> None:
    await put(built, corpus)
    viewer = signed_in("viewer")
    found: Any = (await viewer.get(ADDRESS, params={"bound": ["snr>=10"], "state": "kept"})).json()
    assert (found["kind"], found["total"], found["items"][0]["title"]) == ("audio", 1, "甲")
    assert found["reasons"] == [{"reason": "noisy", "items": 1}]
    part = await viewer.get(found["items"][0]["file"], headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"RIFF", "audio/wav")
    assert (await viewer.get(found["items"][0]["preview"])).json()["peaks"] == [[-3, 4]]
    assert (await viewer.get(ADDRESS, params={"bound": "taste>=3"})).status_code == 422
    assert (await viewer.get(ADDRESS, params={"reason": "noisy"})).json()["items"][0]["file"] == ""


async def test_a_dataset_without_media_has_an_empty_page(built: Platform, signed_in: As, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "README.md").write_text("# 甲", "utf-8")
    await put(built, tmp_path / "plain")
    found = (await signed_in("viewer").get(ADDRESS)).json()
    assert (found["kind"], found["total"], found["items"]) == (None, 0, [])
