"""The engine as processes: mixing and exporting."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.mixing.carrying import carry_cards
from ceyuan.data.mixing.choosing import Portion
from ceyuan.data.mixing.contamination import Benchmarks
from ceyuan.data.mixing.exporting import export
from ceyuan.data.mixing.mix import Mixture, mix
from ceyuan.data.mixing.packing import pack
from ceyuan.data.readers import Rejection, read_path
from ceyuan.data.reporting import Report

__all__ = ["export_main", "mix_main"]


def mix_main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``parts`` (name, folder, weight, epochs), ``budget``, ``unit``, ``heldout``, ``seed``, ``tokeniser`` (file or
    null), ``ngram``, ``benchmarks`` (folders of datasets with items), ``items`` (pairs of name and text), ``out``,
    ``title``. Returns ``folder``, ``content_sha256`` and ``counts``."""
    portions = [
        Portion(one["name"], Path(one["folder"]), float(one["weight"]), int(one["epochs"])) for one in args["parts"]
    ]
    tokeniser = Path(args["tokeniser"]) if args.get("tokeniser") else None
    settings = Mixture(int(args["budget"]), args["unit"], float(args["heldout"]), int(args["seed"]), tokeniser)
    benchmarks = Benchmarks(int(args["ngram"]))
    benchmarks.add((str(name), str(text)) for name, text in args["items"])
    for name, folder in args["benchmarks"]:
        benchmarks.add(_items(str(name), Path(folder)))
    manifest = mix(portions, settings, benchmarks, Path(args["out"]), args["title"], report)
    return {"folder": str(args["out"]), **{name: manifest[name] for name in ("content_sha256", "counts")}}


def export_main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``folder``, ``out``, ``form``; where that is ``packed``, ``tokeniser`` (file) and ``length``; ``source``: how
    the card names the dataset. Returns ``folder`` and ``documents``."""
    folder, out, form = Path(args["folder"]), Path(args["out"]), str(args["form"])
    if form == "packed":
        manifest = pack(folder, out, Path(args["tokeniser"]), int(args["length"]), report)
    else:
        manifest = export(folder, out, args["form"], report)
    carry_cards(folder, out, form, manifest["files"], str(args.get("source") or ""))
    return {"folder": str(args["out"]), "documents": manifest["documents"]}


def _items(name: str, folder: Path) -> list[tuple[str, str]]:
    """Every text of a dataset of benchmark items, whatever its format: all string columns of Parquet, else texts."""
    found: list[tuple[str, str]] = []
    for path in sorted(folder.rglob("*.parquet")):
        rows = pl.read_parquet(path)
        for column, kind in rows.schema.items():
            if kind == pl.String:
                texts = rows[column].drop_nulls().to_list()
                found += [(f"{name}/{path.name}#{at}.{column}", text) for at, text in enumerate(texts)]
    if found:
        return found
    documents = (one for one in read_path(folder) if not isinstance(one, Rejection))
    return [(f"{name}/{one.id}", one.text) for one in documents]
