"""Names of repositories and refs, and how references are read."""

from __future__ import annotations

import pytest

from ceyuan.hub import Reference
from ceyuan.hub.errors import NameRefused
from ceyuan.hub.naming import check_ref_name, check_repository_name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", ".a", "a.", "a--b", "a..b", "a.git", "a b", "a/b", "数据", "a" * 97, "a\n"]
)
def test_repository_names_that_the_hubs_clients_refuse_are_refused(name: str) -> None:
    with pytest.raises(NameRefused):
        check_repository_name(name)


@pytest.mark.parametrize("name", ["a", "corpus-zh", "Qwen2.5-Coder_0.5B", "_x_", "a" * 96])
def test_repository_names_of_the_public_hubs_are_taken(name: str) -> None:
    assert check_repository_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "-x", "a..b", "a b", "a~1", "x^", "a:b", "refs/heads/a", "a/", "/a", "a//b", "x.lock", "@", "a@{1", "\x07",
     "a.", "deadbeef", "0" * 40, "x" * 201, "a/.b"],
)  # fmt: skip
def test_ref_names_that_git_refuses_or_takes_for_commits_are_refused(name: str) -> None:
    with pytest.raises(NameRefused):
        check_ref_name(name)


@pytest.mark.parametrize("name", ["main", "v1.0", "feature/x", "发布-1", "pr-12", "release@2"])
def test_usual_ref_names_are_taken(name: str) -> None:
    assert check_ref_name(name) == name


@pytest.mark.parametrize(
    "text",
    ["demo/corpus", "datasets/demo/corpus", "models/demo/mini@main", "reports/a/b@v1.0", "a/b@feature/x@2"],
)
def test_references_are_written_as_they_are_read(text: str) -> None:
    assert str(Reference.parse(text)) == text


@pytest.mark.parametrize("text", ["", "demo", "a/b/c", "datasets/demo", "spaces/a/b", "a/b@", "/b", "a/", "a//b"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(NameRefused):
        Reference.parse(text)
