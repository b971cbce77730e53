"""A media run from a folder to a dataset: every file kept, dropped with a reason, or quarantined."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ceyuan.data.collection.entry import main as collect
from ceyuan.data.corpus.check import main as check
from ceyuan.data.corpus.entry import main as run
from ceyuan.data.corpus.media import MediaRecipe
from ceyuan.data.corpus.recut import main as recut
from ceyuan.data.media import media_operators, open_media
from ceyuan.data.mixing.recount import recount
from ceyuan.data.problems import DataProblem
from ceyuan.data.versions.publish import main as publish
from tests.data.corpus.conftest import silent
from tests.data.media.making import film, panning, scene, speech

Image = pytest.importorskip("PIL.Image")
soundfile = pytest.importorskip("soundfile")
pytest.importorskip("cv2")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A collection of every kind of media, with copies, tiny and broken files among them, and one text."""
    folder = tmp_path / "own"
    (folder / "deep").mkdir(parents=True)
    for number in range(4):
        Image.fromarray(scene(number)).save(folder / f"{number}.png")
    Image.fromarray(scene(0)).resize((120, 90)).save(folder / "deep" / "small.jpg", quality=70)
    (folder / "deep" / "same.png").write_bytes((folder / "1.png").read_bytes())
    Image.fromarray(scene(5)).resize((20, 15)).save(folder / "tiny.png")
    (folder / "cut.png").write_bytes((folder / "2.png").read_bytes()[:3000])
    (folder / "false.jpg").write_bytes("这不是图像".encode())
    (folder / "note.txt").write_text("这是一段说明文字。", "utf-8")
    soundfile.write(folder / "said.wav", speech(1), 8000)
    film(folder / "film.mp4", panning(1, 15))
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(folder / "3.png", "inside.png")
        Image.fromarray(scene(9)).save(tmp_path / "new.png")
        archive.write(tmp_path / "new.png", "new.png")
    source = {"key": "own", "kind": "folder", "location": str(folder), "licence": "CC0-1.0"}
    made: Any = collect({"out": str(tmp_path / "raw"), "sources": [source]}, silent)
    record = made["sources"][0]
    assert (record["documents"], record["rejected"]) == (13, {"fake_extension": 1})
    return tmp_path / "raw"


def made(raw: Path, out: Path, **recipe: Any) -> dict[str, Any]:
    return run({"collections": [str(raw)], "out": str(out), "recipe": recipe, "threads": 2}, silent)


def reasons(out: Path) -> dict[str, str | None]:
    table = pl.read_parquet(out / "dataset" / "statistics.parquet")
    return dict(zip(table["id"].to_list(), table["reason"].to_list(), strict=True))


def test_every_image_is_kept_or_has_its_reason(raw: Path, tmp_path: Path) -> None:
    made(raw, tmp_path / "out", media="images")
    assert reasons(tmp_path / "out") == {
        "own/0.png": None,
        "own/1.png": None,
        "own/2.png": None,
        "own/3.png": None,
        "own/cut.png": "broken_media",
        "own/deep/same.png": "exact_duplicate",
        "own/deep/small.jpg": "near_duplicate",
        "own/more.zip/inside.png": "exact_duplicate",
        "own/more.zip/new.png": None,
        "own/tiny.png": "too_small",
    }
    spoilt = [json.loads(line) for line in (tmp_path / "out" / "dataset" / "quarantine.jsonl").open()]
    assert [one["id"] for one in spoilt] == ["own/cut.png"]


def test_the_dataset_holds_files_and_previews_that_its_table_names(raw: Path, tmp_path: Path) -> None:
    result = made(raw, tmp_path / "out", media="images")
    folder = Path(result["folder"])
    table = pl.read_parquet(folder / "data" / "*.parquet")
    assert table.height == result["counts"]["total"]["kept"] == 5
    for row in table.iter_rows(named=True):
        assert (folder / row["file_name"]).stat().st_size == row["size"]
        with Image.open(folder / row["preview"]) as preview:
            assert preview.format == "WEBP"
    assert len(list((folder / "media").glob("*/*"))) == 5
    shown = json.loads((folder / "samples.json").read_bytes())
    near = shown["dropped"]["near_duplicate"][0]
    assert (folder / near["preview"]).exists()
    assert (folder / near["kept_preview"]).exists()
    assert "另一篇近似重复" in (folder / "README.md").read_text("utf-8")


def test_sound_and_film_become_datasets_of_their_own(raw: Path, tmp_path: Path) -> None:
    for purpose, name in (("speech", "own/said.wav"), ("video", "own/film.mp4")):
        result = made(raw, tmp_path / purpose, media=purpose)
        assert reasons(tmp_path / purpose) == {name: None}
        table = pl.read_parquet(Path(result["folder"]) / "data" / "*.parquet")
        assert (Path(result["folder"]) / table["preview"][0]).exists()


def test_the_same_input_and_recipe_give_the_same_content_with_any_number_of_threads(raw: Path, tmp_path: Path) -> None:
    first = made(raw, tmp_path / "one", media="images")
    args = {"collections": [str(raw)], "out": str(tmp_path / "two"), "recipe": {"media": "images"}, "threads": 1}
    assert run(args, silent)["content_sha256"] == first["content_sha256"]


def test_a_run_that_was_stopped_goes_on_from_what_was_measured(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made(raw, tmp_path / "whole", media="images")

    def stopped(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ceyuan.data.corpus.media.build.put_table", stopped)
        with pytest.raises(KeyboardInterrupt):
            made(raw, tmp_path / "out", media="images")
    monkeypatch.setattr("ceyuan.data.corpus.media.measure.open_media", stopped)
    assert made(raw, tmp_path / "out", media="images")["content_sha256"] == whole["content_sha256"]


def test_a_refresh_decodes_what_is_new_and_names_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for number in range(4):
        Image.fromarray(scene(number)).save(own / f"{number}.png")
    source = {"key": "own", "kind": "folder", "location": str(own), "licence": "CC0-1.0"}

    def refreshed(number: int) -> dict[str, Any]:
        collect({"out": str(tmp_path / f"raw{number}"), "sources": [source]}, silent)
        place = {
            "store": str(tmp_path / "store"),
            "out": str(tmp_path / f"out{number}"),
            "title": {"zh": "图", "en": "i"},
        }
        before = {"previous": str(tmp_path / f"out{number - 1}" / "dataset"), "previous_ref": "one"} if number else {}
        args = {"collections": [str(tmp_path / f"raw{number}")], "recipe": {"media": "images"}, "threads": 1}
        return publish(args | place | before, silent)

    assert refreshed(0)["change"] == {"put": 4, "deleted": 0, "measured": 4}
    (own / "1.png").unlink()
    (own / "0.png").rename(own / "renamed.png")
    Image.fromarray(scene(8)).save(own / "new.png")
    decoded: list[str] = []

    def watched(kind: str, path: Path, beside: str) -> Any:
        decoded.append(path.name)
        return open_media(kind, path, beside)

    monkeypatch.setattr("ceyuan.data.corpus.media.measure.open_media", watched)
    shutil.rmtree(tmp_path / "raw0")  # earlier files are not needed any more
    made = refreshed(1)
    assert (made["change"], len(decoded)) == ({"put": 2, "deleted": 2, "measured": 1}, 1)
    gone = pl.read_parquet(tmp_path / "out1" / "dataset" / "tombstones.parquet")
    assert gone.select("id", "last").rows() == [("own/0.png", "one"), ("own/1.png", "one")]
    first, second = (tmp_path / f"out{number}" / "dataset" for number in range(2))
    assert recount(first) == recount(first) | {"holds": True, "faults": []}
    assert recount(second, first) == recount(second, first) | {"holds": True, "links": 2, "faults": []}
    share = json.loads((second / "contributions.json").read_bytes())["entries"][1]["shares"][0]
    assert (share["documents"], share["share"]) == (4, 1.0)
    assert share["first_bytes"] == sum(path.stat().st_size for path in own.glob("*.png"))
    collect({"out": str(tmp_path / "raw9"), "sources": [source]}, silent)
    again = {"collections": [str(tmp_path / "raw9")], "out": str(tmp_path / "anew"), "recipe": {"media": "images"}}
    anew = run(again | {"title": {"zh": "图", "en": "image"}}, silent)
    assert json.loads((Path(anew["folder"]) / "manifest.json").read_bytes())["content"] == made["content"]
    assert refreshed(2)["unchanged"]


def test_a_threshold_is_cut_again_without_decoding(raw: Path, tmp_path: Path) -> None:
    result = made(raw, tmp_path / "out", media="images")
    args = {"statistics": f"{result['folder']}/statistics.parquet", "recipe": {"media": "images"}}
    told = recut(args | {"thresholds": {"general": {"too_small": {"at_least": 5}}}}, silent)["domains"]["general"]
    assert (told["kept_now"], told["kept_then"]) == (5, 6)
    assert told["reasons"]["broken_media"] == {"now": 1, "then": 1}


def test_texts_and_media_of_one_collection_do_not_mix(raw: Path, tmp_path: Path) -> None:
    result = made(raw, tmp_path / "out", thresholds={"general": {"too_short": {"at_least": 2}}})
    assert result["counts"]["total"]["documents"] == 1


def test_a_damaged_raw_file_is_named(raw: Path, tmp_path: Path) -> None:
    next((raw / "own" / "media").glob("*/*.png")).write_bytes(b"other")
    with pytest.raises(DataProblem) as caught:
        made(raw, tmp_path / "out", media="images")
    assert caught.value.code == "shard_damaged"


def test_recipes_are_checked_and_operators_of_another_kind_refused() -> None:
    described: Any = check({"recipe": {"media": "speech"}}, silent)
    assert "audio_loudness" in [one["name"] for one in described["operators"]]
    for wrong in ({"media": "smells"}, {"media": "images", "steps": [{"operator": "audio_snr"}]}):
        with pytest.raises(DataProblem):
            MediaRecipe.of(wrong)
    with pytest.raises(DataProblem):
        check({"recipe": {"steps": [{"operator": "image_blur"}]}}, silent)


def test_there_are_many_operators_each_named_in_both_languages() -> None:
    kinds = {kind: media_operators(kind) for kind in ("image", "audio", "video")}  # type: ignore[arg-type]
    assert {kind: len(chain) for kind, chain in kinds.items()} == {"image": 14, "audio": 14, "video": 13}
    for chain in kinds.values():
        for one in chain:
            assert all(one.specification.title)
            assert one.specification.summary
