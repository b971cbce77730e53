from __future__ import annotations

from pathlib import Path

import pytest

from ceyuan.cli.task import read_description
from ceyuan.kernel.errors import Invalid


def test_a_description_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("name: hello\ncommand: echo 你好\n")
    assert read_description(path) == {"name": "hello", "command": "echo 你好"}


@pytest.mark.parametrize("wrong", ["- a list\n", "name: [\n"])
def test_what_is_no_description_is_refused_in_one_line(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(wrong)
    with pytest.raises(Invalid):
        read_description(path)
    with pytest.raises(Invalid):
        read_description(tmp_path / "missing.yaml")
