"""`ceyuan data sources columns | map`: which columns of a source become which fields of a dataset."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import show, show_rows

app = typer.Typer()
_SOURCES = "/api/v1/data/sources"
_FIELDS = ("text", "title", "id", "time", "author", "url", "licence", "group")
Names = list[str] | None


@app.command("columns")
def survey_columns(source_id: str) -> None:
    """List the columns of a source's first files, with the field that each is proposed for."""
    found = Api().get(f"{_SOURCES}/{source_id}/columns")
    chosen = found["mapping"] or found["proposal"]
    fields = {name: field for field in _FIELDS for name in chosen[field]}
    rows = [
        one | {"field": fields.get(one["name"], ""), "samples": " · ".join(one["samples"])[:80]}
        for one in found["columns"]
    ]
    show_rows(rows, ["name", "field", "files", "filled", "samples"], key="name")


@app.command("map")
def map_columns(
    source_id: str,
    text: Annotated[Names, typer.Option(help="column of the text; several are joined in this order")] = None,
    title: Annotated[
        Names, typer.Option(help="column of the title; of several the first that is filled counts")
    ] = None,
    id: Annotated[Names, typer.Option(help="column that identifies a document")] = None,
    time: Annotated[Names, typer.Option(help="column of the time, which becomes ISO 8601")] = None,
    author: Annotated[Names, typer.Option(help="column of the author")] = None,
    url: Annotated[Names, typer.Option(help="column of the address")] = None,
    licence: Annotated[Names, typer.Option(help="column of the licence, kept as a note")] = None,
    group: Annotated[Names, typer.Option(help="column of what must not be torn apart by a split")] = None,
    others: Annotated[bool, typer.Option(help="keep the remaining columns as notes")] = True,
    keyed: Annotated[
        bool, typer.Option("--keyed", help="know a record by its id instead of by its place in its file")
    ] = False,
    try_only: Annotated[bool, typer.Option("--try", help="show the first rows as they would be; keep nothing")] = False,
) -> None:
    """Map a source's columns onto a dataset's fields; without any, as it is proposed."""
    given: dict[str, Any] = {
        name: value
        for name, value in zip(_FIELDS, (text, title, id, time, author, url, licence, group), strict=True)
        if value
    }
    api = Api()
    proposal = api.get(f"{_SOURCES}/{source_id}/columns")["proposal"]
    taken = {name for names in given.values() for name in names}
    free = {name: [one for one in proposal[name] if one not in taken] for name in _FIELDS}
    mapping = free | given | {"others": others, "keyed": keyed}
    if try_only:
        found = api.post(f"{_SOURCES}/{source_id}/columns/preview", mapping)
        rows = [row | {"text": row["text"][:60]} for row in found["rows"]]
        show_rows(rows, ["where", "title", "time", "author", "text"], key="where")
        return
    reading = api.get(f"{_SOURCES}/{source_id}")["reading"] | {"mapping": mapping}
    show(api.call("PATCH", f"{_SOURCES}/{source_id}", json={"reading": reading}))
