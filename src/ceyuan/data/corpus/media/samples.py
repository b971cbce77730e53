"""Examples of what a media run did: kept ones, dropped ones with the reason's evidence, each with its preview."""

from typing import Any

import polars as pl

from ceyuan.data.corpus.media.emit import preview_name
from ceyuan.data.corpus.media.recipe import MediaRecipe

__all__ = ["examples", "shown"]


def examples(decisions: pl.DataFrame, count: int) -> pl.DataFrame:
    """The items that are shown, by the hash of their content: ``count`` kept ones per domain, ``count`` per reason."""
    order = decisions.sort("exact", "id")
    kept = pl.col("reason").is_null()
    groups = [order.filter(kept).group_by("domain", maintain_order=True).head(count)]
    groups.append(order.filter(~kept).group_by("reason", maintain_order=True).head(count))
    shown = pl.concat([one.select(decisions.columns) for one in groups])
    partners = decisions.filter(pl.col("id").is_in(shown["duplicate_of"].drop_nulls().implode()))
    return pl.concat([shown, partners]).unique("id", keep="first", maintain_order=True)


def shown(rows: pl.DataFrame, recipe: MediaRecipe) -> dict[str, Any]:
    """``samples.json``: examples ``kept`` per domain and ``dropped`` per reason, with preview and statistics."""
    by_id = {row["id"]: row for row in rows.iter_rows(named=True)}
    result: dict[str, Any] = {"changed": [], "kept": {}, "dropped": {}}
    for row in by_id.values():
        kept = row["reason"] is None
        group = result["kept" if kept else "dropped"].setdefault(row["domain"] if kept else row["reason"], [])
        if len(group) < recipe.output.samples:
            group.append(_example(row, by_id, recipe))
    return result


def _example(row: dict[str, Any], by_id: dict[str, dict[str, Any]], recipe: MediaRecipe) -> dict[str, Any]:
    usable = row["problem"] == ""
    values = {"id": row["id"], "domain": row["domain"], "text": row["detail"] or row["title"], "kind": row["kind"]}
    values["preview"] = preview_name(row["path"], recipe.kind) if usable else ""
    values["statistics"] = {name: _short(row[name]) for name in recipe.statistics()} if usable else {}
    other = by_id.get(row["duplicate_of"] or "")
    if other is not None:
        values |= {"duplicate_of": other["id"], "similarity": _short(row["similarity"]), "kept_text": other["title"]}
        values["kept_preview"] = preview_name(other["path"], recipe.kind)
    return values


def _short(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
