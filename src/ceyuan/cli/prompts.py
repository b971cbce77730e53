"""`ceyuan prompts`: templates that calls name instead of sending their messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import show, show_rows
from ceyuan.kernel.errors import Invalid, NotFound

app = typer.Typer(help="Prompt templates: named, versioned messages with variables.", no_args_is_help=True)
_BASE = "/api/v1/prompts"
_COLUMNS = ["name", "title", "newest", "production", "updated_at"]
_ORG = typer.Option(help="organisation, where a name is used in several")
_FILE = typer.Argument(
    exists=True, dir_okay=False, help="JSON: {messages, variables, parameters, note}; or a text, the user's message"
)


def _find(api: Api, name: str, org: str | None, *, archived: bool = False) -> dict[str, Any]:
    params = {"org_id": _org_id(api, org)} if org else {}
    for row in api.pages(_BASE, limit=200, text=name, archived=archived, **params):
        if row["name"] == name:
            return row
    raise NotFound((f"没有提示词模板“{name}”", f"there is no prompt template “{name}”"))


def _org_id(api: Api, org: str) -> str:
    return str(api.get(f"/api/v1/organisations/{org}")["id"])


def _version(file: Path, note: str) -> dict[str, Any]:
    """A version out of a file; raises `Invalid` for JSON that is none."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".json":
        return {"messages": [{"role": "user", "content": text}], "note": note}
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise Invalid((f"{file} 不是有效的 JSON:{error}", f"{file} is not valid JSON: {error}")) from error
    if isinstance(document, list):
        document = {"messages": document}
    return {**document, **({"note": note} if note else {})}


def _values(given: list[str]) -> dict[str, str]:
    values = dict(one.partition("=")[::2] for one in given)
    return {name: Path(text[1:]).read_text("utf-8") if text.startswith("@") else text for name, text in values.items()}


@app.command("list")
@app.command("ls", hidden=True)
def list_prompts(
    org: Annotated[str | None, _ORG] = None,
    text: Annotated[str | None, typer.Option(help="part of the name or title")] = None,
    archived: Annotated[bool, typer.Option(help="those that are archived")] = False,
) -> None:
    """List templates."""
    api = Api()
    params = {"org_id": _org_id(api, org)} if org else {}
    show_rows(api.pages(_BASE, limit=1000, text=text, archived=archived, **params), _COLUMNS, key="name")


@app.command("show")
def show_prompt(
    name: str,
    number: Annotated[int | None, typer.Option(help="a version; default: the newest")] = None,
    org: Annotated[str | None, _ORG] = None,
) -> None:
    """Show a version of a template."""
    api = Api()
    row = _find(api, name, org)
    for version in api.get(f"{_BASE}/{row['id']}/versions"):
        if version["number"] == (number or row["newest"]):
            show({"name": row["name"], "production": row["production"], **version}, key="name")
            return
    raise NotFound((f"没有第 {number} 版", f"there is no version {number}"))


@app.command()
def create(
    name: str,
    file: Annotated[Path, _FILE],
    org: Annotated[str, typer.Option(help="organisation that keeps it")],
    title: Annotated[str, typer.Option(help="what people read")] = "",
    publish: Annotated[bool, typer.Option(help="put it in production at once")] = False,
) -> None:
    """Begin a template with its first version."""
    api = Api()
    body = {"org_id": _org_id(api, org), "name": name, "title": title, "version": _version(file, "")}
    row = api.post(_BASE, body)
    show(_published(api, row["id"], 1) if publish else row, key="name")


@app.command()
def add(
    name: str,
    file: Annotated[Path, _FILE],
    note: Annotated[str, typer.Option(help="what is new in it")] = "",
    publish: Annotated[bool, typer.Option(help="put it in production at once")] = False,
    org: Annotated[str | None, _ORG] = None,
) -> None:
    """Write the next version."""
    api = Api()
    row = _find(api, name, org)
    version = api.post(f"{_BASE}/{row['id']}/versions", _version(file, note))
    show(_published(api, row["id"], version["number"]) if publish else {"name": name, **version}, key="name")


def _published(api: Api, prompt_id: str, number: int) -> dict[str, Any]:
    row: dict[str, Any] = api.call("PUT", f"{_BASE}/{prompt_id}/production", json={"number": number})
    return row


@app.command()
def publish(name: str, number: int, org: Annotated[str | None, _ORG] = None) -> None:
    """Say which version calls get that name none; an earlier one puts things back."""
    api = Api()
    show(_published(api, _find(api, name, org)["id"], number), key="name")


@app.command()
def render(
    name: str,
    var: Annotated[list[str], typer.Option(help="variable=value, or variable=@file; repeatable")] = [],  # noqa: B006
    number: Annotated[int | None, typer.Option(help="a version; default: the newest")] = None,
    org: Annotated[str | None, _ORG] = None,
) -> None:
    """Print what a version says with these values, without asking a model."""
    api = Api()
    body = {"number": number, "variables": _values(var)}
    answer = api.post(f"{_BASE}/{_find(api, name, org)['id']}/render", body)
    show_rows(answer["messages"], ["role", "content"], key="content")


@app.command()
def archive(
    name: str,
    back: Annotated[bool, typer.Option("--back", help="take it back out of the archive")] = False,
    org: Annotated[str | None, _ORG] = None,
) -> None:
    """Let a template answer no call any more."""
    api = Api()
    row = _find(api, name, org, archived=back)
    show(api.call("PATCH", f"{_BASE}/{row['id']}", json={"archived": not back}), key="name")
