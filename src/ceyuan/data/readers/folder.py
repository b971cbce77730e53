"""A folder or a file of the user's own: each file to the reader of its format, in a fixed order."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from ceyuan.data.problems import DataProblem
from ceyuan.data.readers.documents import Document, Documents, Item, ReadOptions, Rejection
from ceyuan.data.readers.encoding import detect_encoding
from ceyuan.data.readers.epub import read_epub
from ceyuan.data.readers.html import read_html
from ceyuan.data.readers.identity import by_content
from ceyuan.data.readers.media import MEDIA, read_media
from ceyuan.data.readers.office import read_excel, read_word
from ceyuan.data.readers.packed import read_gzip, read_zip
from ceyuan.data.readers.parquet import read_parquet
from ceyuan.data.readers.portable import read_pdf
from ceyuan.data.readers.records import read_json, read_json_lines
from ceyuan.data.readers.roff import is_manual, may_be_manual, read_manual
from ceyuan.data.readers.separated import read_csv
from ceyuan.data.readers.sniff import mismatch
from ceyuan.data.readers.text import read_text
from ceyuan.data.readers.warc import read_warc

__all__ = ["FORMATS", "READERS", "files_of", "inside", "read_file", "read_items", "read_path"]

Reader = Callable[[Path, str, str, ReadOptions], Iterator[Item]]

FORMATS: dict[str, Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_text,
    ".markdown": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
    ".pdf": read_pdf,
    ".docx": read_word,
    ".xlsx": read_excel,
    ".epub": read_epub,
    ".warc": read_warc,
}
"""Readers by the ending of the file's name; ``.gz`` and ``.zip`` lead to the files inside. Manual pages, which end with
the number of their section, are told by their content besides."""
READERS = " ".join([*FORMATS, "roff"])
"""What can be read. Where it differs from what it was, files that nothing could read are worth another look."""

_BINARY = frozenset({".parquet", ".pdf", ".docx", ".xlsx", ".epub", ".warc"})
_ROWS = (read_json, read_json_lines, read_csv, read_parquet, read_excel)
"""Readers that make documents of records."""
_PACKED = {".gz": read_gzip, ".zip": read_zip}

_SAVE_AS = {
    **dict.fromkeys((".doc", ".wps", ".rtf", ".odt"), ".docx"),
    **dict.fromkeys((".xls", ".et", ".ods"), ".xlsx"),
    **dict.fromkeys((".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz"), ".zip"),
    **dict.fromkeys((".ppt", ".pptx", ".ofd", ".caj"), ".pdf"),
    **dict.fromkeys((".mobi", ".azw3"), ".epub"),
    ".xml": ".jsonl",
}
"""What programs save as, and a reader reads, in place of what none does."""

_SAMPLE = 1 << 18
_UNTOLD = re.compile(r"\\udc[89a-f][0-9a-f]")
"""A byte of a name that is not UTF-8, as `_told` writes it."""


def read_path(path: Path, options: ReadOptions | None = None) -> Iterator[Document | Rejection]:
    """Every document below ``path`` (a folder, or one file), with a rejection for all that could not be read.

    Files come sorted by name, hidden ones and links out of the folder are left aside, so the same folder
    always gives the same documents with the same ids (``path/in/folder.jsonl#12``; where ``options.identity`` is
    ``content``, ``path/in/folder.jsonl#9f86d081884c7d65``). Raises ``DataProblem``
    ``source_missing``, ``source_empty`` or ``source_unreadable``.
    """
    for item in read_items(path, options):
        if isinstance(item, Documents):
            yield from item.each()
        else:
            yield item


def read_items(path: Path, options: ReadOptions | None = None) -> Iterator[Item]:
    """As ``read_path``, with documents many at a time where their reader gives them so."""
    root = path if path.is_dir() else path.parent
    for name in files_of(path):
        yield from read_file(root, name, options)


def read_file(root: Path, name: str, options: ReadOptions | None = None) -> Iterator[Item]:
    """The documents of one file below ``root``, as ``read_items`` gives them."""
    yield from _read_file(root / name, name, options or ReadOptions())


def files_of(path: Path) -> dict[str, tuple[int, int]]:
    """The files that ``read_path`` reads by their names below ``path``, in its order, with size and time (ns) of each.

    Raises as it does.
    """
    try:
        if not path.exists():
            raise DataProblem("source_missing", f"找不到 {path}。", f"{path} does not exist.")
        if path.is_file():
            facts = path.stat()
            return {path.name: (facts.st_size, facts.st_mtime_ns)}
        found: dict[str, tuple[int, int]] = {}
        _note_below(path, "", os.path.realpath(path), found)
    except PermissionError as error:
        raise DataProblem("source_unreadable", f"没有权限读取 {path}。", f"No permission to read {path}.") from error
    if not found:
        raise DataProblem("source_empty", f"文件夹 {path} 中没有文件。", f"The folder {path} holds no files.")
    return found


def _note_below(folder: Path | str, prefix: str, root: str, found: dict[str, tuple[int, int]]) -> None:
    """Put into ``found`` the files below ``folder`` that are neither hidden nor lie outside of ``root`` in truth, by
    the parts of their names."""
    with os.scandir(folder) as entries:
        here = {entry.name: entry for entry in entries if entry.name[0] != "."}
    for name in sorted(here):
        entry = here[name]
        linked = False
        if not entry.is_file(follow_symlinks=False):
            if entry.is_dir(follow_symlinks=False):
                _note_below(entry.path, f"{prefix}{name}/", root, found)
                continue
            linked = entry.is_file() and inside(entry.path, root)
            if not linked:
                continue
        facts = entry.stat(follow_symlinks=linked)
        # Pairs of numbers, unlike the facts themselves, are nothing that the garbage collector goes through.
        found[_told(prefix + name)] = (facts.st_size, facts.st_mtime_ns)


def _told(name: str) -> str:
    """A name as it can be written down: bytes that are not UTF-8 (old archives keep names in GBK) by their numbers."""
    return name if name.isascii() else name.encode(errors="backslashreplace").decode()


def inside(path: str, root: str) -> bool:
    """Whether a link leads to a place below ``root``, a folder by its true name."""
    return os.path.commonpath([os.path.realpath(path), root]) == root


def _read_file(file: Path, name: str, options: ReadOptions) -> Iterator[Item]:
    """What is in a file; one that holds nothing at all (a table of no rows, an empty archive) is a rejection."""
    item: Item | None = None
    for item in _items_of(file, name, options):
        yield item
    if item is None:
        yield Rejection(name, "empty_text", "it holds no document")


def _items_of(file: Path, name: str, options: ReadOptions) -> Iterator[Item]:
    ending = PurePosixPath(name).suffix.lower()
    unpack = _PACKED.get(ending) if not name.lower().endswith(".warc.gz") else None
    reader = read_warc if name.lower().endswith(".warc.gz") else FORMATS.get(ending)
    media = options.media and ending in MEDIA
    manual = reader is None and unpack is None and not media and may_be_manual(ending)
    if reader is None and unpack is None and not media and not manual:
        yield _unsupported(name, ending)
        return
    try:
        with file.open("rb") as opened:
            sample = opened.read(_SAMPLE)
        if manual and not is_manual(sample):
            yield _unsupported(name, ending)
        elif not sample:
            yield Rejection(name, "empty_file")
        elif media:
            yield from read_media(file, name, sample, options)
        elif false := mismatch(name, sample):
            yield Rejection(name, "fake_extension", f"{ending}: {false}")
        elif unpack is not None:
            yield from unpack(file, name, options, _read_file)
        elif reader is not None:
            yield from _decoded(reader, file, name, sample, options)
        else:
            yield from _decoded(read_manual, file, name, sample, options)
    except FileNotFoundError:
        no_utf8 = _UNTOLD.search(name) is not None
        reason = ("undecodable_name", "the file's name is not UTF-8") if no_utf8 else ("unreadable", "it is gone")
        yield Rejection(name, *reason)
    except OSError as error:
        yield Rejection(name, "unreadable", error.strerror or str(error))


def _known_otherwise(options: ReadOptions) -> bool:
    """Whether records have ids of their own, or are only looked at."""
    return options.observer is not None or (options.columns is not None and options.columns.keyed)


def _unsupported(name: str, ending: str) -> Rejection:
    better = _SAVE_AS.get(ending)
    told = f"{ending}: save it as {better}" if better else ending or "its name has no ending"
    return Rejection(name, "unsupported_format", told)


def _decoded(reader: Reader, file: Path, name: str, sample: bytes, options: ReadOptions) -> Iterator[Item]:
    encoding = "utf-8" if reader in (FORMATS[ending] for ending in _BINARY) else detect_encoding(sample)
    if encoding is None:
        yield Rejection(name, "not_text", "neither UTF-8, GB18030, Big5 nor UTF-16")
    elif options.identity == "content" and reader in _ROWS and not _known_otherwise(options):
        yield from by_content(reader(file, name, encoding, options))
    else:
        yield from reader(file, name, encoding, options)
