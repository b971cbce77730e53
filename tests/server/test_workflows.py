"""Every workflow that the platform registers has forms that are JSON Schema: its start does not check them."""

from __future__ import annotations

from pathlib import Path

from ceyuan.kernel.workflow import check_definition, workflows
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings


def test_the_forms_of_every_registered_workflow_are_json_schemas(tmp_path: Path) -> None:
    platform = build_platform(ServerSettings(data_dir=tmp_path / "data"))
    definitions = workflows(platform).all()
    assert any(t.form for definition in definitions for t in definition.transitions)
    for definition in definitions:
        check_definition(definition)
