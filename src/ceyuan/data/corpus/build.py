"""The whole run: measure, decide, emit, explain; each stage's output is on disk before the next begins."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

import polars as pl

from ceyuan.data.corpus.decide import decide
from ceyuan.data.corpus.explain import explain, manifest_of, plan_of
from ceyuan.data.corpus.findings import counted
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.refusing import nothing_kept
from ceyuan.data.corpus.semantic import SemanticSearch
from ceyuan.data.corpus.workers import Threads, Workers
from ceyuan.data.files import read_json, remove_leftovers, write_atomically, write_json
from ceyuan.data.memory import give_back
from ceyuan.data.reporting import Report, part_of, told

__all__ = ["build"]


def build(
    inputs: Inputs,
    recipe: Recipe,
    out: Path,
    title: Mapping[str, str],
    report: Report,
    threads: int = 0,
    workers: Workers | None = None,
) -> dict[str, Any]:
    """Make the dataset in ``out/dataset`` and return its manifest.

    ``title`` has ``zh`` and ``en``. ``threads``: shards measured side by side, 0 for one per processor; ``workers``
    do the heavy parts instead of threads of this process. The manifest's ``content_sha256`` covers everything in the
    folder and follows from input, recipe and title; times and versions of libraries are apart, in ``out/run.json``.
    Stage outputs lie in ``out/work`` until the manifest is written; killed at any moment, the next call continues from
    them. What an embedding model answered stays in
    ``out/embeddings``. Raises ``DataProblem``: ``nothing_kept``, ``shard_damaged``, ``disk_full``, and those of a model
    that cannot be asked.
    """
    started, began = monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    plan = plan_of(inputs, recipe, title)
    dataset, work = out / "dataset", out / "work"
    remove_leftovers(out)
    manifest: dict[str, Any] = read_json(dataset / "manifest.json")
    if manifest.get("plan") == plan:
        report(told(1.0, "结果已存在，无需重做", "already done"))
        return manifest
    _begin(dataset, work, plan)
    workers = workers or Threads(threads)
    measured = workers.measure(inputs, recipe, work / "measured", part_of(report, 0.0, 0.6))
    report(told(0.6, "去重与划分", "deduplicating and splitting"))
    semantic = _semantic(recipe, measured, out, workers, part_of(report, 0.6, 0.8))
    place = work / f"decided-{plan}.arrow"
    decisions, noted = _decisions(place, measured, recipe, workers, inputs, semantic)
    if not decisions["reason"].is_null().any():
        raise nothing_kept(decisions["reason"])
    files = workers.emit(decisions, measured, dataset, recipe.output.shard_bytes, part_of(report, 0.8, 0.95))
    give_back(decisions.height)
    counts = counted(decisions) | noted
    raw = [shard.path for shard in inputs.shards]
    explain(dataset, decisions, raw, measured, recipe, (title, inputs.sources, counts))
    manifest = manifest_of(dataset, plan, inputs, recipe, counts, files)
    write_json(dataset / "manifest.json", manifest)
    _note_run(out, began, monotonic() - started)
    shutil.rmtree(work, ignore_errors=True)
    report(told(1.0, f"保留 {counts['total']['kept']:,} 篇", f"kept {counts['total']['kept']:,} documents"))
    return manifest


def _begin(dataset: Path, work: Path, plan: str) -> None:
    """Make room for this plan: what an earlier plan left in the dataset's folder goes, measured shards stay."""
    marker = work / "plan"
    if dataset.exists() and (not marker.exists() or marker.read_text("ascii") != plan):
        shutil.rmtree(dataset)
    dataset.mkdir(parents=True, exist_ok=True)
    write_atomically(marker, lambda file: _put(file, plan.encode()))


def _semantic(
    recipe: Recipe, measured: list[Path], out: Path, workers: Workers, report: Report
) -> SemanticSearch | None:
    settings = recipe.duplicates.semantic
    return SemanticSearch(settings, measured, out / "embeddings", workers.semantic, report) if settings else None


def _decisions(
    path: Path,
    measured: list[Path],
    recipe: Recipe,
    workers: Workers,
    inputs: Inputs,
    semantic: SemanticSearch | None,
) -> tuple[pl.DataFrame, dict[str, Any]]:
    note = path.with_suffix(".json")
    noted: dict[str, Any] = read_json(note)
    if noted:
        table = pl.read_ipc(path)
    else:
        table, curtailed = decide(measured, recipe, workers.near, inputs.counting(), semantic)
        write_atomically(path, lambda file: table.write_ipc(file))
        noted = {"curtailed": curtailed, "semantic": semantic.counts if semantic else {}}
        write_json(note, noted)
    counts = {"curtailed_comparisons": int(noted["curtailed"])}
    return table, counts | ({"semantic": noted["semantic"]} if noted.get("semantic") else {})


@cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _note_run(out: Path, began: str, seconds: float) -> None:
    libraries = {name: _version(name) for name in ("polars", "pyarrow", "numba", "numpy")}
    write_json(out / "run.json", {"started_at": began, "seconds": round(seconds, 2), "libraries": libraries})


def _put(file: BinaryIO, data: bytes) -> None:
    file.write(data)
