"""The way of one document: where it came from, what was measured, why it stays or went, where it lies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.files import read_json
from ceyuan.data.operators import ALWAYS, CLASSES, REASONS, STATISTICS
from ceyuan.data.problems import DataProblem
from ceyuan.data.reporting import Report

__all__ = ["main", "trace"]

_TEXT = 2000
_MEMBERS = 50
_FIXED = ("id", "source", "domain", "exact", "about", "reason", "duplicate_of", "similarity", "cluster", "split")


def trace(folder: Path, name: str, revisions: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What is known of the document ``name`` in the dataset in ``folder``.

    ``revisions`` have ``ref`` and ``statistics`` (file), newest first; ``history`` tells the document's state in
    each. Raises ``DataProblem`` ``document_unknown`` where no revision knows it.
    """
    row = _row(folder / "statistics.parquet", name)
    history = [_state(one, name) for one in revisions]
    gone = _row(folder / "tombstones.parquet", name)
    if row is None and gone is None and not any(one["state"] != "absent" for one in history):
        raise DataProblem("document_unknown", f"没有文档 {name[:200]}。", f"There is no document {name[:200]}.")
    manifest: dict[str, Any] = read_json(folder / "manifest.json")
    found: dict[str, Any] = {"id": name, "history": history, "tombstone": gone, "state": "absent"}
    if row is None:
        return found | {"evidence": None, "place": None, "statistics": [], "related": [], "text": None}
    found |= {part: row.get(part) for part in ("source", "domain", "reason", "duplicate_of", "cluster", "split")}
    found["state"] = "dropped" if row["reason"] else "kept"
    found["similarity"] = row.get("similarity")
    found["content"] = row["exact"].hex()
    found["reason_names"] = list(REASONS.get(row["reason"], (row["reason"], row["reason"]))) if row["reason"] else None
    found["evidence"] = _evidence(manifest, row)
    found["statistics"] = [
        {"name": key, "names": list((STATISTICS | ALWAYS).get(key, (key, key))), "value": value}
        | _class_names(key, value)
        for key, value in row.items()
        if key not in _FIXED and not isinstance(value, bytes)
    ]
    found["related"] = _related(folder / "statistics.parquet", row)
    found |= _document(folder, name) if not row["reason"] else {"place": None, "text": None, "title": None}
    sources = [one["source"] for one in manifest.get("sources", [])]
    found["origin"] = next((one for one in sources if one["key"] == row["source"]), None)
    found["operators"] = manifest.get("operators", [])
    return found


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``trace`` as a process: ``folder``, ``id``, ``revisions``."""
    del report  # it takes a moment
    return trace(Path(args["folder"]), str(args["id"]), args["revisions"])


def _class_names(statistic: str, value: object) -> dict[str, list[str]]:
    """``value_names`` where the value is a class that has names."""
    words = CLASSES.get(statistic, {}).get(str(value))
    return {"value_names": list(words)} if words else {}


def _row(path: Path, name: str) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    rows = pl.scan_parquet(path).filter(pl.col("id") == name).collect().to_dicts()
    return rows[0] if rows else None


def _state(revision: Mapping[str, str], name: str) -> dict[str, Any]:
    row = _row(Path(revision["statistics"]), name)
    state = "absent" if row is None else "dropped" if row["reason"] else "kept"
    told = {"ref": revision["ref"], "state": state, "reason": row["reason"] if row else None}
    return told | {"content": row["exact"].hex() if row else None}


def _evidence(manifest: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The filter that dropped the document, with the value that it failed by."""
    if not row["reason"] or row["duplicate_of"]:
        return None
    filters = Recipe.of(manifest["recipe"]).filters()
    chain = filters.get(row["domain"], filters["general"])
    failed = pl.DataFrame([{key: value for key, value in row.items() if not isinstance(value, bytes)}])
    for one in chain:
        if one.reason == row["reason"] and failed.select(one.fails().alias("_fails"))["_fails"][0]:
            return {**one.model_dump(), "value": row.get(one.statistic)}
    return None


def _related(path: Path, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Documents of its cluster, those that duplicate it, and what it duplicates."""
    ids = {row["id"], row["duplicate_of"]} - {None}
    which = pl.col("duplicate_of").is_in(sorted(ids)) | pl.col("id").is_in(sorted(ids))
    if row["cluster"]:
        which |= pl.col("cluster") == row["cluster"]
    rows = pl.scan_parquet(path).filter(which & (pl.col("id") != row["id"])).head(_MEMBERS)
    return rows.select("id", "reason", "duplicate_of", "similarity", "cluster").collect().to_dicts()


def _document(folder: Path, name: str) -> dict[str, Any]:
    for path in sorted((folder / "data").glob("*.parquet")):
        rows = pl.scan_parquet(path).with_row_index("_row").filter(pl.col("id") == name).collect().to_dicts()
        if rows:
            one = rows[0]
            place = {"file": f"data/{path.name}", "row": one["_row"]}
            about = {"title": one["title"], "licence": one["licence"], "meta": one["meta"]}
            return {"place": place, "text": one["text"][:_TEXT], "characters": len(one["text"]), **about}
    return {"place": None, "text": None, "title": None}
