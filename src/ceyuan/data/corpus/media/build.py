"""The whole media run: measure, decide, put the files, explain; each stage's output is on disk before the next."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

import polars as pl
import pyarrow.parquet as pq

from ceyuan.data.corpus.explain import write_table
from ceyuan.data.corpus.findings import counted, distributions, drop_reasons
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.licences import matrix_of
from ceyuan.data.corpus.media.card import media_cards
from ceyuan.data.corpus.media.decide import decide_media
from ceyuan.data.corpus.media.emit import put_files, put_previews, put_table
from ceyuan.data.corpus.media.measure import measured_media
from ceyuan.data.corpus.media.recipe import MediaRecipe
from ceyuan.data.corpus.media.samples import examples, shown
from ceyuan.data.corpus.refusing import nothing_kept
from ceyuan.data.corpus.tombstones import TOMBSTONES, tombstones
from ceyuan.data.files import canonical_json, read_json, remove_leftovers, sha256_of, write_atomically, write_json
from ceyuan.data.mixing.ledger import carry_account
from ceyuan.data.reporting import Report, part_of, told

__all__ = ["build_media", "media_plan"]

_FORMAT = 3
_CONTENT = ("id", "exact", "cluster", "split")
_LISTED = (
    "id",
    "source",
    "domain",
    "kind",
    "bytes",
    "exact",
    "reason",
    "duplicate_of",
    "similarity",
    "cluster",
    "split",
)


def media_plan(inputs: Inputs, recipe: MediaRecipe, title: Mapping[str, str]) -> str:
    """Hash of all that a media dataset follows from: what goes in, the recipe, the title."""
    return _hash([_FORMAT, inputs.identity(), recipe.identity(), dict(title)])[:32]


def build_media(
    inputs: Inputs,
    recipe: MediaRecipe,
    out: Path,
    title: Mapping[str, str],
    report: Report,
    threads: int = 0,
    *,
    kept: Path | None = None,
    previous: tuple[Path, str] | None = None,
) -> dict[str, Any]:
    """Make the media dataset in ``out/dataset`` and return its manifest, in the manner of ``build``.

    ``kept`` is a folder for what was measured: the next run decodes only files that it does not find there. With
    ``previous`` (the folder of the revision before and its reference) the manifest has ``content``, ``previous`` and
    ``change`` as texts have them, ``tombstones.parquet`` names the files that the sources no longer have, and
    the account of contributions is carried on.

    ``inputs`` are the shards of media. ``data/`` holds the table of kept items with their statistics, ``media/`` the
    files, ``previews/`` what a page shows of them and of the examples, ``quarantine.jsonl`` what could not be used and
    why. Killed at any moment, the next call continues. Raises ``DataProblem``: ``nothing_kept``, ``shard_damaged``,
    ``missing_extra``, ``disk_full``.
    """
    started, began = monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    plan = media_plan(inputs, recipe, title)
    dataset, work = out / "dataset", out / "work"
    remove_leftovers(out)
    done: dict[str, Any] = read_json(dataset / "manifest.json")
    if done.get("plan") == plan:
        report(told(1.0, "结果已存在，无需重做", "already done"))
        return done
    shutil.rmtree(dataset, ignore_errors=True)  # what is in it is made again from the measured shards in moments
    dataset.mkdir(parents=True)
    store = kept or work / "measured"
    measured = measured_media(inputs, recipe, store, threads or os.cpu_count() or 1, part_of(report, 0.0, 0.8))
    report(told(0.8, "去重与划分", "deduplicating and splitting"))
    decisions = decide_media(measured, [one.path.parent for one in inputs.shards], recipe)
    if not decisions["reason"].is_null().any():
        raise nothing_kept(decisions["reason"])
    count, size = put_files(decisions, dataset)
    staying = decisions.filter(pl.col("reason").is_null())
    rows = examples(decisions, recipe.output.samples)
    put_previews(pl.concat([staying, rows]), measured, dataset, recipe.kind)
    files = put_table(decisions, measured, dataset, recipe)
    report(told(0.95, "写出说明", "writing what was found"))
    counts = counted(decisions)
    _explain(dataset, decisions, rows, recipe, (title, inputs, counts))
    write_table(dataset / TOMBSTONES, tombstones(decisions, previous))
    holds = _hash([[str(one) for one in row] for row in staying.sort("id").select(_CONTENT).rows()])
    carry_account(dataset, holds, decisions.select(*_LISTED), inputs.sources, previous[0] if previous else None)
    content = {
        "format": _FORMAT,
        "plan": plan,
        "recipe": recipe.model_dump(),
        "recipe_identity": recipe.identity(),
        "operators": [one.described() for one in recipe.operators()],
        "sources": list(inputs.sources),
        "counts": counts,
        "licences": matrix_of(inputs.sources, counts),
        "media": {"kind": recipe.kind, "files": count, "bytes": size},
        "data": files,
        "files": _others(dataset),
        "content": holds,
        "previous": previous[1] if previous else "",
        "change": _change(decisions, recipe, previous),
    }
    manifest = content | {"content_sha256": _hash(content)}
    write_json(dataset / "manifest.json", manifest)
    write_json(out / "run.json", {"started_at": began, "seconds": round(monotonic() - started, 2)})
    shutil.rmtree(work, ignore_errors=True)
    for path in set(store.glob("*.parquet")) - set(measured):
        path.unlink()
    kept_count = counts["total"]["kept"]
    report(told(1.0, f"保留 {kept_count:,} 个文件", f"kept {kept_count:,} files"))
    return manifest


def _change(decisions: pl.DataFrame, recipe: MediaRecipe, previous: tuple[Path, str] | None) -> dict[str, int]:
    """Files ``put`` (new, or with other content), ``deleted``, and contents ``measured`` that were not before."""
    had, same = decisions.head(0).select("id", "exact"), False
    if previous is not None and (previous[0] / "statistics.parquet").is_file():
        had = pl.read_parquet(previous[0] / "statistics.parquet", columns=["id", "exact"])
        before: dict[str, Any] = read_json(previous[0] / "manifest.json")
        same = before.get("operators") == [one.described() for one in recipe.operators()]
    put = decisions.join(had, on=["id", "exact"], how="anti")
    deleted = had.join(decisions, on="id", how="anti")
    measured = put.join(had, on="exact", how="anti") if same else decisions
    return {"put": put.height, "deleted": deleted.height, "measured": measured["exact"].n_unique()}


def _explain(
    dataset: Path,
    decisions: pl.DataFrame,
    rows: pl.DataFrame,
    recipe: MediaRecipe,
    about: tuple[Mapping[str, str], Inputs, Mapping[str, Any]],
) -> None:
    title, inputs, counts = about
    usable = decisions.filter(pl.col("problem") == "")
    reasons = drop_reasons(decisions)
    write_json(dataset / "drop_reasons.json", {"reasons": reasons})
    write_json(dataset / "distributions.json", distributions(usable, recipe.statistics(), usable.get_column))
    write_json(dataset / "samples.json", shown(rows, recipe))
    spoilt = decisions.filter(pl.col("problem") != "").sort("id")
    lines = [canonical_json(row) + b"\n" for row in spoilt.select("id", "problem", "detail").to_dicts()]
    write_atomically(dataset / "quarantine.jsonl", lambda file: file.writelines(lines))
    table = decisions.select(*_LISTED[:6], *recipe.statistics(), *_LISTED[6:]).to_arrow()
    write_atomically(dataset / "statistics.parquet", lambda file: pq.write_table(table, file, compression="zstd"))
    for name, text in media_cards(title, recipe, inputs.sources, counts, reasons).items():
        write_atomically(dataset / name, lambda file, text=text: _put(file, text))  # type: ignore[misc]


def _others(dataset: Path) -> list[dict[str, object]]:
    paths = [path for path in sorted(dataset.iterdir()) if path.is_file() and path.name != "manifest.json"]
    return [{"path": path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in paths]


def _put(file: BinaryIO, text: str) -> None:
    file.write(text.encode())


def _hash(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
