"""`ceyuan data operators`: what texts and media can be cleaned and measured by, in the reader's language."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from ceyuan.cli.connection import Api
from ceyuan.cli.output import Format, current_format, language, show, show_rows
from ceyuan.kernel.errors import NotFound

_COLUMNS = ["name", "title", "modality", "kind", "cost", "summary"]


def operators(
    name: Annotated[str, typer.Argument(help="one operator, with its parameters; all of them if not given")] = "",
    modality: Annotated[
        Literal["text", "image", "audio", "video"] | None, typer.Option(help="only those on such documents")
    ] = None,
    kind: Annotated[Literal["map", "stat"] | None, typer.Option(help="map changes texts, stat adds statistics")] = None,
    text: Annotated[str, typer.Option(help="part of name, title or summary")] = "",
) -> None:
    """List the operators that a recipe may name, or show one with its parameters and what it writes."""
    told = Api().get("/api/v1/data/recipes/defaults")
    if name:
        found = next((one for one in told["operators"] if one["name"] == name), None)
        if found is None:
            raise NotFound(
                (f"没有算子 {name}；ceyuan data operators 列出全部", f"no operator {name}: see ceyuan data operators")
            )
        return _show(found, told["statistics"])
    chosen = [
        one
        for one in told["operators"]
        if modality in (None, one["modality"])
        and kind in (None, one["kind"])
        and text.lower() in " ".join([one["name"], *one["title"], *one["summary"]]).lower()
    ]
    rows = chosen if current_format() is Format.json else [_read(one) for one in chosen]
    show_rows(rows, _COLUMNS, key="name")


def _read(one: dict[str, Any]) -> dict[str, Any]:
    side = 0 if language() == "zh" else 1
    return one | {"title": one["title"][side], "summary": one["summary"][side]}


def _show(one: dict[str, Any], statistics: dict[str, list[str]]) -> None:
    if current_format() is not Format.table:
        return show(one, key="name")
    side = 0 if language() == "zh" else 1
    schema = one["schema"]
    show(
        {column: _read(one)[column] for column in (*_COLUMNS, "version", "identity")}
        | {"writes": "\n".join(f"{column}  {statistics.get(column, ('', ''))[side]}" for column in one["writes"])},
    )
    if schema.get("properties"):
        show_rows(
            [
                {
                    "parameter": key,
                    "default": None if key in schema.get("required", ()) else parameter.get("default"),
                    "meaning": parameter.get("descriptions", [parameter.get("description", "")] * 2)[side],
                    "choices": "\n".join(
                        f"{value}  {words[side]}" for value, words in parameter.get("choices", {}).items()
                    ),
                }
                for key, parameter in schema["properties"].items()
            ],
            ["parameter", "default", "meaning", "choices"],
            key="parameter",
        )
