"""The collection as a process: JSON in, JSON out."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ceyuan.data.collection.cache import PackageCache
from ceyuan.data.collection.collect import collect
from ceyuan.data.collection.sources import Source

__all__ = ["main"]


def main(args: Mapping[str, Any], report: Callable[[dict[str, object]], None]) -> dict[str, object]:
    """``args``: ``out`` (folder), ``sources`` (list of the fields of ``Source``), ``cache`` (folder, optional).

    Returns the collection as ``collect`` does.
    """
    cache = PackageCache(Path(args["cache"]) if args.get("cache") else None)
    return collect(Path(args["out"]), [Source.of(values) for values in args["sources"]], cache, report)
