"""What commands of the data steward send: changes of sources and schedules, snapshots of versions."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from ceyuan.cli import data, data_history, data_mapping, data_schedules
from ceyuan.cli.data import app

SOURCE: dict[str, Any] = {"options": {"query": "SELECT 1", "key": "id"}, "reading": {"limit": 3}}
VERSION = {"commit": "c" * 40, "change": None, "restored": "d" * 40, "created_at": "", "documents": 3, "kept": 2}


class Recorder:
    """Stands for a platform: keeps what it is sent, and answers with the least that commands read."""

    sent: list[tuple[str, str, Any]]

    def get(self, path: str, **params: Any) -> Any:
        if path.endswith("/refs"):
            return [{"kind": "tag", "name": "2026-q1", "commit": VERSION["commit"]}]
        if path.endswith("/columns"):
            return {"proposal": {name: [] for name in data_mapping._FIELDS}}
        return {"items": [dict(VERSION, content="")]} if path.endswith("/versions") else SOURCE

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        self.sent.append(("POST", path, body))
        return {"job_id": "job_1", "name": "x"}

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> Any:
        self.sent.append((method, path, json))
        return {"id": "x"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Any]]:
    recorder = Recorder()
    recorder.sent = []
    for module in (data, data_history, data_mapping, data_schedules):
        monkeypatch.setattr(module, "Api", lambda: recorder)
    return recorder.sent


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_only_what_is_given_of_a_source_is_changed(sent: list[tuple[str, str, Any]]) -> None:
    run("sources", "change", "src_1", "--owner", "数据资源处", "--licence", "CC-BY-4.0")
    run("sources", "change", "src_1", "--option", "key=number")
    run("sources", "change", "src_1", "--grade", "internal")
    run("sources", "change", "src_1", "--grade", "")
    assert [body for _, _, body in sent] == [
        {"owner": "数据资源处", "licence": "CC-BY-4.0"},
        {"options": {"query": "SELECT 1", "key": "number"}},
        {"grade": "internal"},
        {"grade": ""},
    ]


def test_a_mapping_says_whether_records_are_known_by_their_id(sent: list[tuple[str, str, Any]]) -> None:
    run("sources", "map", "src_1", "--text", "body", "--id", "no", "--keyed")
    mapping = sent[0][2]["reading"]["mapping"]
    assert (mapping["keyed"], mapping["id"], sent[0][2]["reading"]["limit"]) == (True, ["no"], 3)


def test_a_schedule_is_run_and_changed(sent: list[tuple[str, str, Any]]) -> None:
    run("schedules", "run", "sch_1")
    run("schedules", "change", "sch_1", "--cron", "@daily")
    assert [(method, path.rpartition("/")[2], body) for method, path, body in sent] == [
        ("POST", "run", None),
        ("PATCH", "sch_1", {"cron": "@daily"}),
    ]


def test_a_snapshot_is_a_tag_that_the_list_of_versions_shows(sent: list[tuple[str, str, Any]]) -> None:
    run("history", "snapshot", "demo/corpus", "2026-q1", "--why", "季度交付")
    assert sent[0][1] == "/api/v1/repositories/dataset/demo/corpus/refs"
    assert sent[0][2] == {"kind": "tag", "name": "2026-q1", "revision": "main", "message": "季度交付"}
    listed = run("history", "list", "demo/corpus")
    assert "2026-q1" in listed
    assert f"= {'d' * 10}" in listed
