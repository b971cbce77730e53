"""Items of a media dataset by what they are: a page of them with previews, dropped ones too."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.files import read_json
from ceyuan.data.operators import STATISTICS
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report

__all__ = ["browse_media", "main"]

_BOUND = re.compile(r"(?P<name>[a-z0-9_]{1,64})(?P<side><=|>=)(?P<value>-?\d{1,15}(?:\.\d{1,15})?)")
_FIXED = ("id", "source", "domain", "kind", "reason", "duplicate_of", "similarity", "cluster", "split")


def browse_media(
    folder: Path, wanted: Mapping[str, str], bounds: Sequence[str], sort: str, page: tuple[int, int]
) -> dict[str, Any]:
    """Items that fit ``wanted`` (as ``browse`` takes it) and ``bounds`` on statistics (``width>=800``).

    ``sort`` is ``id`` or a statistic, with ``-`` in front from the greatest down; ``page`` is limit and offset. Returns
    ``total``, ``items`` with statistics, ``preview`` and ``file`` (paths in the dataset, empty where there is none: of
    dropped items only examples have a preview and none a file), ``statistics`` that can be asked for with their names
    and range, and ``reasons`` with counts. Raises ``DataProblem`` ``bound_invalid``.
    """
    rows = pl.read_parquet(folder / "statistics.parquet")
    names = [name for name in rows.columns if name in STATISTICS and rows[name].dtype.is_numeric()]
    fitting = rows.filter(*_conditions(wanted), *(_bound(one, names) for one in bounds))
    by = sort.removeprefix("-")
    if by not in ("id", *names):
        raise _invalid(sort)
    fitting = fitting.sort([by, "id"], descending=[sort.startswith("-"), False], nulls_last=True)
    shown = fitting.slice(page[1], page[0])
    places = _places(folder, shown["id"].to_list())
    items = []
    for row in shown.to_dicts():
        values = {name: _short(row[name]) for name in rows.columns if name in STATISTICS and row[name] is not None}
        place = places.get(row["id"], {"title": "", "file": "", "preview": ""})
        items.append({name: row[name] for name in _FIXED} | {"bytes": row["bytes"], "statistics": values} | place)
    counts = rows.drop_nulls("reason").group_by("reason").len("items")
    reasons = counts.sort("items", "reason", descending=[True, False])
    return {
        "total": fitting.height,
        "items": items,
        "statistics": [_range(rows, name) for name in names],
        "reasons": reasons.to_dicts(),
    }


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``browse_media`` as a process: ``folder``, ``wanted``, ``bounds``, ``sort``, ``limit``, ``offset``."""
    del report  # it takes a moment
    page = int(args["limit"]), int(args["offset"])
    return browse_media(Path(args["folder"]), args["wanted"], args["bounds"], str(args["sort"]), page)


def _conditions(wanted: Mapping[str, str]) -> list[pl.Expr]:
    found: list[pl.Expr] = []
    if wanted.get("state"):
        found.append(pl.col("reason").is_null() == (wanted["state"] == "kept"))
    found += [pl.col(name) == wanted[name] for name in ("domain", "source", "reason", "split") if wanted.get(name)]
    if wanted.get("text"):
        found.append(pl.col("id").str.contains(wanted["text"], literal=True))
    return found


def _bound(words: str, names: Sequence[str]) -> pl.Expr:
    found = _BOUND.fullmatch(words)
    if found is None or found["name"] not in names:
        raise _invalid(words)
    value, column = float(found["value"]), pl.col(found["name"])
    return column >= value if found["side"] == ">=" else column <= value


def _places(folder: Path, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Title, file and preview of kept items, and of those that are shown as examples."""
    samples: dict[str, Any] = read_json(folder / "samples.json")
    found: dict[str, dict[str, str]] = {}
    for group in (samples.get("dropped") or {}).values():
        found |= {one["id"]: {"title": one["text"], "file": "", "preview": one.get("preview", "")} for one in group}
    for path in sorted((folder / "data").glob("*.parquet")):
        rows = pl.read_parquet(path, columns=["id", "title", "file_name", "preview"]).filter(pl.col("id").is_in(ids))
        for row in rows.rename({"file_name": "file"}).to_dicts():
            found[row.pop("id")] = row
    return found


def _range(rows: pl.DataFrame, name: str) -> dict[str, Any]:
    numbers = rows[name].drop_nulls().drop_nans()
    low, high = numbers.min(), numbers.max()
    return {"name": name, "names": list(STATISTICS[name]), "low": _short(low), "high": _short(high)}


def _short(value: object) -> object:
    if isinstance(value, float):
        return round(value, 4) if value == value else None
    return value


def _invalid(words: str) -> DataProblem:
    return DataProblem(
        "bound_invalid",
        f"无效的条件 {words[:80]}；写作“统计量>=数值”或“统计量<=数值”，排序用 id 或统计量。",
        f"Not a valid condition: {words[:80]}; write statistic>=number or statistic<=number; sort by one or by id.",
    )
