"""`ceyuan mirror`: repositories of other hubs, kept up by schedule."""

from __future__ import annotations

from typing import Annotated

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import say, show, show_rows

app = typer.Typer(help="Mirrors of other hubs: add, list, run, remove.", no_args_is_help=True)
_REST = "/api/v1/mirrors"
_COLUMNS = ["id", "source", "upstream", "owner", "every_hours", "next_at", "error"]
MirrorId = Annotated[str, typer.Argument(help="id of the mirror")]


@app.command("list")
@app.command("ls", hidden=True)
def list_mirrors(limit: Annotated[int, typer.Option(help="how many at most")] = 50) -> None:
    """List the mirrors of your organisations."""
    show_rows(Api().call("GET", _REST, params={"limit": limit})["items"], _COLUMNS, key="id")


@app.command()
def add(
    source: Annotated[str, typer.Argument(help="owner/name at the other hub, or owner for all of its repositories")],
    owner: Annotated[str, typer.Argument(help="organisation or person here")],
    upstream: Annotated[str, typer.Option(help="address of the other hub")] = "https://huggingface.co",
    kind: Annotated[str, typer.Option(help="model or dataset")] = "model",
    revision: Annotated[list[str] | None, typer.Option(help="branch, tag or commit; may be repeated")] = None,
    include: Annotated[list[str] | None, typer.Option(help="only paths like this; may be repeated")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="no paths like this; may be repeated")] = None,
    every_hours: Annotated[int, typer.Option(help="hours between two runs, 0 = only when asked")] = 24,
    visibility: Annotated[str, typer.Option(help="public, internal or private")] = "private",
    token: Annotated[
        str | None, typer.Option(envvar="CEYUAN_UPSTREAM_TOKEN", help="token for the other hub", show_envvar=True)
    ] = None,
) -> None:
    """Mirror a repository, or all of an owner, of another hub; the first run starts at once."""
    body = {
        "source": source,
        "owner": owner,
        "upstream": upstream,
        "kind": kind,
        "revisions": revision or ["main"],
        "include": include or [],
        "exclude": exclude or [],
        "every_hours": every_hours,
        "visibility": visibility,
        "token": token,
    }
    show(Api().call("POST", _REST, json=body), key="id")


@app.command("show")
def show_mirror(mirror: MirrorId) -> None:
    """Show a mirror and the revisions that it has taken."""
    api = Api()
    show(api.call("GET", f"{_REST}/{mirror}"), key="id")
    columns = ["repository", "revision", "upstream_commit", "licence", "files", "taken_at"]
    show_rows(api.call("GET", f"{_REST}/{mirror}/taken"), columns, key="repository")


@app.command()
def run(mirror: MirrorId) -> None:
    """Run a mirror now."""
    show(Api().call("POST", f"{_REST}/{mirror}/runs"), key="job_id")


@app.command()
def remove(mirror: MirrorId) -> None:
    """Remove a mirror; the repositories that it made stay."""
    Api().call("DELETE", f"{_REST}/{mirror}")
    say((f"已删除镜像 {mirror}", f"removed the mirror {mirror}"))
