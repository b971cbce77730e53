"""Reading what is written in images: only where it is asked for, and never silently without its model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from ceyuan.data.collection.entry import main as collect
from ceyuan.data.corpus.entry import main as run
from ceyuan.data.corpus.media import MediaRecipe
from ceyuan.data.media import measure, media_operator, media_operators, open_image, words
from ceyuan.data.problems import DataProblem
from tests.data.corpus.conftest import silent
from tests.data.media.making import scene

Image = pytest.importorskip("PIL.Image")
RECIPE: dict[str, Any] = {"media": "images", "steps": [{"operator": "image_text"}]}


def test_an_operator_that_needs_a_model_runs_only_where_a_recipe_names_it() -> None:
    assert "image_text" not in [one.specification.name for one in media_operators("image")]
    assert "text_area" not in MediaRecipe.of({"media": "images"}).statistics()
    asked = MediaRecipe.of(RECIPE | {"added": {"*": [{"statistic": "text_area", "reason": "plain", "at_most": 0.5}]}})
    assert "text_area" in asked.statistics()


def test_without_its_model_the_run_stops_and_names_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    words._reader.cache_clear()
    (tmp_path / "own").mkdir()
    Image.fromarray(scene(1)).save(tmp_path / "own" / "a.png")
    source = {"key": "own", "kind": "folder", "location": str(tmp_path / "own"), "licence": "CC0-1.0"}
    collect({"out": str(tmp_path / "raw"), "sources": [source]}, silent)
    args = {"collections": [str(tmp_path / "raw")], "out": str(tmp_path / "out"), "recipe": RECIPE, "threads": 1}
    with pytest.raises(DataProblem) as caught:
        run(args, silent)
    assert caught.value.code == "missing_extra"
    assert all("image_text" in one and "ceyuan[ocr]" in one for one in caught.value.message)


def test_words_in_an_image_are_read(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    from PIL import ImageDraw, ImageFont

    words._reader.cache_clear()
    page = Image.new("RGB", (480, 120), "white")
    ImageDraw.Draw(page).text((20, 30), "Open corpus 2026", fill="black", font=ImageFont.load_default(size=40))
    page.save(tmp_path / "page.png")
    chain = media_operator("image_text", "image")
    assert chain is not None
    found = measure(open_image(tmp_path / "page.png"), [chain])
    assert str(found["image_words"]).replace(" ", "").lower() == "opencorpus2026"
    assert (found["text_lines"], found["text_characters"]) == (1, 14)
    assert 0.05 < float(found["text_area"]) < 0.6
