"""Which documents of the segments are alive, in the order of their ids."""

from pathlib import Path

import polars as pl

from ceyuan.data.versions.live import live_table
from ceyuan.data.versions.store import Segment

NOBODY = pl.Series([], dtype=pl.String)


def unit(path: Path, *rows: tuple[str, float | None, str | None]) -> Path:
    names, shares, languages = zip(*rows, strict=True)
    count = pl.Series(range(len(rows)), dtype=pl.Int32)
    frame = pl.DataFrame({"id": names, "domain": "d", "group": "", "rank": count, "bytes": count.cast(pl.Int64)})
    more = {"exact": b"e" * 16, "about": b"a" * 16, "distinct": count, "characters": count}
    frame = frame.with_columns(**{name: pl.lit(value) for name, value in more.items()})
    kinds = {"share": pl.Series(shares, dtype=pl.Float32), "language": pl.Series(languages, dtype=pl.String)}
    frame.with_columns(**kinds).write_parquet(path)
    return path


def test_of_one_id_the_last_form_is_alive_and_what_is_deleted_only_where_it_lay_before(tmp_path: Path) -> None:
    units = [
        unit(tmp_path / "0", ("c", 0.5, "zh"), ("a", 0.1, None), ("b", 0.2, "en"), ("e", 0.3, "zh")),
        unit(tmp_path / "1", ("b", None, "zh"), ("d", 0.7, "zh")),
        unit(tmp_path / "2", ("d", 0.9, "en"), ("f", None, "en")),
    ]
    segments = [Segment("x", 4, (3,)), Segment("y", 2), Segment("z", 2)]
    deleted = pl.Series(["d", "c", "nobody"])
    table, left = live_table(segments, units, ["share", "language"], 2, deleted)
    assert table.select("id", "segment", "row").rows() == [("a", 0, 1), ("b", 1, 0), ("d", 2, 0), ("f", 2, 1)]
    assert table["share"].cast(pl.Float64).round(2).to_list() == [0.1, None, 0.9, None]
    assert table["language"].to_list() == [None, "zh", "en", "en"]
    assert table["rank"].to_list() == [1, 0, 0, 1]
    assert [one.dead for one in left] == [(0, 2, 3), (1,), ()]


def test_without_a_change_everything_stays(tmp_path: Path) -> None:
    units = [unit(tmp_path / "0", ("b", 0.5, "zh"), ("a", 0.1, "zh"))]
    table, left = live_table([Segment("x", 2)], units, ["share"], 1, NOBODY)
    assert (table["id"].to_list(), table["row"].to_list(), left) == (["a", "b"], [1, 0], [Segment("x", 2)])
