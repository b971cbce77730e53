"""Items of a media dataset are found by what was measured, and named with what a page can show of them."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ceyuan.data.collection.entry import main as collect
from ceyuan.data.corpus.entry import main as run
from ceyuan.data.corpus.media.browse import main as browse
from ceyuan.data.problems import DataProblem
from tests.data.corpus.conftest import silent
from tests.data.media.making import film, panning, scene

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("cv2")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pictures that are kept, of different width, a copy and a tiny one that are not; one film beside them."""
    root = tmp_path_factory.mktemp("browse")
    own = root / "own"
    own.mkdir()
    for number in range(4):
        Image.fromarray(scene(number, width=160 + 40 * number)).save(own / f"{number}.png")
    (own / "same.png").write_bytes((own / "1.png").read_bytes())
    Image.fromarray(scene(5)).resize((20, 15)).save(own / "tiny.png")
    film(own / "film.mp4", panning(1, 60))
    source = {"key": "own", "kind": "folder", "location": str(own), "licence": "CC0-1.0"}
    collect({"out": str(root / "raw"), "sources": [source]}, silent)
    for purpose in ("images", "video"):
        args = {"collections": [str(root / "raw")], "out": str(root / purpose), "recipe": {"media": purpose}}
        run(args | {"threads": 1}, silent)
    return root


def asked(folder: Path, *bounds: str, sort: str = "id", offset: int = 0, **wanted: str) -> dict[str, Any]:
    args = {"folder": str(folder / "dataset"), "wanted": wanted, "bounds": list(bounds), "sort": sort}
    return browse(args | {"limit": 10, "offset": offset}, silent)


def names(found: dict[str, Any]) -> list[str]:
    return [one["id"].removeprefix("own/") for one in found["items"]]


def test_kept_items_name_their_file_and_preview_and_dropped_examples_a_preview(dataset: Path) -> None:
    found = asked(dataset / "images")
    assert names(found) == ["0.png", "1.png", "2.png", "3.png", "same.png", "tiny.png"]
    for one in found["items"]:
        assert (dataset / "images" / "dataset" / one["preview"]).is_file()
        assert bool(one["file"]) == (one["reason"] is None)
    assert {one["reason"]: one["items"] for one in found["reasons"]} == {"exact_duplicate": 1, "too_small": 1}


def test_items_are_cut_by_statistics_reason_and_state(dataset: Path) -> None:
    folder = dataset / "images"
    assert names(asked(folder, "width>=200", "width<=240", state="kept")) == ["1.png", "2.png"]
    assert names(asked(folder, reason="too_small")) == ["tiny.png"]
    assert names(asked(folder, sort="-width", state="kept"))[0] == "3.png"
    assert asked(folder, offset=5)["total"] == 6


def test_conditions_on_what_was_not_measured_are_refused(dataset: Path) -> None:
    for wrong in ("weight>=3", "width>3", "1=1"):
        with pytest.raises(DataProblem):
            asked(dataset / "images", wrong)


def test_a_video_is_shown_by_frames_side_by_side(dataset: Path) -> None:
    one = asked(dataset / "video")["items"][0]
    table = pl.read_parquet(dataset / "video" / "dataset" / "data" / "*.parquet")
    assert one["file"] == table["file_name"][0]
    with Image.open(dataset / "video" / "dataset" / one["preview"]) as strip:
        assert strip.width > 2 * strip.height
