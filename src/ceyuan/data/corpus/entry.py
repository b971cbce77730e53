"""The corpus run as a process: JSON in, JSON out."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from ceyuan.data.corpus.build import build
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.media import build_media
from ceyuan.data.corpus.media.choosing import recipe_of
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.workers import Threads, Workers
from ceyuan.data.reporting import Report

__all__ = ["main"]


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``args``: ``collections`` (folders), ``out`` (folder), ``recipe`` (fields of ``Recipe``, or of ``MediaRecipe``
    where it names ``media``), ``title`` (``zh``, ``en``), ``threads`` (0: one per processor), ``ray`` (address
    of a Ray cluster that does the heavy parts of a run over texts; ``local``: on this machine).

    Returns ``folder`` (the dataset's), ``content_sha256`` and ``counts``.
    """
    folders = [Path(folder) for folder in args["collections"]]
    recipe = recipe_of(args.get("recipe") or {})
    title = args.get("title") or {"zh": "中文语料", "en": "Chinese corpus"}
    out, threads = Path(args["out"]), int(args.get("threads") or 0)
    if isinstance(recipe, Recipe):
        with _workers(str(args.get("ray") or ""), threads) as workers:
            manifest = build(Inputs.of(folders), recipe, out, title, report, workers=workers)
    else:
        manifest = build_media(Inputs.of(folders, "media"), recipe, out, title, report, threads)
    return {
        "folder": str(out / "dataset"),
        "content_sha256": manifest["content_sha256"],
        "counts": manifest["counts"],
    }


def _workers(ray: str, threads: int) -> AbstractContextManager[Workers]:
    if not ray:
        return nullcontext(Threads(threads))
    from ceyuan.data.distributed import ray_workers

    return ray_workers("" if ray == "local" else ray, threads)
