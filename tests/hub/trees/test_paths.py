"""Which paths a repository takes."""

from __future__ import annotations

import pytest

from ceyuan.hub.trees import PathRefused, check_path


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "数据/训练/第1批.jsonl",
        "data/naïve café.txt",
        "ملف.txt",
        "नमस्ते/फ़ाइल",
        "..a",
        "a..",
        "a b",
        "😀",
        "a" * 255,
    ],
)
def test_names_in_every_script_are_welcome(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["", "/", "/etc/passwd", "a//b", "a/", "..", "../a", "a/../b", "./a", "a\\b", "a\0b", "a\nb", "a\x7f",
     ".git/config", "x/.GIT", "a" * 256, "数" * 86, "/".join("a" * 65), "a/" * 600 + "b", "gpj.\u202eexe", "\ud800"],
)  # fmt: skip
def test_paths_that_some_machine_would_misread_are_refused(path: str) -> None:
    with pytest.raises(PathRefused) as caught:
        check_path(path)
    assert caught.value.zh
    assert caught.value.en
