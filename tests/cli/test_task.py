from __future__ import annotations

from pathlib import Path

import pytest

from ceyuan.cli.task import read_description
from ceyuan.kernel.errors import Invalid


def test_a_description_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("name: hello\ncommand: echo 你好\n")
    assert read_description(path) == {"name": "hello", "command": "echo 你好"}


def test_a_moment_in_a_description_is_sent_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("deadline: 2027-01-01T00:00:00Z\nday: 2027-01-01\nexact: '7'\n")
    assert read_description(path) == {"deadline": "2027-01-01T00:00:00Z", "day": "2027-01-01", "exact": "7"}


@pytest.mark.parametrize(
    "wrong", ["- a list\n", "name: [\n", "cpus: .nan\n", "cpus: .inf\n", "a: &a [*a]\n", "a: !!binary aGk=\n"]
)
def test_what_is_no_description_is_refused_in_one_line(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "task.yaml"
    path.write_text(wrong)
    with pytest.raises(Invalid):
        read_description(path)
    with pytest.raises(Invalid):
        read_description(tmp_path / "missing.yaml")
