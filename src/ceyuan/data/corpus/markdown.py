"""Pieces of dataset cards that all kinds of corpora write alike."""

from collections.abc import Sequence

from ceyuan.data.operators import Filter

__all__ = ["bounds_of", "table"]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; bars in cells are escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def bounds_of(one: Filter) -> str:
    """What a filter lets pass, such as ``≥ 2, ≤ 10``."""
    bounds = [f"≥ {one.at_least:,.12g}"] if one.at_least is not None else []
    bounds += [f"≤ {one.at_most:,.12g}"] if one.at_most is not None else []
    bounds += ["、".join(one.one_of)] if one.one_of is not None else []
    return ", ".join(bounds)
