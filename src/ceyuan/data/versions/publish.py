"""A dataset's folder kept up to date: what changed in its collections is taken in, and the folder written anew.

The store beside it only saves work. Without one, or with one that is behind, the same documents come out.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from ceyuan.data.corpus.explain import explain, manifest_of, plan_of, write_table
from ceyuan.data.corpus.findings import counted
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.media import MediaRecipe, build_media, media_plan
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.tombstones import TOMBSTONES, tombstones
from ceyuan.data.files import read_json, write_json
from ceyuan.data.memory import give_back
from ceyuan.data.mixing.ledger import carry_account
from ceyuan.data.reporting import Report, part_of, told
from ceyuan.data.versions.feed import Fed, feed
from ceyuan.data.versions.refresh import Advanced, advance
from ceyuan.data.versions.store import Store

__all__ = ["main", "publish"]


def publish(
    store: Store,
    inputs: Inputs,
    recipe: Recipe,
    out: Path,
    title: Mapping[str, str],
    report: Report,
    *,
    previous: tuple[Path, str] | None = None,
    threads: int = 0,
) -> dict[str, Any]:
    """Make the dataset of ``inputs`` in ``out`` and return its manifest; only what changed is measured.

    ``previous`` is the folder of the revision before (its statistics and tombstones) and its reference. Beside what
    ``build`` writes, the manifest has ``content`` (a hash of the documents, the same as a run from everything anew
    gives), ``previous``, and ``change``: documents ``put`` and ``deleted``, and those ``measured``. Raises
    ``DataProblem``: ``nothing_kept``, ``shard_damaged``, ``disk_full``.
    """
    plan = plan_of(inputs, recipe, title)
    done: dict[str, Any] = read_json(out / "manifest.json")
    if done.get("plan") == plan:
        return done
    store.clear_leftovers()
    report(told(0.0, "查找变更", "looking for what changed"))
    fed = feed(store, inputs)
    change = _noted_change(store, [plan, previous[1] if previous else ""], fed, _units_of(store, recipe))
    words = (
        f"新增或改变 {fed.put:,} 篇，删除 {len(fed.deleted):,} 篇",
        f"{fed.put:,} put, {len(fed.deleted):,} deleted",
    )
    report(told(0.05, *words) | {"change": {"put": fed.put, "deleted": len(fed.deleted)}})
    made = advance(
        store,
        fed.new,
        fed.deleted,
        recipe,
        threads=threads,
        report=part_of(report, 0.05, 0.9),
        note=fed.known,
        accounted=True,
        splice=True,
        chained=False,
    )
    shutil.rmtree(out, ignore_errors=True)
    files = _placed(store, made, out)
    decisions = made.decided.rename({"segment": "shard"})
    give_back(decisions.height)
    counts = counted(decisions) | {"curtailed_comparisons": made.curtailed}
    if recipe.duplicates.semantic:
        counts["semantic"] = made.semantic
    raw = [store.path("raw", one.sha256) for one in made.segments]
    excerpts = store.root / "state" / "excerpts.json"
    explain(out, decisions, raw, made.units, recipe, (title, inputs.sources, counts), excerpts)
    write_table(out / TOMBSTONES, tombstones(decisions, previous))
    carry_account(out, made.version.content, decisions, inputs.sources, previous[0] if previous else None)
    more = {
        "content": made.version.content,
        "previous": previous[1] if previous else "",
        "change": change,
    }
    manifest = manifest_of(out, plan, inputs, recipe, counts, files, more)
    write_json(out / "manifest.json", manifest)
    store.sweep(recipe.measuring_identity())
    return manifest


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``publish`` as a process: ``store``, ``collections``, ``out``, ``recipe``, ``title``, ``threads``, ``previous``
    (folder) and ``previous_ref``, ``full`` (a name for a run that measures everything anew; the same name goes on).

    Returns ``unchanged`` (the previous revision follows from the same input and recipe; nothing was written), or
    ``folder``, ``content_sha256``, ``content``, ``counts`` and ``change``.
    """
    values: Mapping[str, Any] = args.get("recipe") or {}
    folders = [Path(folder) for folder in args["collections"]]
    root, out, title = Path(args["store"]), Path(args["out"]), args["title"]
    previous = (Path(args["previous"]), str(args["previous_ref"])) if args.get("previous") else None
    before: dict[str, Any] = read_json(previous[0] / "manifest.json") if previous else {}
    full, threads = str(args.get("full") or ""), int(args.get("threads") or 0)
    if "media" in values:
        media, files = MediaRecipe.of(values), Inputs.of(folders, "media")
        if before.get("plan") == media_plan(files, media, title) and not full:
            return {"unchanged": True, **_outcome(before)}
        with _alone(root, report):
            _begin_anew(root, full)
            kept = root / "media"
            manifest = build_media(files, media, out, title, report, threads, kept=kept, previous=previous)
        return {"unchanged": False, "folder": str(out / "dataset"), **_outcome(manifest)}
    inputs, recipe = Inputs.of(folders), Recipe.of(values)
    if before.get("plan") == plan_of(inputs, recipe, title) and not full:
        return {"unchanged": True, **_outcome(before)}
    with _alone(root, report):
        _begin_anew(root, full)
        manifest = publish(Store(root), inputs, recipe, out, title, report, previous=previous, threads=threads)
    return {"unchanged": False, "folder": str(out), **_outcome(manifest)}


def _outcome(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {name: manifest.get(name) for name in ("content_sha256", "content", "counts", "change")}


def _units_of(store: Store, recipe: Recipe) -> set[str]:
    version = store.version()
    identity = recipe.measuring_identity()
    return store.finished(identity, [one.sha256 for one in version.segments]) if version else set()


def _noted_change(store: Store, run: list[str], fed: Fed, measured_before: set[str]) -> dict[str, int]:
    """What changed, as the first try of this run found it: a later one may find it taken in already."""
    marker = store.root / "change.json"
    noted: Any = read_json(marker)
    if noted.get("run") != run:
        version = store.version()
        segments = [*(version.segments if version else ()), *fed.new]
        measured = sum(one.documents for one in segments if one.sha256 not in measured_before)
        noted = {"run": run, "change": {"put": fed.put, "deleted": len(fed.deleted), "measured": measured}}
        write_json(marker, noted)
    found: dict[str, int] = noted["change"]
    return found


def _placed(store: Store, made: Advanced, out: Path) -> list[dict[str, object]]:
    """The version's shards as files of the dataset, by side of the split."""
    state = pl.read_parquet(store.checked("state", made.version.note["state"]), columns=["part", "split"])
    sides = dict(state.unique("part").select("part", "split").iter_rows())
    (out / "data").mkdir(parents=True, exist_ok=True)
    files: list[dict[str, object]] = []
    for side in ("train", "heldout"):
        parts = [part for number, part in enumerate(made.version.parts) if sides.get(number) == side]
        for number, part in enumerate(parts):
            name = f"data/{side}-{number:05d}-of-{len(parts):05d}.parquet"
            source = store.checked("data", part.sha256)
            try:
                os.link(source, out / name)
            except OSError:
                shutil.copyfile(source, out / name)
            about: dict[str, object] = {"path": name, "split": side, "rows": part.rows}
            files.append(about | {"bytes": source.stat().st_size, "sha256": part.sha256})
    return files


@contextmanager
def _alone(root: Path, report: Report) -> Iterator[None]:
    """One writer at a time; a second run of the same corpus waits for the first."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(told(0.0, "等待同一语料的另一次运行", "waiting for another run of this corpus"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _begin_anew(root: Path, name: str) -> None:
    """Empty the store for the run ``name``, once; the lock stays, which a waiting run may hold open."""
    marker = root / "full.json"
    if not name or read_json(marker).get("run") == name:
        return
    for path in root.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()
    write_json(marker, {"run": name})
