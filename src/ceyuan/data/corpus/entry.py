"""The corpus run as a process: JSON in, JSON out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ceyuan.data.corpus.build import build
from ceyuan.data.corpus.inputs import Inputs
from ceyuan.data.corpus.recipe import Recipe
from ceyuan.data.corpus.report import Report

__all__ = ["main"]


def main(args: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """``args``: ``collections`` (folders), ``out`` (folder), ``recipe`` (fields of ``Recipe``), ``title`` (``zh``,
    ``en``), ``threads`` (0: one per processor).

    Returns ``folder`` (the dataset's), ``content_sha256`` and ``counts``.
    """
    inputs = Inputs.of([Path(folder) for folder in args["collections"]])
    recipe = Recipe.of(args.get("recipe") or {})
    title = args.get("title") or {"zh": "中文语料", "en": "Chinese corpus"}
    out = Path(args["out"])
    manifest = build(inputs, recipe, out, title, report, int(args.get("threads") or 0))
    return {
        "folder": str(out / "dataset"),
        "content_sha256": manifest["content_sha256"],
        "counts": manifest["counts"],
    }
