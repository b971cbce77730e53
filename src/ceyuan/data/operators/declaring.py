"""Short forms for the operators of which there are many: what a pattern finds, and texts rewritten by expressions."""

from collections.abc import Callable

import polars as pl

from ceyuan.data.operators.operator import Nothing, operator

__all__ = ["count_pattern", "line_statistics", "lines_of", "per_row", "rewriting", "rewritten"]


def count_pattern(
    name: str, title: tuple[str, str], pattern: str, counted: tuple[str, str], share: tuple[str, str] | None = None
) -> None:
    """Declare the ``stat`` operator ``name`` that counts what ``pattern`` matches.

    It writes the column ``name`` and, where ``share`` names it, ``<name>_share``: the share of the text's bytes
    that is matched. Patterns are those of Rust's regex: linear in time whatever the text.
    """
    columns = {name: counted} | ({f"{name}_share": share} if share else {})

    def apply(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
        del parameters
        text = pl.col("text")
        found = batch.select(text.str.count_matches(pattern).cast(pl.Int32).alias(name))
        if share:
            hit = batch.with_row_index("_row").filter(found[name] > 0)
            rest = text.str.replace_all(pattern, "").str.len_bytes().cast(pl.Float32)
            part = hit.select("_row", (1 - rest / text.str.len_bytes()).cast(pl.Float32).alias(f"{name}_share"))
            shares = pl.DataFrame({"_row": pl.Series(range(batch.height), dtype=pl.get_index_type())})
            joined = shares.join(part, on="_row", how="left", maintain_order="left")
            found = found.with_columns(joined[f"{name}_share"].fill_null(0.0))
        return batch.with_columns(found)

    summary = (
        f"统计{'；'.join(words[0] for words in columns.values())}。",
        f"Counts: {'; '.join(words[1] for words in columns.values())}.",
    )
    operator(name, title=title, summary=summary, kind="stat", writes=columns, parameters=Nothing, cost=1700.0)(apply)


def rewritten(batch: pl.DataFrame, text: pl.Expr) -> pl.DataFrame:
    """``batch`` with ``text`` from an expression over the old one, and ``changed`` kept up."""
    before = pl.col("changed") if "changed" in batch.columns else pl.lit(False)
    return (
        batch.with_columns(_new=text)
        .with_columns(text=pl.col("_new"), changed=before | (pl.col("_new") != pl.col("text")))
        .drop("_new")
    )


def rewriting(
    name: str,
    title: tuple[str, str],
    summary: tuple[str, str],
    rewrite: Callable[[pl.Expr], pl.Expr],
    cost: float = 800.0,
) -> None:
    """Declare the ``map`` operator ``name`` without parameters that replaces texts by ``rewrite`` of them."""

    def apply(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
        del parameters
        return rewritten(batch, rewrite(pl.col("text")))

    operator(name, title=title, summary=summary, kind="map", parameters=Nothing, cost=cost)(apply)


def lines_of(batch: pl.DataFrame) -> pl.DataFrame:
    """``row`` and ``line`` of every line that is not blank, in order; spaces around it are cut off."""
    lines = batch.select(line=pl.col("text").str.split("\n")).with_row_index("row").explode("line")
    return lines.with_columns(pl.col("line").str.strip_chars(" \t\r\u00a0\u3000")).filter(pl.col("line") != "")


def line_statistics(
    name: str, title: tuple[str, str], columns: dict[str, tuple[str, str]], measure: Callable[[], dict[str, pl.Expr]]
) -> None:
    """Declare the ``stat`` operator ``name`` that aggregates over the lines (column ``line``) of each text.

    ``measure`` gives one aggregation per column; a text without lines gets 0.
    """

    def apply(batch: pl.DataFrame, parameters: Nothing) -> pl.DataFrame:
        del parameters
        return per_row(batch, lines_of(batch), measure())

    summary = (
        f"按行统计：{'；'.join(words[0] for words in columns.values())}。",
        f"Measures by line: {'; '.join(words[1] for words in columns.values())}.",
    )
    operator(name, title=title, summary=summary, kind="stat", writes=columns, parameters=Nothing, cost=450.0)(apply)


def per_row(batch: pl.DataFrame, parts: pl.DataFrame, measures: dict[str, pl.Expr]) -> pl.DataFrame:
    """``batch`` with ``measures`` over the ``parts`` of each ``row``; 0 where a row has none."""
    found = parts.group_by("row").agg([one.cast(pl.Float32).alias(name) for name, one in measures.items()])
    rows = pl.DataFrame({"row": pl.Series(range(batch.height), dtype=parts.schema["row"])})
    joined = rows.join(found, on="row", how="left", maintain_order="left")
    return batch.with_columns([joined[name].fill_null(0.0).fill_nan(0.0) for name in measures])
