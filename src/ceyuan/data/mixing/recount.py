"""The account of contributions computed again from a version's own files, by anybody who may read them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.files import read_json
from ceyuan.data.mixing.chain import chain_holds
from ceyuan.data.mixing.ledger import PROOFS, next_entry, proofs_with
from ceyuan.data.problems import DataProblem

__all__ = ["FILES", "previous", "recount"]

FILES = ("manifest.json", "statistics.parquet", "proofs.parquet", "contributions.json")
"""What of a version the account is computed from."""


def previous(folder: Path) -> str:
    """The reference of the version before the one in ``folder``; empty for the first. Raises ``DataProblem``."""
    _account(folder)
    return str(read_json(folder / "manifest.json").get("previous", ""))


def recount(folder: Path, before: Path | None = None) -> dict[str, Any]:
    """Compute the newest link of a version's account from ``FILES`` in ``folder``, and compare.

    Returns ``hash`` (of the link as computed), ``links``, ``holds``, and ``faults``: ``chain`` (a link's hash, or the
    one before it, is wrong), ``content`` (the link is another version's), ``shares`` (they do not follow from documents
    and proofs), ``unproved`` (a document's content has no proof), ``proofs`` (who proved what first does not follow);
    with the files of the version ``before``: ``rewritten`` (an earlier link or proof is changed or gone). Raises
    ``DataProblem`` ``no_account``.
    """
    entries, proofs = _account(folder)
    manifest: Any = read_json(folder / "manifest.json")
    decisions = pl.read_parquet(folder / "statistics.parquet")
    last = entries[-1]
    made = next_entry(entries[:-1], str(last["content"]), decisions, proofs, manifest["sources"])
    order = [one["source"]["key"] for one in manifest["sources"]]
    found = {
        "chain": not chain_holds(entries),
        "content": last["content"] != manifest["content"],
        "shares": made != last,
        "unproved": decisions.join(proofs, on="exact", how="anti").height > 0,
    }
    if before is None or not (before / "contributions.json").is_file():
        first = pl.DataFrame(schema=PROOFS)
        found["proofs"] = len(entries) == 1 and not _same(proofs, proofs_with(first, decisions, order))
    else:
        earlier, proved = _account(before)
        kept = proved.join(proofs, on=list(PROOFS), how="anti").height == 0
        found["rewritten"] = entries[: len(earlier)] != earlier or not kept
        found["proofs"] = not _same(proofs, proofs_with(proved, decisions, order))
    faults = [name for name, wrong in found.items() if wrong]
    return {"hash": made["hash"], "links": len(entries), "holds": not faults, "faults": faults}


def _account(folder: Path) -> tuple[Sequence[dict[str, Any]], pl.DataFrame]:
    known = all((folder / name).is_file() for name in FILES)
    entries: Any = read_json(folder / "contributions.json").get("entries") if known else None
    if not entries:
        raise DataProblem("no_account", "该版本没有贡献账。", "This version has no account of contributions.")
    return entries, pl.read_parquet(folder / "proofs.parquet").cast(PROOFS)  # type: ignore[arg-type]


def _same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.sort("exact").equals(other.sort("exact"))
