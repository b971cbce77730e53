"""What if this threshold: the filters applied again to the stored statistics, without reading a text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.media.choosing import recipe_of
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.corpus.profiles import moved
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.operators import first_reason
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report

__all__ = ["main", "recut"]

_SIMILAR = ("near_duplicate", "semantic_duplicate")
_DUPLICATES = ("exact_duplicate", *_SIMILAR)
_UNUSABLE = ("broken_media", "truncated_media", "empty_media", "media_too_large")


def recut(
    statistics: Path, recipe: Recipe | MediaRecipe, changes: Mapping[str, Mapping[str, Mapping[str, float | None]]]
) -> dict[str, Any]:
    """How many documents would be kept if thresholds were others, by domain and reason.

    ``statistics`` is a dataset's ``statistics.parquet``, ``recipe`` the one it was made with, ``changes`` has
    the form of ``Recipe.thresholds``. Returns ``domains``: per domain ``documents``, ``kept_now``, ``kept_then``
    and ``reasons`` (reason -> now, then), ``unsearched``, and ``filters`` by domain as they are now, each with its
    name. Filters and exact duplicates are exact. A near or semantic duplicate stays one while the document it
    duplicates passes; documents that newly pass were not searched for those, ``unsearched`` counts them. Raises
    ``DataProblem`` ``threshold_unknown``.
    """
    filters = dict(_changed(recipe, changes).filters())
    lasting = pl.col("reason").is_in(_UNUSABLE)
    table = pl.read_parquet(statistics).with_columns(
        then=pl.when(lasting).then("reason").otherwise(first_reason(filters)),
        filtered=~pl.col("reason").is_in(_DUPLICATES) & pl.col("reason").is_not_null(),
    )
    passing = pl.col("then").is_null()
    newly = table.filter(passing & pl.col("filtered"))
    table = _duplicates_then(table)
    measures = [
        pl.len().alias("documents"),
        pl.col("reason").is_null().sum().alias("kept_now"),
        passing.sum().alias("kept_then"),
    ]
    domains: dict[str, Any] = {row.pop("domain"): row for row in table.group_by("domain").agg(measures).to_dicts()}
    for name, values in domains.items():
        here = table.filter(pl.col("domain") == name)
        now, then = _tally(here["reason"]), _tally(here["then"])
        both = sorted(now.keys() | then.keys())
        values["reasons"] = {reason: {"now": now.get(reason, 0), "then": then.get(reason, 0)} for reason in both}
    return {"domains": dict(sorted(domains.items())), "unsearched": newly.height, "filters": _as_made(recipe)}


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``recut`` as a process: ``statistics`` (file), ``recipe``, ``thresholds``."""
    del report  # it takes a moment
    return recut(Path(args["statistics"]), recipe_of(args["recipe"]), args["thresholds"])


def _as_made(recipe: Recipe | MediaRecipe) -> dict[str, list[dict[str, Any]]]:
    """The filters of a recipe by domain, each with the name that ``thresholds`` move it by."""
    first = type(recipe).of(recipe.model_dump() | {"thresholds": {}}).filters()
    chains = {domain: moved(chain, recipe.thresholds.get(domain, {})) for domain, chain in first.items()}
    return {
        domain: [one.model_dump(mode="json") | {"name": name} for one, name in chain]
        for domain, chain in chains.items()
    }


def _duplicates_then(table: pl.DataFrame) -> pl.DataFrame:
    """``then`` completed by the duplicates among the documents that pass."""
    passing = table.filter(pl.col("then").is_null())
    first = passing.with_columns(kept=pl.col("reason").is_null()).sort("kept", descending=True, maintain_order=True)
    best = first.unique("exact", keep="first", maintain_order=True).select("exact", best="id")
    table = table.join(best, on="exact", how="left", maintain_order="left")
    again = pl.col("then").is_null() & (pl.col("id") != pl.col("best"))
    table = table.with_columns(then=pl.when(again).then(pl.lit("exact_duplicate")).otherwise("then"))
    alive = table.filter(pl.col("then").is_null())["id"].implode()
    similar = pl.col("then").is_null() & pl.col("reason").is_in(_SIMILAR) & pl.col("duplicate_of").is_in(alive)
    return table.with_columns(then=pl.when(similar).then("reason").otherwise("then"))


def _tally(reasons: pl.Series) -> dict[str, int]:
    counts = reasons.drop_nulls().value_counts()
    return dict(zip(counts[reasons.name].to_list(), counts["count"].to_list(), strict=True))


def _changed(
    recipe: Recipe | MediaRecipe, changes: Mapping[str, Mapping[str, Mapping[str, float | None]]]
) -> Recipe | MediaRecipe:
    merged = {domain: dict(by_reason) for domain, by_reason in recipe.thresholds.items()}
    for domain, by_reason in changes.items():
        known = merged.setdefault(domain, {})
        for reason, bounds in by_reason.items():
            known[reason] = {**known.get(reason, {}), **bounds}
    try:
        return type(recipe).of(recipe.model_dump() | {"thresholds": merged})
    except DataProblem as problem:
        raise DataProblem("threshold_unknown", *problem.message) from problem
