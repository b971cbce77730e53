"""`ceyuan data` without a platform: a corpus of a folder, recipes and thresholds as people write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ceyuan.cli.data import app, parse_threshold, read_recipe
from ceyuan.kernel.errors import CeyuanError, Invalid
from tests.data.corpus.conftest import records


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, CeyuanError):
        raise result.exception
    return result.exit_code, result.stdout


def test_a_folder_becomes_a_corpus_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    lines = [json.dumps(record, ensure_ascii=False) for record in records(0, 30)]
    (tmp_path / "own" / "a.jsonl").write_text("\n".join(lines), "utf-8")
    status, text = call("local", tmp_path / "own", tmp_path / "out", "--licence", "CC0-1.0")
    assert status == 0
    told = json.loads(text)
    assert 0 < told["kept"] < told["documents"]
    assert (Path(told["folder"]) / "README.md").read_text("utf-8").count("CC0-1.0")
    assert json.loads(call("local", tmp_path / "own", tmp_path / "out", "--licence", "CC0-1.0")[1]) == told


def test_a_folder_is_kept_up_to_date_in_versions(tmp_path: Path) -> None:
    own, store = tmp_path / "own", tmp_path / "store"
    own.mkdir()
    for number in range(4):
        (own / f"{number}.txt").write_text(
            f"第{number}篇正文，写得足够长，不会因为太短而被去掉，{number * 7919}。", "utf-8"
        )
    first = json.loads(call("versions", "refresh", own, store)[1])
    assert (first["put"], first["kept"]) == (4, 4)
    (own / "1.txt").unlink()
    second = json.loads(call("versions", "refresh", own, store)[1])
    assert (second["deleted"], second["kept"]) == (1, 3)
    unchanged = call("versions", "refresh", own, store)[1]
    assert json.loads(unchanged[unchanged.index("{") :])["version"] == second["version"]
    told = json.loads(call("versions", "diff", store, first["version"], second["version"])[1])
    assert told["removed"] == ["own/1.txt"]
    call("versions", "back", store, first["version"])
    assert json.loads(call("versions", "export", store, tmp_path / "a.parquet")[1])["documents"] == 4


def test_an_empty_folder_is_one_line_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with pytest.raises(CeyuanError) as caught:
        call("local", tmp_path / "own", tmp_path / "out")
    assert "没有文件" in caught.value.line("zh")
    assert "no files" in caught.value.line("en")


def test_recipes_are_read_from_yaml_and_json(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("simplify: true\nduplicates:\n  threshold: 0.8\n", "utf-8")
    (tmp_path / "a.json").write_text('{"simplify": true, "duplicates": {"threshold": 0.8}}', "utf-8")
    assert read_recipe(tmp_path / "a.yaml") == read_recipe(tmp_path / "a.json") != {}
    for text in ("- a\n", "a: [", "word"):
        (tmp_path / "bad.yaml").write_text(text, "utf-8")
        with pytest.raises(Invalid):
            read_recipe(tmp_path / "bad.yaml")


def test_thresholds_are_written_as_domain_reason_and_number() -> None:
    assert parse_threshold("user.too_short=10") == ("user", "too_short", 10.0)
    assert parse_threshold("web.fragmented:mean_line=8") == ("web", "fragmented:mean_line", 8.0)
    for text in ("user=10", "user.too_short", "user.too_short=ten", ".=1"):
        with pytest.raises(Invalid):
            parse_threshold(text)
