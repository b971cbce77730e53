"""Semantic duplicates of a whole run: vectors of the sources or of a model, in one process, by tasks, after changes."""

import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest

from ceyuan.data.collection import PackageCache, Source, collect
from ceyuan.data.corpus import Inputs, Recipe, build
from ceyuan.data.corpus.analyse import analyse
from ceyuan.data.corpus.recut import recut
from ceyuan.data.corpus.trace import trace
from ceyuan.data.distributed import LocalPool, PoolWorkers, ray_workers
from ceyuan.data.embeddings import EmbeddingServer, asking
from ceyuan.data.problems import DataProblem
from ceyuan.data.versions.publish import main as publish
from tests.data.corpus.conftest import silent
from tests.data.duplicates.embedding import embedded, passages, said_otherwise

TITLE = {"zh": "语料", "en": "Corpus"}
NEAR_OFF = {"near": False, "semantic": {"threshold": 0.85}}
BY_SOURCE: dict[str, Any] = {"duplicates": NEAR_OFF, "split": {"heldout": 0.1}}
BY_MODEL: dict[str, Any] = {"duplicates": {"near": False, "semantic": {"threshold": 0.85, "model": "m-1"}}}
Rows = list[dict[str, Any]]
_WORDS = {500: "input is too large to process", 503: "the calls that run fill the model's context"}


def rows(count: int = 60, dimensions: int = 64) -> Rows:
    """Passages and versions of them that say the same, with vectors."""
    chance = random.Random(3)
    words = ["".join(one for one in text if one >= "一" or one in "。、") for text in passages()]
    texts = [text for text in words if len(text) > 40][:count]
    texts += [said_otherwise(text, chance) + "以上是改写。" for text in texts[::2]]
    vectors = embedded(texts, dimensions)
    return [
        {"text": text, "id": f"p{number}", "embedding": [float(one) for one in vector]}
        for number, (text, vector) in enumerate(zip(texts, vectors, strict=True))
    ]


def collected(root: Path, wanted: Rows, form: str = "jsonl", field: str = "embedding") -> Path:
    """The rows as a folder source, collected; brought up to date where it was collected before."""
    folder = root / "own"
    folder.mkdir(parents=True, exist_ok=True)
    if form == "parquet":
        pl.DataFrame(wanted).write_parquet(folder / "a.parquet")
    else:
        for number in range(0, len(wanted), 10):
            lines = b"\n".join(orjson.dumps(row) for row in wanted[number : number + 10])
            (folder / f"{number:05d}.jsonl").write_bytes(lines)
    source = Source("own", "folder", str(folder), licence="CC0-1.0", vector_field=field)
    collect(root / "raw", [source], PackageCache(root / "cache"), silent)
    return root / "raw"


def made(raw: Path, out: Path, recipe: dict[str, Any], **more: Any) -> dict[str, Any]:
    return build(Inputs.of([raw]), Recipe.of(recipe), out, TITLE, silent, **more)


def decided(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "statistics.parquet").sort("id")


def published(root: Path, raw: Path, out: str, recipe: dict[str, Any], store: str = "store") -> dict[str, Any]:
    arguments = {"collections": [str(raw)], "recipe": recipe, "title": TITLE}
    return publish(arguments | {"store": str(root / store), "out": str(root / out)}, silent)


_RUN = """
import json, sys
from ceyuan.data.corpus.entry import main
from ceyuan.data.embeddings import asking
asking._BATCH_TEXTS = 5
main(json.loads(sys.argv[1]), lambda message: None)
"""


class Model(ThreadingHTTPServer):
    """An embedding model behind OpenAI's API; what it was asked is written down."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.seen: list[str] = []
        self.lock = Lock()
        self.fails_after = 1 << 30
        self.refuses = ""
        self.longest = self.room = 1 << 30
        self.statuses: list[int] = []
        self.pause = 0.0

    @property
    def server(self) -> EmbeddingServer:
        return EmbeddingServer(f"http://127.0.0.1:{self.server_port}/v1", "sk-1", "", ("127.0.0.0/8",))


class _Asked(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (self.path, self.headers["Authorization"]) == ("/v1/embeddings", "Bearer sk-1")
        model = self.server
        time.sleep(model.pause)
        with model.lock:
            texts: list[str] = body["input"]
            status = model.statuses.pop(0) if model.statuses else 200
            if len(model.seen) + len(texts) > model.fails_after:
                status = 401
            elif model.refuses and any(model.refuses in text for text in texts):
                status = 400
            elif any(len(text) > model.longest for text in texts):
                status = 500
            elif sum(map(len, texts)) > model.room:
                status = 503
            if status == 200:
                model.seen += texts
        self.send_response(status)
        self.end_headers()
        if status != 200:
            words = _WORDS.get(status, "no room for you")
            self.wfile.write(json.dumps({"error": {"message": words}}).encode())
            return
        vectors = embedded(texts, 48)
        if body["model"] == "odd":
            vectors = vectors[:-1]
        data = [{"index": at, "embedding": vector.tolist()} for at, vector in enumerate(vectors)]
        self.wfile.write(json.dumps({"data": list(reversed(data))}).encode())

    def log_message(self, *args: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    server = Model()
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setattr(asking, "_PAUSE_S", 0.0)
    monkeypatch.setattr(asking, "_BATCH_TEXTS", 7)
    monkeypatch.setattr(f"{__name__}.embedded", _weightless)
    for name, value in server.server.environment().items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()


def _weightless(texts: Sequence[str], dimensions: int) -> np.ndarray:
    """Vectors that follow from each text alone, as a model's do."""
    return np.concatenate([embedded_alone(text, dimensions) for text in texts])


def embedded_alone(text: str, dimensions: int) -> np.ndarray:
    from tests.data.duplicates import embedding

    return embedding.embedded([text], dimensions)


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_vectors_of_a_source_find_what_says_the_same(form: str, tmp_path: Path) -> None:
    wanted = rows()
    manifest = made(collected(tmp_path, wanted, form), tmp_path / "out", BY_SOURCE)
    found = decided(tmp_path / "out" / "dataset")
    again = found.filter(pl.col("reason") == "semantic_duplicate")
    matrix = np.array([row["embedding"] for row in wanted])
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    cosines = unit @ unit.T
    exact: set[int] = set()
    for row in range(len(wanted)):
        passing = [other for other in range(row) if other not in exact]
        if any(cosines[row, other] >= 0.85 for other in passing):
            exact.add(row)
    assert again.height >= 0.9 * len(exact) > 15
    assert manifest["counts"]["semantic"] == {
        "documents": len(wanted),
        "vectors": len(wanted),
        "dimensions": 64,
        "duplicates": again.height,
        "curtailed": 0,
        "without": {},
    }
    assert again["similarity"].min() >= np.float32(0.85)
    assert set(again["duplicate_of"]) <= set(found.filter(pl.col("reason").is_null())["id"])


def test_the_search_is_told_where_duplicates_are_told(tmp_path: Path) -> None:
    made(collected(tmp_path, rows()), tmp_path / "out", BY_SOURCE)
    dataset = tmp_path / "out" / "dataset"
    again = decided(dataset).filter(pl.col("reason") == "semantic_duplicate")
    one = again.row(0, named=True)
    assert {r["reason"] for r in orjson.loads((dataset / "drop_reasons.json").read_bytes())["reasons"]} == {
        "semantic_duplicate"
    }
    groups = analyse(dataset / "statistics.parquet", clusters=100)["clusters"]
    assert sum(group["members"] for group in groups) == again.height
    way = trace(dataset, one["id"], [])
    assert (way["reason"], way["duplicate_of"]) == ("semantic_duplicate", one["duplicate_of"])
    assert one["duplicate_of"] in [other["id"] for other in way["related"]]
    assert way["evidence"] is None
    assert "余弦" in (dataset / "README.md").read_text("utf-8")
    assert "cosine" in (dataset / "README.en.md").read_text("utf-8")
    cut = recut(dataset / "statistics.parquet", Recipe.of(BY_SOURCE), {})
    assert cut["domains"]["general"]["kept_now"] == cut["domains"]["general"]["kept_then"]
    harder = recut(
        dataset / "statistics.parquet", Recipe.of(BY_SOURCE), {"general": {"too_short": {"at_least": 100_000}}}
    )
    assert harder["domains"]["general"]["reasons"]["semantic_duplicate"]["then"] == 0


def test_tasks_give_the_same_manifest_as_one_process(tmp_path: Path) -> None:
    raw = collected(tmp_path, rows())
    alone = made(raw, tmp_path / "alone", BY_SOURCE)
    tasks = made(raw, tmp_path / "tasks", BY_SOURCE, workers=PoolWorkers(LocalPool(3)))
    assert tasks["counts"]["semantic"]["duplicates"] > 15
    assert tasks["content_sha256"] == alone["content_sha256"]


@pytest.mark.slow
def test_workers_of_ray_give_the_same_manifest_as_one_process(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    raw = collected(tmp_path, rows())
    alone = made(raw, tmp_path / "alone", BY_SOURCE)
    with ray_workers(width=2) as workers:
        spread = made(raw, tmp_path / "spread", BY_SOURCE, workers=workers)
    assert spread["content_sha256"] == alone["content_sha256"]


def test_a_change_gives_what_a_full_run_gives(tmp_path: Path) -> None:
    wanted = rows()
    published(tmp_path, collected(tmp_path, wanted), "one", BY_SOURCE)
    changed = [row for number, row in enumerate(wanted) if number not in (3, 40)]
    changed[7] = changed[7] | {"embedding": wanted[20]["embedding"]}  # only its vector is another
    changed.append(wanted[3] | {"id": "late"})
    raw = collected(tmp_path, changed)
    after = published(tmp_path, raw, "two", BY_SOURCE)
    fresh = published(tmp_path, collected(tmp_path / "anew", changed), "three", BY_SOURCE, store="other")
    assert after["content"] == fresh["content"]
    assert after["counts"]["semantic"] == fresh["counts"]["semantic"]
    assert decided(tmp_path / "two").equals(decided(tmp_path / "three"))


def test_documents_without_a_usable_vector_take_no_part(tmp_path: Path) -> None:
    wanted = rows()
    copy = wanted[60]
    for number, value in enumerate([None, "text", [], [0.0] * 64, [1.0] * 32, [float("nan")] * 64, ["a"] * 64, {}]):
        text = copy["text"] + "末" * (number + 1)
        wanted.append({"text": text, "id": f"odd{number}", "embedding": value})
    wanted.append({"text": copy["text"] + "完", "id": "bare"})
    wanted.append({"text": copy["text"] + "了", "id": "written", "embedding": json.dumps(copy["embedding"])})
    manifest = made(collected(tmp_path, wanted), tmp_path / "out", BY_SOURCE)
    semantic = manifest["counts"]["semantic"]
    assert semantic["without"] == {"absent": 4, "invalid": 2, "not_finite": 1, "zero": 1, "dimension": 1}
    assert semantic["vectors"] == len(wanted) - 9
    found = decided(tmp_path / "out" / "dataset")
    assert found.filter(pl.col("id").str.contains("#"))["reason"].null_count() > 0
    card = (tmp_path / "out" / "dataset" / "README.en.md").read_text("utf-8")
    assert "9 documents" in card


def test_the_recipe_says_how_many_numbers_a_vector_has(tmp_path: Path) -> None:
    recipe = {"duplicates": {"near": False, "semantic": {"dimensions": 32}}}
    counts = made(collected(tmp_path, rows()), tmp_path / "out", recipe)["counts"]["semantic"]
    assert counts["without"] == {"dimension": counts["documents"]}
    assert (counts["vectors"], counts["duplicates"]) == (0, 0)


def test_a_recipe_that_does_not_ask_is_what_it_was(tmp_path: Path) -> None:
    raw = collected(tmp_path, rows())
    manifest = made(raw, tmp_path / "out", {})
    assert "semantic" not in manifest["counts"]
    assert "semantic" not in manifest["recipe"]["duplicates"]
    assert not (tmp_path / "out" / "embeddings").exists()


@pytest.mark.parametrize(
    ("semantic", "word"),
    [({"threshold": 0.5}, "threshold"), ({"dimensions": 9000}, "dimensions"), ({"vectors": "x"}, "vectors")],
)
def test_settings_that_cannot_be_are_named(semantic: dict[str, Any], word: str) -> None:
    with pytest.raises(DataProblem, match=word) as caught:
        Recipe.of({"duplicates": {"semantic": semantic}})
    assert caught.value.code == "recipe_invalid"


def test_a_model_is_asked_once_for_each_content(model: Model, tmp_path: Path) -> None:
    wanted = [{"text": row["text"]} for row in rows()]
    model.statuses = [503, 429]
    raw = collected(tmp_path, wanted, field="")
    first = published(tmp_path, raw, "one", BY_MODEL)
    assert first["counts"]["semantic"]["vectors"] == len(wanted)
    assert first["counts"]["semantic"]["duplicates"] > 15
    assert len(model.seen) == len(set(model.seen)) == len(wanted)
    wanted[5] = {"text": "另一篇全新的文档，与其他各篇都不相同，说的是黄河的水从天上来，奔流到海不复回。"}
    after = published(tmp_path, collected(tmp_path, wanted, field=""), "two", BY_MODEL)
    assert model.seen[len(wanted) :] == [wanted[5]["text"]]
    fresh = published(tmp_path, collected(tmp_path / "anew", wanted, field=""), "three", BY_MODEL, store="other")
    assert after["content"] == fresh["content"]
    assert after["counts"] == fresh["counts"]


def test_no_text_that_is_dropped_anyway_is_asked_about(model: Model, tmp_path: Path) -> None:
    wanted = [{"text": row["text"]} for row in rows(20)]
    wanted += [{"text": "太短"}, {"text": wanted[0]["text"]}]
    made(collected(tmp_path, wanted, field=""), tmp_path / "out", BY_MODEL)
    assert sorted(model.seen) == sorted({row["text"] for row in wanted} - {"太短"})


def test_a_run_that_was_stopped_asks_nothing_twice(model: Model, tmp_path: Path) -> None:
    wanted = [{"text": row["text"]} for row in rows()]
    raw = collected(tmp_path, wanted, field="")
    model.fails_after = 40
    with pytest.raises(DataProblem, match="no room for you") as caught:
        made(raw, tmp_path / "out", BY_MODEL)
    assert caught.value.code == "embedding_unreachable"
    before = len(model.seen)
    assert 0 < before <= 40
    model.fails_after = 1 << 30
    manifest = made(raw, tmp_path / "out", BY_MODEL)
    assert len(model.seen) == len(set(model.seen)) == len(wanted)
    shutil.rmtree(tmp_path / "out")
    assert made(raw, tmp_path / "out", BY_MODEL)["content_sha256"] == manifest["content_sha256"]


def test_a_killed_run_goes_on_with_what_was_answered(model: Model, tmp_path: Path) -> None:
    wanted = [{"text": row["text"]} for row in rows()]
    raw = collected(tmp_path, wanted, field="")
    arguments = {"collections": [str(raw)], "out": str(tmp_path / "out"), "recipe": BY_MODEL, "title": TITLE}
    model.pause = 0.2
    process = subprocess.Popen([sys.executable, "-c", _RUN, json.dumps(arguments)])
    while len(model.seen) < 30 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -9
    model.pause = 0
    resumed = made(raw, tmp_path / "out", BY_MODEL)
    again = len(model.seen) - len(set(model.seen))  # what was on its way: four requests at most
    assert set(model.seen) == {row["text"] for row in wanted}
    assert again <= 4 * 5
    assert resumed["content_sha256"] == made(raw, tmp_path / "undisturbed", BY_MODEL)["content_sha256"]


def test_a_text_that_the_model_refuses_costs_itself_alone(model: Model, tmp_path: Path) -> None:
    wanted = [{"text": row["text"]} for row in rows()]
    wanted[4] = {"text": wanted[4]["text"] + "不可说之事。"}
    model.refuses = "不可说"
    counts = made(collected(tmp_path, wanted, field=""), tmp_path / "out", BY_MODEL)["counts"]["semantic"]
    assert (counts["vectors"], counts["without"]) == (len(wanted) - 1, {"absent": 1})


def test_a_model_that_refuses_everything_ends_the_run_with_its_words(model: Model, tmp_path: Path) -> None:
    model.refuses = "。"
    raw = collected(tmp_path, [{"text": row["text"]} for row in rows(10)], field="")
    with pytest.raises(DataProblem, match=r"refused \d+ texts in a row .*no room for you") as caught:
        made(raw, tmp_path / "out", BY_MODEL)
    assert caught.value.code == "embedding_refused"


def test_a_text_that_is_too_long_for_the_model_is_cut_until_it_fits(model: Model, tmp_path: Path) -> None:
    wanted = [{"text": row["text"]} for row in rows(20)]
    model.longest = 60
    counts = made(collected(tmp_path, wanted, field=""), tmp_path / "out", BY_MODEL)["counts"]["semantic"]
    assert counts["without"] == {}
    assert max(map(len, model.seen)) <= 60 < max(len(row["text"]) for row in wanted)
    assert all(any(row["text"].startswith(text) for row in wanted) for text in model.seen)


def test_a_server_with_room_for_few_texts_is_asked_about_few_at_a_time(model: Model, tmp_path: Path) -> None:
    wanted = [{"text": row["text"]} for row in rows()]
    model.room = max(len(row["text"]) for row in wanted) + 40
    counts = made(collected(tmp_path, wanted, field=""), tmp_path / "out", BY_MODEL)["counts"]["semantic"]
    assert counts["vectors"] == len(wanted) == len(set(model.seen)) == len(model.seen)
    assert {row["text"] for row in wanted} == set(model.seen)


def test_a_model_that_refuses_one_after_the_other_is_not_asked_for_ever(model: Model, tmp_path: Path) -> None:
    model.refuses = "。"
    raw = collected(tmp_path, [{"text": row["text"]} for row in rows()], field="")
    with pytest.raises(DataProblem, match="refused 50 texts in a row"):
        made(raw, tmp_path / "out", BY_MODEL)


def test_an_answer_that_is_none_ends_the_run(model: Model, tmp_path: Path) -> None:
    raw = collected(tmp_path, [{"text": row["text"]} for row in rows(10)], field="")
    recipe = {"duplicates": {"semantic": {"model": "odd"}}}
    with pytest.raises(DataProblem, match="one vector for each text") as caught:
        made(raw, tmp_path / "out", recipe)
    assert caught.value.code == "embedding_invalid"


def test_without_a_server_it_says_what_to_give(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CEYUAN_EMBEDDING", raising=False)
    raw = collected(tmp_path, [{"text": row["text"]} for row in rows(10)], field="")
    with pytest.raises(DataProblem, match="--embedding-url") as caught:
        made(raw, tmp_path / "out", BY_MODEL)
    assert caught.value.code == "embedding_unconfigured"


def test_a_server_in_a_private_network_is_not_asked(
    model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = EmbeddingServer(model.server.url, "sk-1")
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    raw = collected(tmp_path, [{"text": row["text"]} for row in rows(10)], field="")
    with pytest.raises(DataProblem, match="cannot be asked"):
        made(raw, tmp_path / "out", BY_MODEL)
    assert model.seen == []
