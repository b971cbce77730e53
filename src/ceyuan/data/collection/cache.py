"""Downloaded packages, kept by their hash in a folder outside any project."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ceyuan.data.collection.packages import Package, download
from ceyuan.data.files import read_json, sha256_of, sync_folder, write_json

__all__ = ["CachedPackage", "PackageCache", "default_cache"]


@dataclass(frozen=True, slots=True)
class CachedPackage:
    """A verified file, when it was fetched (ISO 8601, UTC), and whether it was there already."""

    path: Path
    fetched_at: str
    was_cached: bool


def default_cache() -> Path:
    """``$CEYUAN_CACHE``, else ``ceyuan`` in the user's cache folder (XDG Base Directory)."""
    if named := os.environ.get("CEYUAN_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ceyuan"


class PackageCache:
    """Package files under ``root/packages/<sha256>/``; a file that no longer has its hash is fetched again."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = (root or default_cache()) / "packages"

    def get(self, package: Package) -> CachedPackage:
        """The package's file, downloaded if need be. Raises what ``download`` raises."""
        if found := self._find(package):
            return found
        self._root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._root, prefix=".fetch-") as name:
            file = download(package, Path(name))
            folder = self._root / package.sha256
            folder.mkdir(exist_ok=True)
            record = {"purl": package.purl, "file": file.name, "sha256": package.sha256}
            shutil.move(file, folder / file.name)
            sync_folder(folder)
            write_json(folder / "origin.json", record | {"fetched_at": datetime.now(UTC).isoformat(timespec="seconds")})
        found = self._find(package)
        if found is None:
            raise FileNotFoundError(package.purl)
        return CachedPackage(found.path, found.fetched_at, was_cached=False)

    def _find(self, package: Package) -> CachedPackage | None:
        folder = self._root / package.sha256
        record = read_json(folder / "origin.json")
        path = folder / str(record.get("file", ""))
        if not record or not path.is_file() or sha256_of(path) != package.sha256:
            return None
        return CachedPackage(path, str(record.get("fetched_at", "")), was_cached=True)
