"""Private bundles: one archive with a model, its configuration and its licence, that `ceyuan up --bundle` serves
elsewhere, offline.

A bundle is a plain tar (POSIX.1-2001 ustar): `manifest.json` first, then licence texts, then the model's file. The
manifest names each file with its SHA-256 and size; nothing else of the archive is read, and nothing is unpacked to a
place that the archive names.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from ceyuan.hub import list_files, local_snapshot
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.serving.cache import sha256_of
from ceyuan.models.serving.errors import InvalidServedModel
from ceyuan.models.serving.files import FileReference, local_path, require_gguf
from ceyuan.models.serving.service import EngineOptions, NewServed, see_served, serve_model

FORMAT, VERSION = "ceyuan-bundle", 1
_MODEL, _MANIFEST = "model.gguf", "manifest.json"
_LICENCES = ("licen", "notice", "copying")
_CHUNK = 1 << 20
_LONGEST_MANIFEST = 1 << 20
_KEPT = ("name", "title", "capabilities", "context", "price_model", "revision", "licence")


@dataclass(frozen=True, slots=True)
class Bundled:
    """What goes into a bundle: its manifest, and files of this machine by their name in it."""

    manifest: dict[str, Any]
    files: dict[str, Path]

    @property
    def filename(self) -> str:
        """A name for the archive."""
        return f"{str(self.manifest['name']).replace('/', '--')}.tar"


async def pack(uow: UnitOfWork, reference: str) -> Bundled:
    """Gather the bundle of a model that an engine runs; for operators and maintainers of its owner. Audited.

    Raises `InvalidServedModel` for a model of an upstream, or one whose file is not on this machine.
    """
    uow.actor.require_known()
    row = await see_served(uow, reference)
    owner = row.owner_org_id is not None and uow.actor.may(row.owner_org_id, "maintainer")
    if not owner and not uow.actor.has_duty("operator"):
        raise Forbidden(("只有运营方或模型所属组织的管理者可以导出", "only operators and the model's maintainers may"))
    parsed = FileReference.parse(row.file) if row.file is not None else None
    path = local_path(uow.platform, parsed) if parsed is not None else None
    if parsed is None or path is None:
        raise InvalidServedModel(
            ("该模型不在本机,无法打包", "the model's file is not on this machine"),
            hint=("只有内置引擎运行的模型可以打包", "only models that the embedded engine runs can be bundled"),
        )
    files = {**await _licences(uow, parsed), _MODEL: path}
    listed = {
        name: {"sha256": await asyncio.to_thread(sha256_of, file), "size": file.stat().st_size}
        for name, file in files.items()
    }
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        **{name: getattr(row, name) for name in _KEPT},
        "engine": row.engine,
        "files": listed,
    }
    return Bundled(manifest, files)


async def _licences(uow: UnitOfWork, reference: FileReference) -> dict[str, Path]:
    """The licence texts of a hub revision, on this machine."""
    if reference.kind != "hub":
        return {}
    names = [
        name
        async for name, _ in list_files(uow, reference.place)
        if "/" not in name and name.lower().startswith(_LICENCES)
    ]
    if not names:
        return {}
    folder = uow.platform.data_dir / "models" / f"{reference.place.replace('/', '--')}.licences"
    await local_snapshot(uow.platform, reference.place, folder, actor=uow.actor, only=names, links=True)
    return {f"licences/{name}": folder / name for name in names}


async def stream(bundled: Bundled) -> AsyncIterator[bytes]:
    """The bytes of the archive."""
    manifest = orjson.dumps(bundled.manifest, option=orjson.OPT_INDENT_2)
    yield _header(_MANIFEST, len(manifest)) + manifest + _padding(len(manifest))
    for name, path in bundled.files.items():
        size = bundled.manifest["files"][name]["size"]
        yield _header(name, size)
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
        yield _padding(size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def size_of(bundled: Bundled) -> int:
    """How many bytes the archive has."""
    sizes = [len(orjson.dumps(bundled.manifest, option=orjson.OPT_INDENT_2))]
    sizes += [entry["size"] for entry in bundled.manifest["files"].values()]
    block = tarfile.BLOCKSIZE
    return sum(block + size + len(_padding(size)) for size in sizes) + 2 * block


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    return info.tobuf(tarfile.USTAR_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def _bad(reason: str) -> InvalidServedModel:
    return InvalidServedModel(
        (f"模型包无效:{reason}", f"not a bundle: {reason}"),
        hint=("请重新导出该模型包", "write the bundle once more with `ceyuan deployments bundle`"),
    )


def unpack(archive: Path, folder: Path) -> tuple[dict[str, Any], Path]:
    """Read a bundle: its manifest, and where its verified model lies below `folder`. Raises `InvalidServedModel`."""
    try:
        with tarfile.open(archive, "r:") as tar:
            manifest = _manifest(tar)
            wanted = manifest["files"][_MODEL]
            target = folder / str(wanted["sha256"]) / _MODEL
            if not target.exists() or target.stat().st_size != wanted["size"]:
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                content = tar.extractfile(_MODEL)
                if content is None:
                    raise _bad("it has no model")
                _copy(content, target, str(wanted["sha256"]))
    except (OSError, tarfile.TarError, KeyError, TypeError) as error:
        raise _bad(f"{type(error).__name__}: {error}"[:200]) from error
    require_gguf(target)
    return manifest, target


def _manifest(tar: tarfile.TarFile) -> dict[str, Any]:
    content = tar.extractfile(_MANIFEST)
    if content is None:
        raise _bad("it has no manifest")
    try:
        manifest = orjson.loads(content.read(_LONGEST_MANIFEST))
    except orjson.JSONDecodeError as error:
        raise _bad("its manifest is not JSON") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise _bad("its format is another one")
    sha256 = str(manifest["files"][_MODEL]["sha256"])
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise _bad("its model has no SHA-256")
    return manifest


def _copy(content: IO[bytes], target: Path, sha256: str) -> None:
    """Copy the model out; it gets its place only when its hash is right."""
    draft = target.with_suffix(".part")
    digest = hashlib.sha256()
    with draft.open("wb") as out:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
    if digest.hexdigest() != sha256:
        draft.unlink()
        raise _bad("its model was changed or cut off")
    os.replace(draft, target)


async def serve_bundle(platform: Platform, archive: Path) -> str:
    """Serve the model of a bundle under its name; the same bundle again changes nothing. Returns the name."""
    manifest, path = await asyncio.to_thread(unpack, archive, platform.data_dir / "models" / "bundles")
    async with platform.work() as uow:
        new = NewServed(
            name=str(manifest["name"]),
            title=str(manifest.get("title") or ""),
            file=f"file:{path.absolute()}",
            engine=EngineOptions(**manifest.get("engine") or {}),
            capabilities=manifest["capabilities"],
            price_model=str(manifest.get("price_model") or ""),
            context=manifest.get("context"),
        )
        row = await serve_model(uow, new, replace_existing=True)
        row.revision, row.licence = manifest.get("revision"), manifest.get("licence")
        return row.name


class BundleService:
    """Serves the bundle that the settings name when the platform starts."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive

    async def start(self, platform: Platform) -> None:
        """Verify and serve it; a platform that was asked for a bundle does not start without it."""
        await serve_bundle(platform, self._archive)

    async def stop(self, platform: Platform) -> None:
        """Nothing is left to do."""
