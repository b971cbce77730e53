"""Captions and judgements of images by a model on a server: asked over real HTTP, never reached where it may not be."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl
import pytest

from ceyuan.data.collection.entry import main as collect
from ceyuan.data.corpus.check import main as check
from ceyuan.data.corpus.entry import main as run
from ceyuan.data.media import VISION, Vision, asking, open_media
from ceyuan.data.problems import DataProblem
from ceyuan.data.sources.settings import DataSettings
from tests.data.corpus.conftest import silent
from tests.data.media.making import scene

Image = pytest.importorskip("PIL.Image")
STEPS = [{"operator": name} for name in ("image_caption", "image_caption_match", "image_safety")]
ADDED = {
    "*": [
        {"statistic": "caption_match", "reason": "caption_mismatch", "at_least": 0.5},
        {"statistic": "unsafe_score", "reason": "harmful", "at_most": 0.5},
    ]
}
RECIPE: dict[str, Any] = {"media": "images", "steps": STEPS, "added": ADDED, "duplicates": {"near": False}}


class Model(ThreadingHTTPServer):
    """Answers by the image's size and the question; is busy for the first request of all."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.seen: list[tuple[str, str]] = []
        self.status = 503

    @property
    def vision(self) -> Vision:
        return Vision(f"http://127.0.0.1:{self.server_port}/v1", "seer-1", "sk-1", ("127.0.0.0/8",))

    def answer(self, question: str, width: int) -> tuple[int, str]:
        status, self.status = self.status, 200
        if status != 200:
            return status, ""
        if width == 170:
            return 400, "an image that this model refuses"
        if "尖括号" in question:
            return 200, "92" if "<山>" in question else "程度：7"
        if "是否安全" in question:
            return 200, "88 violence" if width == 180 else "0 none"
        return 200, "一片\n起伏的山。"


class _Asked(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question, image = body["messages"][0]["content"]
        url = image["image_url"]["url"]
        with Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/jpeg;base64,")))) as picture:
            width = picture.width
        self.server.seen.append((self.path, str(self.headers["Authorization"])))
        assert (body["model"], body["temperature"]) == ("seer-1", 0)
        status, words = self.server.answer(question["text"], width)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps({"choices": [{"message": {"content": words}}]}).encode())

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    server = Model()
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setattr(asking, "_PAUSE_S", 0.0)
    for name, value in server.vision.environment().items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()


def raw(folder: Path) -> Path:
    """Four images: one with fitting words, one with others, one that the model refuses, one that is unsafe."""
    own = folder / "own"
    own.mkdir()
    for number, (width, words) in enumerate(((160, "山"), (160, "股票行情"), (170, "山"), (180, "山"))):
        Image.fromarray(scene(number, width=width)).save(own / f"{number}.png")
        (own / f"{number}.txt").write_text(words, "utf-8")
    source = {"key": "own", "kind": "folder", "location": str(own), "licence": "CC0-1.0"}
    collect({"out": str(folder / "raw"), "sources": [source]}, silent)
    return folder / "raw"


def made(folder: Path) -> Path:
    args = {"collections": [str(raw(folder))], "out": str(folder / "out"), "recipe": RECIPE, "threads": 2}
    return Path(run(args, silent)["folder"])


def test_images_are_described_and_judged_and_what_does_not_fit_goes_with_its_reason(
    model: Model, tmp_path: Path
) -> None:
    rows = pl.read_parquet(made(tmp_path) / "statistics.parquet").sort("id")
    assert rows["reason"].to_list() == [None, "caption_mismatch", "caption_mismatch", "harmful"]
    assert rows["caption"].to_list() == ["一片 起伏的山。", "一片 起伏的山。", None, "一片 起伏的山。"]
    assert rows["caption_match"].cast(pl.Float64).round(2).to_list() == [0.92, 0.07, None, 0.92]
    assert rows["unsafe_kind"].to_list() == ["none", "none", None, "violence"]
    assert set(model.seen) == {("/v1/chat/completions", "Bearer sk-1")}
    assert len(model.seen) == 4 * 3 + 1  # the busy server was asked once more


def test_a_server_that_does_not_know_the_key_stops_the_run_and_nothing_is_published(
    model: Model, tmp_path: Path
) -> None:
    model.status = 401
    with pytest.raises(DataProblem, match="vision_unreachable"):
        made(tmp_path)
    assert not (tmp_path / "out" / "dataset" / "manifest.json").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://localhost:9/v1", "http://[::ffff:10.0.0.1]/v1"])
def test_a_private_address_that_nobody_allowed_is_not_reached(url: str, tmp_path: Path) -> None:
    Image.fromarray(scene(1)).save(tmp_path / "a.png")
    picture: Any = open_media("image", tmp_path / "a.png")
    with pytest.raises(DataProblem, match=r"private_address|may not be reached"):
        asking.ask(Vision(url, "seer-1"), picture, "？", 8)


def test_a_recipe_that_asks_a_model_is_refused_where_none_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VISION, raising=False)
    with pytest.raises(DataProblem, match="vision_unconfigured"):
        check({"recipe": RECIPE}, silent)
    check({"recipe": {"media": "images"}}, silent)


def test_the_operators_process_is_told_of_the_model_by_its_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert DataSettings().vision() == {}
    settings = DataSettings(vision_url="https://seer.example/v1/", vision_model="seer-1", vision_key="sk-2")
    monkeypatch.setenv(VISION, settings.vision()[VISION])
    assert Vision.told() == Vision("https://seer.example/v1", "seer-1", "sk-2")
    assert "sk-2" not in repr(settings)
    identity = check({"recipe": RECIPE}, silent)["identity"]
    monkeypatch.setenv(VISION, settings.model_copy(update={"vision_model": "seer-2"}).vision()[VISION])
    assert check({"recipe": RECIPE}, silent)["identity"] != identity


def test_words_beside_a_medium_come_from_its_text_file_or_the_folders_list(tmp_path: Path) -> None:
    from ceyuan.data.readers.captions import words_beside

    (tmp_path / "metadata.jsonl").write_text(
        '{"file_name": "b.wav", "transcription": "你好"}\n不是记录\n{"file_name": 3}\n', "utf-8"
    )
    (tmp_path / "a.txt").write_bytes("国标编码的说明".encode("gb18030"))
    assert [words_beside(tmp_path / name) for name in ("a.png", "b.wav", "c.png")] == ["国标编码的说明", "你好", ""]
