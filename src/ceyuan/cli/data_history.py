"""`ceyuan data history`: versions of a corpus on the platform, what differs between them, the way of a document."""

from __future__ import annotations

from typing import Annotated

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import language, show, show_rows

app = typer.Typer(help="Versions of a corpus on the platform.", no_args_is_help=True)

_DATASETS = "/api/v1/data/datasets"
DatasetArgument = Annotated[str, typer.Argument(help="owner/name of the corpus")]
RevisionOption = Annotated[str | None, typer.Option(help="branch, tag or commit")]


@app.command("list")
@app.command("ls", hidden=True)
def list_versions(
    dataset: DatasetArgument, limit: Annotated[int, typer.Option(help="how many at most, up to 50")] = 20
) -> None:
    """List the versions of a corpus, newest first."""
    api = Api()
    rows = api.get(f"{_DATASETS}/{dataset}/versions", limit=limit)["items"]
    tags = [one for one in api.get(_refs(dataset)) if one["kind"] == "tag"]
    for row in rows:
        row["snapshot"] = ", ".join(one["name"] for one in tags if one["commit"] == row["commit"])
        change = row["change"]
        row["change"] = f"+{change['put']} -{change['deleted']}" if change else ""
        if row["restored"]:
            row["change"] = f"= {row['restored'][:10]}"
    show_rows(rows, ["commit", "created_at", "documents", "kept", "change", "snapshot", "content"], key="commit")


def _refs(dataset: str) -> str:
    return f"/api/v1/repositories/dataset/{dataset}/refs"


@app.command()
def snapshot(
    dataset: DatasetArgument,
    name: Annotated[str, typer.Argument(help="name that the version keeps, such as 2026-q1")],
    revision: Annotated[str, typer.Option(help="branch, tag or commit")] = "main",
    why: Annotated[str, typer.Option(help="what it is kept for")] = "",
) -> None:
    """Keep a version under a name of its own (a tag), which stays where it is whatever comes after."""
    body = {"kind": "tag", "name": name, "revision": revision, "message": why}
    show(Api().post(_refs(dataset), body), key="name")


@app.command()
def diff(
    dataset: DatasetArgument,
    earlier: str,
    later: str,
    kind: Annotated[
        str | None, typer.Option(help="added, removed, changed, newly_dropped or newly_kept; all if not given")
    ] = None,
    limit: Annotated[int, typer.Option(help="documents at most")] = 100,
) -> None:
    """Show which documents differ between two versions."""
    params = {"earlier": earlier, "later": later, "kind": kind, "limit": limit}
    show(Api().get(f"{_DATASETS}/{dataset}/versions/diff", **params))


@app.command()
def back(
    dataset: DatasetArgument,
    to: Annotated[str, typer.Argument(help="branch, tag or commit to go back to")],
    why: Annotated[str, typer.Option(help="why, for the log")] = "",
) -> None:
    """Make an earlier version the current one, as a new revision; nothing is lost."""
    show(Api().post(f"{_DATASETS}/{dataset}/versions/rollback", {"to": to, "why": why}), key="revision")


@app.command()
def at(dataset: DatasetArgument, when: Annotated[str, typer.Argument(help="such as 2026-01-31T12:00:00Z")]) -> None:
    """Show which version was current at a time."""
    show(Api().get(f"{_DATASETS}/{dataset}/versions/at", when=when), key="revision")


@app.command()
def documents(
    dataset: DatasetArgument,
    state: Annotated[str | None, typer.Option(help="kept or dropped")] = None,
    domain: Annotated[str, typer.Option(help="only this domain's")] = "",
    reason: Annotated[str, typer.Option(help="only those dropped for it")] = "",
    field: Annotated[str, typer.Option(help="only those about it, such as law (operator field)")] = "",
    form: Annotated[str, typer.Option(help="only this type of writing, such as statute (operator form)")] = "",
    text: Annotated[str, typer.Option(help="part of the id")] = "",
    limit: Annotated[int, typer.Option(help="how many at most, up to 500")] = 50,
    counts: Annotated[
        bool, typer.Option("--counts", help="how many have each domain, reason, field and form instead")
    ] = False,
    revision: RevisionOption = None,
) -> None:
    """List documents of a corpus, also those that were dropped, or count them by what they are."""
    params = {"state": state, "domain": domain, "reason": reason, "field": field, "form": form, "text": text}
    found = Api().get(f"{_DATASETS}/{dataset}/documents", **params, limit=limit, revision=revision)
    if counts:
        side = 0 if language() == "zh" else 1
        rows = [
            {"facet": facet, **one, "name": one["names"][side]} for facet, all in found["facets"].items() for one in all
        ]
        show_rows(rows, ["facet", "value", "name", "documents"], key="value")
        return
    columns = ["id", "domain", "field", "form", "characters", "reason", "duplicate_of", "split"]
    show_rows(found["documents"], columns, key="id")


@app.command()
def trace(
    dataset: DatasetArgument,
    document: Annotated[str, typer.Argument(help="id of the document")],
    revision: RevisionOption = None,
) -> None:
    """Show the way of one document: source, operators, why it stays or went, where it lies, its versions."""
    show(Api().get(f"{_DATASETS}/{dataset}/documents/trace", id=document, revision=revision)["trace"])


@app.command()
def analyse(dataset: DatasetArgument, revision: RevisionOption = None) -> None:
    """Study a corpus: keep rates, alarms, groups of duplicates, correlation of statistics."""
    show(Api().get(f"{_DATASETS}/{dataset}/analysis", revision=revision))
