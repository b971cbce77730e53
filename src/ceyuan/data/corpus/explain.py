"""What lies in a dataset's folder beside the documents: statistics with reasons, samples, cards, the manifest."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from ceyuan.data.corpus.card import cards
from ceyuan.data.corpus.columns import Columns
from ceyuan.data.corpus.findings import distributions, drop_reasons
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.licences import matrix_of
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.samples import Excerpts, samples
from ceyuan.data.files import canonical_json, sha256_of, write_atomically, write_json
from ceyuan.data.tables import put_frames

__all__ = ["explain", "manifest_of", "plan_of", "write_table"]

_FORMAT = 4
_GROUP = 65536
_ALIKE = ("source", "domain", "reason", "split")  # few values again and again: written once each


def plan_of(inputs: Inputs, recipe: Recipe, title: Mapping[str, str]) -> str:
    """Hash of all that a dataset follows from: what goes in, the recipe, the title."""
    return hashlib.sha256(canonical_json([_FORMAT, inputs.identity(), recipe.identity(), dict(title)])).hexdigest()[:32]


def explain(
    dataset: Path,
    decisions: pl.DataFrame,
    raw: Sequence[Path],
    measured: Sequence[Path],
    recipe: Recipe,
    about: tuple[Mapping[str, str], Sequence[Mapping[str, Any]], Mapping[str, Any]],
    excerpts: Path | None = None,
) -> None:
    """Write ``statistics.parquet`` (one row per document, dropped ones too), ``drop_reasons.json``,
    ``distributions.json``, ``samples.json`` and the cards.

    ``decisions`` has ``shard`` and ``row`` into ``raw`` and ``measured``; ``about`` is title, sources and counts;
    ``excerpts`` a file that keeps what was shown, for raw shards that are named by their content.
    """
    title, sources, counts = about
    statistics = recipe.statistics()
    reasons = drop_reasons(decisions)
    write_json(dataset / "drop_reasons.json", {"reasons": reasons})
    columns = Columns(measured, decisions, statistics)
    write_json(dataset / "distributions.json", distributions(decisions, statistics, columns.column))
    kept = Excerpts(excerpts)
    write_json(dataset / "samples.json", samples(decisions, raw, measured, columns, recipe.output.samples, kept))
    kept.keep()
    _write_statistics(dataset / "statistics.parquet", decisions, columns)
    for name, text in cards(title, recipe, sources, counts, reasons).items():
        write_atomically(dataset / name, lambda file, text=text: _put(file, text.encode()))  # type: ignore[misc]


def _write_statistics(path: Path, decisions: pl.DataFrame, columns: Columns) -> None:
    first = ["id", "source", "domain", *columns.names, "bytes", "exact", *({"about"} & set(decisions.columns))]
    names = [*first, "reason", "duplicate_of", "similarity", "cluster", "split"]

    def slices() -> Iterator[pl.DataFrame]:
        start = 0
        for more in columns.slices():
            known = decisions.slice(start, more.height)
            start += more.height
            added = [more.get_column(name) for name in more.columns if name not in known.columns]
            yield known.with_columns(*added).select(names)

    _write_tables(path, slices(), names)


def manifest_of(
    dataset: Path,
    plan: str,
    inputs: Inputs,
    recipe: Recipe,
    counts: Mapping[str, Any],
    files: Sequence[Mapping[str, object]],
    more: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The manifest of what lies in ``dataset``; ``content_sha256`` covers all of it."""
    listed = {str(file["path"]) for file in files}
    others = [
        {"path": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
        for path in sorted(dataset.iterdir())
        if path.is_file() and path.name not in listed and path.name != "manifest.json"
    ]
    content = {
        "format": _FORMAT,
        "plan": plan,
        "recipe": recipe.model_dump(),
        "recipe_identity": recipe.identity(),
        "operators": [one.described() for one in recipe.operators()],
        "sources": list(inputs.sources),
        "counts": counts,
        "licences": matrix_of(inputs.sources, counts),
        "data": files,
        "files": others,
        **(more or {}),
    }
    return content | {"content_sha256": hashlib.sha256(canonical_json(content)).hexdigest()}


def write_table(path: Path, table: pl.DataFrame) -> None:
    """Write a table as Parquet, atomically."""
    _write_tables(path, iter([table]), table.columns)


def _write_tables(path: Path, tables: Iterator[pl.DataFrame], names: Sequence[str]) -> None:
    how: dict[str, Any] = {"compression": "zstd", "compression_level": 1}
    how["use_dictionary"] = [name for name in names if name in _ALIKE]
    how["write_statistics"] = [name for name in names if name != "exact"]  # a hash is in no order
    write_atomically(path, lambda file: put_frames(tables, file, _GROUP, **how))


def _put(file: BinaryIO, data: bytes) -> None:
    file.write(data)
