"""Documents of a dataset by what they are: a page of them, with the beginning of their texts, and counts by class."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.profiles import DOMAINS
from ceyuan.data.operators import CLASSES, REASONS
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report

__all__ = ["browse", "main"]

_TEXT = 300
_FACETS = {"domain": DOMAINS, "reason": REASONS, **CLASSES}
_VALUES = 200  # of a facet that are told, the most frequent first
_COLUMNS = ("id", "source", "domain", "characters", "reason", "duplicate_of", "similarity", "cluster", "split")


def browse(folder: Path, wanted: Mapping[str, str], limit: int, offset: int) -> dict[str, Any]:
    """Documents that fit ``wanted``: ``state`` (``kept``, ``dropped``), ``domain``, ``source``, ``reason``, ``split``,
    ``field``, ``form``, ``text`` (part of the id, or of a kept document's title or text).

    Returns ``total``, ``documents``, sorted by id, and ``facets``: of domain, reason, field and form each value with
    its names and how many documents have it and fit all that is wanted but of this one. A facet is empty where the
    dataset was not classified so. Raises ``DataProblem`` ``class_unknown`` and ``not_classified``.
    """
    rows = pl.scan_parquet(folder / "statistics.parquet")
    known = rows.collect_schema().names()
    conditions = _conditions(folder, wanted, known)
    facets = [name for name in _FACETS if name in known]
    fitting = rows.filter(*conditions.values()).select(*_COLUMNS, *(name for name in CLASSES if name in known))
    found, *counted = pl.collect_all(
        [fitting, *(_counted(rows, name, conditions) for name in facets)], engine="streaming"
    )
    page = found.sort("id").slice(offset, limit)
    texts = _texts(folder, page.filter(pl.col("reason").is_null())["id"].to_list())
    bare: dict[str, Any] = {"title": None, "text": None, **dict.fromkeys(CLASSES)}
    return {
        "total": found.height,
        "documents": [bare | row | texts.get(row["id"], {}) for row in page.to_dicts()],
        "facets": {name: [] for name in _FACETS}
        | {name: _named(name, table) for name, table in zip(facets, counted, strict=True)},
    }


def _conditions(folder: Path, wanted: Mapping[str, str], known: Sequence[str]) -> dict[str, pl.Expr]:
    """What is wanted, by name."""
    found: dict[str, pl.Expr] = {}
    if wanted.get("state"):
        found["state"] = pl.col("reason").is_null() == (wanted["state"] == "kept")
    for name in CLASSES:
        if wanted.get(name):
            _require_class(name, wanted[name], known)
    for name in ("domain", "source", "reason", "split", *CLASSES):
        if wanted.get(name):
            found[name] = pl.col(name) == wanted[name]
    if wanted.get("text"):
        holding = _holding(folder, wanted["text"]).implode()
        found["text"] = _holds("id", wanted["text"]) | pl.col("id").is_in(holding)
    return found


def _require_class(name: str, value: str, known: Sequence[str]) -> None:
    if value not in CLASSES[name]:
        choices = ", ".join(CLASSES[name])
        raise DataProblem(
            "class_unknown",
            f"{name} 没有 {value[:80]} 这一类；可用：{choices}。",
            f"There is no {name} {value[:80]}; there are: {choices}.",
        )
    if name not in known:
        raise DataProblem(
            "not_classified",
            f"这个版本没有按 {name} 分类；请在配方的 steps 中加入算子 {name} 后再运行。",
            f"This version is not classified by {name}: add the operator {name} to the recipe's steps.",
        )


def _counted(rows: pl.LazyFrame, name: str, conditions: Mapping[str, pl.Expr]) -> pl.LazyFrame:
    others = [one for key, one in conditions.items() if key != name]
    counts = rows.filter(*others).drop_nulls(name).group_by(value=pl.col(name).cast(pl.String)).len("documents")
    return counts.sort("documents", "value", descending=[True, False]).head(_VALUES)


def _named(name: str, counts: pl.DataFrame) -> list[dict[str, Any]]:
    return [row | {"names": list(_FACETS[name].get(row["value"], (row["value"],) * 2))} for row in counts.to_dicts()]


def _holds(column: str, words: str) -> pl.Expr:
    return pl.col(column).str.contains(words, literal=True)


def _holding(folder: Path, words: str) -> pl.Series:
    """Ids of the documents that hold some words, read piece by piece."""
    files = sorted((folder / "data").glob("*.parquet"))
    if not files:
        return pl.Series("id", [], pl.String)
    rows = pl.scan_parquet(files).filter(_holds("title", words) | _holds("text", words))
    return rows.select("id").collect(engine="streaming")["id"]


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``browse`` as a process: ``folder``, ``wanted``, ``limit``, ``offset``."""
    del report  # it takes a moment
    return browse(Path(args["folder"]), args["wanted"], int(args["limit"]), int(args["offset"]))


def _texts(folder: Path, ids: list[str]) -> dict[str, dict[str, str]]:
    files = sorted((folder / "data").glob("*.parquet"))
    if not ids or not files:
        return {}
    rows = pl.scan_parquet(files).filter(pl.col("id").is_in(ids))
    found = rows.select("id", "title", pl.col("text").str.slice(0, _TEXT)).collect()
    return {row.pop("id"): row for row in found.to_dicts()}
