"""Examples of what a run did: texts before and after, kept ones, dropped ones with the reason's evidence."""

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ceyuan.data.corpus.columns import Columns
from ceyuan.data.corpus.gathering import rows_of
from ceyuan.data.files import read_json, write_json
from ceyuan.data.operators.digests import words

__all__ = ["Excerpts", "samples"]

_EXCERPT = 400  # characters shown of a text
_LEAD = 60  # characters shown before the first difference

Place = tuple[int, int]


class Excerpts:
    """What was shown of rows of raw shards before, by the name of the shard (its content's hash) and the row: examples
    are nearly the same from version to version, and each costs the reading of a row group."""

    def __init__(self, place: Path | None = None) -> None:
        self._place = place
        self._before: dict[str, Any] = read_json(place) if place else {}
        self._now: dict[str, Any] = {}

    def get(self, kind: str, shard: Path, row: int) -> Any:
        """What is known; None where it is not."""
        key = f"{kind}:{shard.stem}:{row}"
        found = self._before.get(key) if self._place else None
        if found is not None:
            self._now[key] = found
        return found

    def put(self, kind: str, shard: Path, row: int, shown: Any) -> None:
        """Remember what is shown."""
        self._now[f"{kind}:{shard.stem}:{row}"] = shown

    def keep(self) -> None:
        """Keep what was asked for this time, for the next."""
        if self._place and self._now != self._before:
            write_json(self._place, self._now)


def samples(
    decisions: pl.DataFrame,
    raw: Sequence[Path],
    measured: Sequence[Path],
    statistics: Columns,
    count: int,
    excerpts: Excerpts | None = None,
) -> dict[str, Any]:
    """``count`` examples each of: ``changed`` by normalising, ``kept`` per domain, ``dropped`` per reason.

    Chosen by the hash of the content, so always the same ones. Texts are excerpts: of the raw document, for
    changed ones of both forms from shortly before the first difference. A duplicate comes with the text of
    the document that was kept instead, a dropped one with its ``statistics``. ``excerpts`` saves reading again what
    was shown before.
    """
    excerpts = excerpts or Excerpts()
    order = _in_order(decisions, count)
    kept = pl.col("reason").is_null()
    changed = _taken(decisions, order.filter(kept & pl.col("changed")), count)
    by_domain = {str(name[0]): _taken(decisions, rows, count) for name, rows in order.filter(kept).group_by("domain")}
    dropped = order.filter(~kept).group_by("reason")
    by_reason = {str(name[0]): _taken(decisions, rows, count, statistics) for name, rows in dropped}
    names = [name for rows in by_reason.values() for name in rows["duplicate_of"].drop_nulls().to_list()]
    partners = decisions.filter(pl.col("id").is_in(names))
    shown = [rows.select("shard", "row") for rows in (*by_domain.values(), *by_reason.values(), partners)]
    before = _heads(raw, pl.concat(shown), excerpts)
    others = {row["id"]: before[row["shard"], row["row"]] for row in partners.iter_rows(named=True)}
    differences = _differences(raw, measured, changed, excerpts)
    return {
        "changed": [
            {"id": row["id"], "domain": row["domain"], **differences[row["shard"], row["row"]]}
            for row in changed.iter_rows(named=True)
        ],
        "kept": {
            name: [_plain(row, before) for row in rows.iter_rows(named=True)]
            for name, rows in sorted(by_domain.items())
        },
        "dropped": {
            name: [_dropped(row, before, others, statistics.names) for row in rows.iter_rows(named=True)]
            for name, rows in sorted(by_reason.items())
        },
    }


def _in_order(decisions: pl.DataFrame, count: int) -> pl.DataFrame:
    """Where the rows lie (``at``) and what they are chosen by, sorted by the hash of their content and by name: the
    first ``count`` at least, and one, that changed, of each domain, of each reason."""
    marks = words(decisions["exact"])[:, 0].byteswap()  # in the order of the bytes
    order = _first(marks, decisions, max(count, 1))
    order = order[np.argsort(marks[order], kind="stable")]
    ordered = marks[order]
    tied = np.zeros(len(order), np.bool_)
    tied[1:] = ordered[1:] == ordered[:-1]
    tied[:-1] |= tied[1:]
    few = order[tied]  # only who shares a mark is put in order by name
    names = decisions["id"].gather(few)
    within = pl.DataFrame({"mark": marks[few], "id": names, "at": few}).sort("mark", "id")
    order[tied] = within["at"].to_numpy()
    narrow = decisions.select("reason", "changed", "domain").with_row_index("at")
    return narrow[order]


def _first(marks: npt.NDArray[np.uint64], decisions: pl.DataFrame, count: int) -> npt.NDArray[np.int64]:
    """Places of the rows that are among the ``count`` first by ``marks`` of those that are chosen from together."""
    wanted = np.zeros(len(marks), np.bool_)
    kept = decisions["reason"].is_null()
    together = [kept & decisions["changed"]]
    for name, of in (("domain", kept), ("reason", ~kept)):
        column = decisions[name]
        together += [of & (column == word) for word in column.filter(of).unique()]
    for rows in together:
        at = np.flatnonzero(rows.to_numpy())
        if len(at) > count:  # all that share the last one's mark too: they go by name
            at = at[marks[at] <= np.partition(marks[at], count - 1)[count - 1]]
        wanted[at] = True
    return np.flatnonzero(wanted)


def _taken(decisions: pl.DataFrame, rows: pl.DataFrame, count: int, statistics: Columns | None = None) -> pl.DataFrame:
    at = rows["at"].head(count)
    taken = decisions[at]
    if statistics is None:
        return taken
    more = statistics.rows(at)
    return taken.with_columns(more.get_column(name) for name in more.columns if name not in taken.columns)


def _heads(raw: Sequence[Path], rows: pl.DataFrame, excerpts: Excerpts) -> dict[Place, str]:
    """The beginning of each row's raw text."""
    places = list(dict.fromkeys(rows.select("shard", "row").iter_rows()))
    found = {place: excerpts.get("head", raw[place[0]], place[1]) for place in places}
    for place, text in _texts(raw, [place for place, head in found.items() if head is None]).items():
        found[place] = text[:_EXCERPT]
        excerpts.put("head", raw[place[0]], place[1], found[place])
    return found


def _differences(
    raw: Sequence[Path], measured: Sequence[Path], rows: pl.DataFrame, excerpts: Excerpts
) -> dict[Place, dict[str, Any]]:
    """Both forms of each row's text, from shortly before the first difference."""
    places = list(rows.select("shard", "row").iter_rows())
    found = {place: excerpts.get(_named(measured, place), raw[place[0]], place[1]) for place in places}
    missing = [place for place, shown in found.items() if shown is None]
    before, clean = _texts(raw, missing), _texts(measured, missing)
    for place in missing:
        found[place] = _difference(before[place], clean[place])
        excerpts.put(_named(measured, place), raw[place[0]], place[1], found[place])
    return found


def _named(measured: Sequence[Path], place: Place) -> str:
    """The name of the measured shard, which follows from the operators that changed the text."""
    return measured[place[0]].stem


def _texts(shards: Sequence[Path], places: Sequence[Place]) -> dict[Place, str]:
    texts: dict[Place, str] = {}
    for number in sorted({shard for shard, _ in places}):
        here = np.array(sorted(row for shard, row in places if shard == number), np.int64)
        column = rows_of(shards[number], here, ["text"])["text"]
        texts |= {(number, row): text for row, text in zip(here.tolist(), column.to_pylist(), strict=True)}
    return texts


def _plain(row: dict[str, Any], raw: dict[Place, str]) -> dict[str, Any]:
    return {"id": row["id"], "domain": row["domain"], "text": raw[row["shard"], row["row"]]}


def _difference(before: str, after: str) -> dict[str, Any]:
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, same - _LEAD)
    cut = slice(start, start + _EXCERPT)
    return {"start": start, "before": before[cut], "after": after[cut]}


def _dropped(
    row: dict[str, Any], raw: dict[Place, str], others: dict[str, str], statistics: Sequence[str]
) -> dict[str, Any]:
    shown = _plain(row, raw) | {"statistics": {name: _short(row[name]) for name in statistics}}
    if row["duplicate_of"] is not None:
        shown["duplicate_of"] = row["duplicate_of"]
        shown["similarity"] = _short(row["similarity"])
        shown["kept_text"] = others[row["duplicate_of"]]
    return shown


def _short(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value
