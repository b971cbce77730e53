"""Which files of a repository of data hold its data, and which only tell of it: cards, licences, manifests."""

from collections.abc import Iterable
from pathlib import PurePosixPath

__all__ = ["holding"]

_TELLING = ("readme", "license", "licence", "copying", "notice", "citation", "changelog", "contributing")
_NAMES = frozenset({"dataset_info.json", "dataset_infos.json", "croissant.json", "croissant.jsonld", "metadata.yaml"})


def holding(names: Iterable[str]) -> list[str]:
    """Those of a repository's files that hold data.

    Of a corpus that this platform made that is ``data/`` and ``media/``, of a raw collection its shards and media, of
    any other repository all but what its first folder says about it. Where nothing else is there, all of them.
    """
    known = list(names)
    first = {name for name in known if "/" not in name}
    if {"manifest.json", "statistics.parquet"} <= first:
        found = [name for name in known if name.startswith(("data/", "media/"))]
    elif "collection.json" in first:
        found = [name for name in known if _of_collection(PurePosixPath(name))]
    else:
        found = [name for name in known if "/" in name or not _tells(name.lower())]
    return found or known


def _of_collection(path: PurePosixPath) -> bool:
    return (path.name.startswith("raw-") and path.suffix == ".parquet") or "media" in path.parts[1:-1]


def _tells(name: str) -> bool:
    stem = name.partition(".")[0]
    return name in _NAMES or any(stem == one or stem.startswith((f"{one}-", f"{one}_")) for one in _TELLING)
