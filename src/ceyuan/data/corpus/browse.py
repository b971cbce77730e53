"""Documents of a dataset by what they are: a page of them, with the beginning of their texts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.report import Report

__all__ = ["browse", "main"]

_TEXT = 300


def browse(folder: Path, wanted: Mapping[str, str], limit: int, offset: int) -> dict[str, Any]:
    """Documents that fit ``wanted``: ``state`` (``kept``, ``dropped``), ``domain``, ``source``, ``reason``, ``split``,
    ``text`` (part of the id, or of a kept document's title or text).

    Returns ``total`` and ``documents``, sorted by id.
    """
    rows = pl.scan_parquet(folder / "statistics.parquet")
    if wanted.get("state"):
        rows = rows.filter(pl.col("reason").is_null() == (wanted["state"] == "kept"))
    for name in ("domain", "source", "reason", "split"):
        if wanted.get(name):
            rows = rows.filter(pl.col(name) == wanted[name])
    if wanted.get("text"):
        holding = _holding(folder, wanted["text"]).implode()
        rows = rows.filter(_holds("id", wanted["text"]) | pl.col("id").is_in(holding))
    columns = ["id", "source", "domain", "characters", "reason", "duplicate_of", "similarity", "cluster", "split"]
    found = rows.select(columns).collect().sort("id")
    page = found.slice(offset, limit)
    texts = _texts(folder, page.filter(pl.col("reason").is_null())["id"].to_list())
    documents = [row | texts.get(row["id"], {"title": None, "text": None}) for row in page.to_dicts()]
    return {"total": found.height, "documents": documents}


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
