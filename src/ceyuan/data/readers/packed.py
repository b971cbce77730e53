"""Packed files: what is inside goes through the readers like any other file, within bounds that no bomb passes."""

import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import cast

from ceyuan.data.readers.documents import Item, ReadOptions, Rejection

__all__ = ["read_gzip", "read_zip"]

ReadFile = Callable[[Path, str, ReadOptions], Iterator[Item]]
_BLOCK = 1 << 20
_FREE = 8 << 20  # bytes that may come out whatever the ratio


def read_gzip(path: Path, name: str, options: ReadOptions, read: ReadFile) -> Iterator[Item]:
    """The file inside a ``.gz``, named without the ending; one that is cut off is read as far as it goes."""
    with tempfile.TemporaryDirectory(prefix="ceyuan-unpack-") as folder:
        inner = Path(folder) / (PurePosixPath(name).stem or "file")
        with gzip.open(path) as stream:
            problem = _unpack(stream, inner, path.stat().st_size, options)
        if problem == "zip_bomb":
            yield Rejection(name, problem)
            return
        if inner.stat().st_size:
            yield from read(inner, f"{name}/{inner.name}", _inside(options))
        if problem:
            yield Rejection(name, problem)


def read_zip(path: Path, name: str, options: ReadOptions, read: ReadFile) -> Iterator[Item]:
    """The files inside a ``.zip`` in its order, named ``archive.zip/path``; nothing is written by its name."""
    if options.limits.depth <= 0:
        yield Rejection(name, "nested_too_deep")
        return
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="ceyuan-unpack-") as folder:
            members = [one for one in archive.infolist() if not one.is_dir()]
            if len(members) > options.limits.members:
                yield Rejection(name, "zip_bomb", f"{len(members)} members")
                return
            left = options.limits.unpacked
            for number, one in enumerate(members):
                where = f"{name}/{_decoded(one)}"
                if _hidden(one.filename):
                    continue
                if ".." in PurePosixPath(one.filename).parts:
                    yield Rejection(where, "bad_zip_member", "its name leads out of the archive")
                    continue
                if one.flag_bits & 1:
                    yield Rejection(where, "encrypted")
                    continue
                inner = Path(folder) / f"{number}{PurePosixPath(one.filename).suffix}"
                bounded = replace(options, limits=replace(options.limits, unpacked=left))
                try:
                    with archive.open(one) as stream:
                        problem = _unpack(cast(zipfile.ZipExtFile, stream), inner, one.compress_size, bounded)
                except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
                    yield Rejection(where, "bad_zip_member", str(error))
                    continue
                if problem:
                    yield Rejection(where, problem)
                else:
                    left -= inner.stat().st_size
                    yield from read(inner, where, _inside(bounded))
                inner.unlink(missing_ok=True)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        yield Rejection(name, "bad_zip", str(error))


def _unpack(stream: gzip.GzipFile | zipfile.ZipExtFile, target: Path, packed: int, options: ReadOptions) -> str:
    """Unpack into ``target`` within the bounds; the reason why it is not whole, or nothing."""
    size = 0
    most = min(options.limits.unpacked, max(_FREE, options.limits.ratio * packed))
    with target.open("wb") as file:
        while True:
            try:
                block = stream.read1(_BLOCK)  # what there is before a break still counts
            except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile):
                return "truncated_gzip" if isinstance(stream, gzip.GzipFile) else "bad_zip_member"
            if not block:
                return ""
            size += len(block)
            if size > most:
                return "zip_bomb"
            file.write(block)


def _inside(options: ReadOptions) -> ReadOptions:
    return replace(options, limits=replace(options.limits, depth=options.limits.depth - 1))


def _hidden(name: str) -> bool:
    return any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _decoded(one: zipfile.ZipInfo) -> str:
    """The member's name: old Chinese archivers wrote GBK where the format knows only cp437 and UTF-8."""
    if one.flag_bits & 0x800:
        return one.filename
    try:
        return one.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return one.filename
