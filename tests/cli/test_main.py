from __future__ import annotations

from typer.testing import CliRunner

from ceyuan.cli.connection import RemoteProblem
from ceyuan.cli.main import app


def test_the_help_lists_nouns_and_not_the_parts_of_which_one_is_made() -> None:
    done = CliRunner().invoke(app, ["--help"])
    names = [line.split()[0] for line in done.stdout.partition("Commands:")[2].splitlines() if line.strip()]
    assert {"data", "up", "hub"} <= set(names)
    assert [name for name in names if "_" in name] == []
    assert CliRunner().invoke(app, ["data_history", "list", "a/b"]).exit_code == 2


def test_a_command_without_a_token_names_the_one_that_gets_it() -> None:
    refused = RemoteProblem({"code": "unauthenticated", "detail": "Sign-in required", "hint": "send a token"}, 401)
    assert "ceyuan login" in refused.line("en")
    assert RemoteProblem({"code": "other", "detail": "No", "hint": "do so"}, 400).line("en").endswith("do so")
