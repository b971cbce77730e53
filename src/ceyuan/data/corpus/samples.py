"""Examples of what a run did: texts before and after, kept ones, dropped ones with the reason's evidence."""

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ceyuan.data.corpus.gathering import rows_of

__all__ = ["samples"]

_EXCERPT = 400  # characters shown of a text
_LEAD = 60  # characters shown before the first difference

Place = tuple[int, int]


def samples(
    decisions: pl.DataFrame, raw: Sequence[Path], measured: Sequence[Path], statistics: Sequence[str], count: int
) -> dict[str, Any]:
    """``count`` examples each of: ``changed`` by normalising, ``kept`` per domain, ``dropped`` per reason.

    Chosen by the hash of the content, so always the same ones. Texts are excerpts: of the raw document, for
    changed ones of both forms from shortly before the first difference. A duplicate comes with the text of
    the document that was kept instead.
    """
    order = _in_order(decisions)
    kept = pl.col("reason").is_null()
    changed = _taken(decisions, order.filter(kept & pl.col("changed")), count)
    by_domain = {str(name[0]): _taken(decisions, rows, count) for name, rows in order.filter(kept).group_by("domain")}
    by_reason = {str(name[0]): _taken(decisions, rows, count) for name, rows in order.filter(~kept).group_by("reason")}
    names = [name for rows in by_reason.values() for name in rows["duplicate_of"].drop_nulls().to_list()]
    partners = decisions.filter(pl.col("id").is_in(names))
    wanted = pl.concat([changed, *by_domain.values(), *by_reason.values(), partners])
    before = _texts(raw, wanted)
    clean = _texts(measured, changed)
    others = {row["id"]: before[row["shard"], row["row"]] for row in partners.iter_rows(named=True)}
    return {
        "changed": [_changed(row, before, clean) for row in changed.iter_rows(named=True)],
        "kept": {
            name: [_plain(row, before) for row in rows.iter_rows(named=True)]
            for name, rows in sorted(by_domain.items())
        },
        "dropped": {
            name: [_dropped(row, before, others, statistics) for row in rows.iter_rows(named=True)]
            for name, rows in sorted(by_reason.items())
        },
    }


def _in_order(decisions: pl.DataFrame) -> pl.DataFrame:
    """Where the rows lie (``at``) and what they are chosen by, sorted by the hash of their content and by name."""
    marks = np.frombuffer(b"".join(decisions["exact"].to_list()), ">u8").astype(np.uint64)
    narrow = decisions.select("id", "reason", "changed", "domain").with_row_index("at")
    return narrow.with_columns(mark=pl.Series(marks[::2])).sort("mark", "id").drop("mark", "id")


def _taken(decisions: pl.DataFrame, rows: pl.DataFrame, count: int) -> pl.DataFrame:
    return decisions[rows["at"].head(count)]


def _texts(shards: Sequence[Path], rows: pl.DataFrame) -> dict[Place, str]:
    texts: dict[Place, str] = {}
    for number in rows["shard"].unique().sort().to_list():
        here = rows.filter(pl.col("shard") == number)["row"].unique()
        column = rows_of(shards[number], here.to_numpy(), ["text"])["text"]
        texts |= {(number, row): text for row, text in zip(here.to_list(), column.to_pylist(), strict=True)}
    return texts


def _plain(row: dict[str, Any], raw: dict[Place, str]) -> dict[str, Any]:
    return {"id": row["id"], "domain": row["domain"], "text": raw[row["shard"], row["row"]][:_EXCERPT]}


def _changed(row: dict[str, Any], raw: dict[Place, str], clean: dict[Place, str]) -> dict[str, Any]:
    before, after = raw[row["shard"], row["row"]], clean[row["shard"], row["row"]]
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, same - _LEAD)
    cut = slice(start, start + _EXCERPT)
    return {"id": row["id"], "domain": row["domain"], "start": start, "before": before[cut], "after": after[cut]}


def _dropped(
    row: dict[str, Any], raw: dict[Place, str], others: dict[str, str], statistics: Sequence[str]
) -> dict[str, Any]:
    shown = _plain(row, raw) | {"statistics": {name: _short(row[name]) for name in statistics}}
    if row["duplicate_of"] is not None:
        shown["duplicate_of"] = row["duplicate_of"]
        shown["similarity"] = _short(row["similarity"])
        shown["kept_text"] = others[row["duplicate_of"]][:_EXCERPT]
    return shown


def _short(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
