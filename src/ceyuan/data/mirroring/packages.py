"""A package of a registry as files: fetched by the registry's own client, unpacked within bounds, never run.

pip, npm and apt do the fetching, so mirrors, proxies, caches and certificates of this machine are honoured. Of PyPI
wheels come by pip, source distributions by ``distributions``: pip would run their set-up script.
"""

import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from ceyuan.data.collection.clients import called, client, last_words
from ceyuan.data.collection.distributions import NotOffered, fetch_distribution
from ceyuan.data.files import read_json, remove_leftovers, sha256_of, write_atomically, write_json
from ceyuan.data.mirroring.holding import holding
from ceyuan.data.mirroring.mirror import Report, sound_name
from ceyuan.data.problems import DataProblem
from ceyuan.data.purls import Wanted

__all__ = ["mirror_package"]

_SECONDS = 900
_MEMBERS = 200_000
_ABOUT = re.compile(r"\.(dist|egg)-info/|^(package\.json|PKG-INFO)$")
"""What a package says of itself."""
_BLOCK = 1 << 20
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)
_FORMS = {
    "": ("（wheel 与源码包都没有取到）", " (neither a wheel nor a source distribution)"),
    "wheel": ("（只取 wheel）", " (only a wheel is taken)"),
    "sdist": ("（只取源码包）", " (only the source distribution is taken)"),
}
_ENDINGS = (".whl", ".tgz", ".deb")


def mirror_package(
    folder: Path, package: Wanted, report: Report, *, distribution: str = "", max_bytes: int = 4 << 30
) -> dict[str, Any]:
    """Bring the files of ``package`` into ``folder/files``; counts as ``follow`` gives them, and the ``sha256`` of what
    was fetched. What only tells of the data (``holding``) is left out.

    ``distribution`` says which form of a PyPI package is taken: ``wheel``, ``sdist``, or, where it is empty, the wheel
    that pip chooses for this machine and the source distribution where there is none.

    Raises ``DataProblem``: ``client_missing``, ``package_unreachable`` (the client's last words), ``package_broken``.
    """
    remove_leftovers(folder)
    folder.mkdir(parents=True, exist_ok=True)
    state: Any = read_json(folder / "state.json")
    report({"message": [f"下载 {package.purl}", f"fetching {package.purl}"]})
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as place:
        archive = _fetched(package, Path(place), distribution, max_bytes)
        digest = sha256_of(archive)
        if state.get("sha256") == digest and (folder / "files").is_dir():
            return _counts(0, int(state["files"]), 0, {}) | {"sha256": digest}
        building = Path(place) / "files"
        reasons = _unpacked(archive, building, package, max_bytes)
        names = {path.relative_to(building).as_posix() for path in building.rglob("*") if path.is_file()}
        for name in names - set(holding(names)):
            (building / name).unlink()
            names.discard(name)
        if not names:
            raise _broken(package, "it holds no file of data")
        (folder / "state.json").unlink(missing_ok=True)  # what is neither of them is known to be none
        gone = _replace(building, folder / "files", names)
    write_json(folder / "state.json", {"sha256": digest, "package": archive.name, "files": len(names)})
    return _counts(len(names), 0, gone, reasons) | {"sha256": digest}


def _counts(fetched: int, unchanged: int, gone: int, reasons: dict[str, list[str]]) -> dict[str, Any]:
    aside = [
        {"name": name, "reason": reason, "detail": ""} for reason, names in reasons.items() for name in names[:100]
    ]
    quarantined = {reason: len(names) for reason, names in sorted(reasons.items())}
    counts = {"fetched": fetched, "unchanged": unchanged, "gone": gone}
    return counts | {"quarantined": quarantined, "quarantine": aside}


def _fetched(package: Wanted, folder: Path, distribution: str, max_bytes: int) -> Path:
    """The package's file, in the form that is wanted."""
    if package.registry != "pypi" or distribution == "wheel":
        return _by_client(package, folder, distribution)
    try:
        if not distribution:
            return _by_client(package, folder, distribution)
    except DataProblem as problem:
        if problem.code != "package_unreachable":
            raise
    try:
        return fetch_distribution(package.name, package.version, folder, seconds=_SECONDS, max_bytes=max_bytes)
    except NotOffered as error:
        raise _unreachable(package, str(error), distribution) from error


def _by_client(package: Wanted, folder: Path, distribution: str) -> Path:
    """The package's file as the registry's client brings it."""
    try:
        result = called(_command(package, folder), _SECONDS, folder)
    except subprocess.TimeoutExpired as error:
        raise _unreachable(package, f"no answer within {_SECONDS} s", distribution) from error
    files = [file for file in folder.iterdir() if file.name.endswith(_ENDINGS)]
    if result.returncode or len(files) != 1:
        raise _unreachable(package, last_words(result.stderr or result.stdout), distribution)
    return files[0]


def _command(package: Wanted, folder: Path) -> list[str]:
    marks = {"pypi": "==", "npm": "@", "deb": "="}
    named = package.name + (f"{marks[package.registry]}{package.version}" if package.version else "")
    if package.registry == "pypi":
        quiet = ["--no-input", "--progress-bar", "off", "--quiet", "--no-deps", "--only-binary", ":all:"]
        return [*client("pip"), "download", *quiet, "--dest", str(folder), named]
    if package.registry == "npm":
        options = ["--ignore-scripts", "--loglevel=error", "--pack-destination", str(folder)]
        return [*client("npm"), "pack", named, *options]
    return [*client("apt-get"), "download", "--quiet=2", named]


def _unpacked(archive: Path, into: Path, package: Wanted, max_bytes: int) -> dict[str, list[str]]:
    """Put the archive's plain files below ``into``; names of those left aside, by reason."""
    into.mkdir()
    reasons: dict[str, list[str]] = {}
    left = max_bytes
    seen = 0
    source = package.registry == "pypi" and archive.suffix != ".whl"  # all of it is in a folder of name and version
    try:
        for name, size, stream in _members(archive):
            seen += 1
            plain = name.removeprefix("./").removeprefix("package/" if package.registry == "npm" else "")
            if source:
                plain = plain.partition("/")[2]
            if seen > _MEMBERS or size > left:
                raise _broken(package, f"more than {_MEMBERS} files or {max_bytes} bytes")
            if not plain or _ABOUT.search(plain) or _hidden(plain):
                continue
            if not sound_name(plain):
                reasons.setdefault("bad_name", []).append(plain[:300])
                continue
            with stream() as opened:
                left -= _copied(opened, into / plain, left)
    except _BROKEN as error:
        raise _broken(package, str(error)) from error
    return reasons


def _members(archive: Path) -> Iterator[tuple[str, int, Any]]:
    """(name, size, what opens it) of each plain file of the archive."""
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as packed:
            for one in packed.infolist():
                if not one.is_dir():
                    yield one.filename, one.file_size, lambda one=one: packed.open(one)
        return
    with _tar_of(archive) as stream, tarfile.open(fileobj=stream, mode="r|*", encoding="utf-8") as packed:
        for member in packed:
            if member.isreg():
                yield _decoded(member.name), member.size, lambda member=member: packed.extractfile(member)


def _decoded(name: str) -> str:
    """A name out of a tar archive, which says nothing of its encoding: UTF-8, or else what Chinese systems write."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")


@contextmanager
def _tar_of(archive: Path) -> Iterator[IO[bytes]]:
    """The tar archive itself; of a Debian package (deb(5)) the one that holds its files."""
    if archive.suffix != ".deb":
        with archive.open("rb") as file:
            yield file
        return
    tool = [*client("dpkg-deb"), "--fsys-tarfile", str(archive)]
    with subprocess.Popen(tool, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        if process.stdout is None:
            raise EOFError("no output")
        yield process.stdout
        shutil.copyfileobj(process.stdout, _Nowhere())
    if process.returncode:
        raise EOFError("the package is damaged")


class _Nowhere:
    """What is left of a stream goes here, so that its writer ends in peace."""

    def write(self, data: bytes) -> int:
        return len(data)


def _copied(stream: IO[bytes], target: Path, most: int) -> int:
    """Write ``stream`` to ``target``; its bytes, which are bounded whatever the archive says of them."""
    size = 0

    def put(file: BinaryIO) -> None:
        nonlocal size
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > most:
                raise ValueError("it is larger than it says")
            file.write(block)

    write_atomically(target, put)
    return size


def _hidden(name: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in name.split("/"))


def _replace(building: Path, files: Path, names: set[str]) -> int:
    """Put the new files in the place of those of before, which keep their times where they are equal; how many went."""
    before = (
        {path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()} if files.is_dir() else set()
    )
    for name in before - names:
        (files / name).unlink()
    folders = [path for path in files.rglob("*") if path.is_dir()] if before - names else []
    for place in sorted(folders, reverse=True):  # a folder of before may be a file now
        if not any(place.iterdir()):
            place.rmdir()
    for name in names:
        old, new = files / name, building / name
        if name in before and old.stat().st_size == new.stat().st_size and sha256_of(old) == sha256_of(new):
            continue
        old.parent.mkdir(parents=True, exist_ok=True)
        new.replace(old)
    return len(before - names)


def _unreachable(package: Wanted, words: str, distribution: str = "") -> DataProblem:
    zh, en = _FORMS[distribution] if package.registry == "pypi" else ("", "")
    return DataProblem(
        "package_unreachable",
        f"无法下载 {package.purl}{zh}：{words}。请核对名称与版本，检查网络或镜像设置。",
        f"{package.purl} could not be downloaded{en}: {words}. Check name, version and the client's mirror.",
    )


def _broken(package: Wanted, words: str) -> DataProblem:
    return DataProblem(
        "package_broken", f"{package.purl} 无法使用：{words}。", f"{package.purl} cannot be used: {words}."
    )
