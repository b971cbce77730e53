"""`ceyuan data operators`: the list and one operator, in the language of the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from ceyuan.cli import data_operators, output
from ceyuan.cli.data import app
from ceyuan.data.corpus.describe import describe
from ceyuan.kernel.errors import NotFound


class Told:
    """Stands for the platform: it answers what recipes are made of."""

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/api/v1/data/recipes/defaults"
        return json.loads(json.dumps(describe()))  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def wide_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_operators, "Api", Told)
    monkeypatch.setattr(output._State, "format", output.Format.table)
    monkeypatch.setenv("COLUMNS", "240")


def printed(monkeypatch: pytest.MonkeyPatch, language: str, *arguments: str) -> str:
    monkeypatch.setenv("CEYUAN_LANG", language)
    result = CliRunner().invoke(app, ["operators", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_the_list_is_read_in_either_language(monkeypatch: pytest.MonkeyPatch) -> None:
    zh = printed(monkeypatch, "zh_CN.UTF-8", "--modality", "text", "--kind", "map", "--text", "OpenCC")
    assert "将繁体字改写为简体字" in zh
    assert "traditionalise" in zh
    assert "normalise" not in zh
    en = printed(monkeypatch, "en", "--modality", "audio")
    assert "Integrated loudness" in en
    assert "响度" not in en


def test_one_operator_is_shown_with_its_parameters_and_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    zh = printed(monkeypatch, "zh", "redact")
    assert "标识被替换成什么。" in zh
    assert "方括号中的类别，如 [mobile]" in zh, "brackets in a cell are words, not markup"
    assert "What stands in the place of an identifier." in printed(monkeypatch, "en", "redact")
    assert "英" not in printed(monkeypatch, "en", "image_caption")


def test_programs_get_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output._State, "format", output.Format.json)
    told = json.loads(printed(monkeypatch, "zh", "links"))
    assert told["title"] == ["链接", "links"]
    assert len(json.loads(printed(monkeypatch, "zh", "--kind", "map"))[0]["summary"]) == 2


def test_an_unknown_operator_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound) as caught:
        printed(monkeypatch, "en", "no_such")
    assert "no operator no_such" in caught.value.line("en")
    assert "没有算子 no_such" in caught.value.line("zh")
