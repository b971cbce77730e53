"""Paths inside a repository: which are accepted, and the faults of those that are not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MAX_PATH_BYTES = 1024
MAX_SEGMENT_BYTES = 255
MAX_DEPTH = 64
# Characters that turn the direction of writing let `exe.txt` pass for `txt.exe` (Unicode TR 36, 2.10).
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


class TreeProblem(ValueError):
    """A change that no tree can take: a stable code, the path, and one sentence in each language."""

    code = "tree_problem"

    def __init__(self, path: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.path = path
        self.zh = zh
        self.en = en


class PathRefused(TreeProblem):
    """The path is not one that every file system and client can hold safely."""

    code = "path_refused"


class PathMissing(TreeProblem):
    """There is nothing at the path."""

    code = "path_missing"


class PathTaken(TreeProblem):
    """A file stands where a folder is needed, or the other way round."""

    code = "path_taken"


class CaseCollision(TreeProblem):
    """Two names in one folder that many file systems cannot tell apart."""

    code = "case_collision"


def check_path(path: str) -> str:
    """Return `path` if it may name a file, else raise `PathRefused`.

    Names in every script are welcome. Refused are: absolute paths, empty, `.` and `..` segments,
    backslashes, control characters and those that turn the direction of writing, `.git`, segments over
    255 and paths over 1,024 bytes of UTF-8, and more than 64 levels.
    """
    split_path(path)
    return path


def split_path(path: str) -> list[str]:
    """The segments of a path that `check_path` accepts."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError as error:
        shown = path.encode(errors="backslashreplace").decode()
        raise PathRefused(shown, f"路径“{shown}”不是有效的 Unicode", f"“{shown}” is not valid Unicode") from error
    if not path or size > MAX_PATH_BYTES:
        raise PathRefused(
            path[:80],
            f"路径长度须为 1 到 {MAX_PATH_BYTES} 字节",
            f"a path has 1 to {MAX_PATH_BYTES} bytes",
        )
    segments = path.split("/")
    if len(segments) > MAX_DEPTH:
        raise PathRefused(path, f"路径超过 {MAX_DEPTH} 层", f"“{path}” has more than {MAX_DEPTH} levels")
    for segment in segments:
        _check_segment(path, segment)
    return segments


def _check_segment(path: str, segment: str) -> None:
    if segment in ("", ".", ".."):
        shown = segment or "//"
        raise PathRefused(path, f"路径“{path}”含有“{shown}”", f"the path “{path}” contains “{shown}”")
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        raise PathRefused(
            path,
            f"“{segment[:40]}…”超过 {MAX_SEGMENT_BYTES} 字节",
            f"“{segment[:40]}…” is longer than {MAX_SEGMENT_BYTES} bytes",
        )
    if segment.casefold() == ".git":
        raise PathRefused(path, f"路径“{path}”含有保留名 .git", f"the path “{path}” contains the reserved name .git")
    for char in segment:
        if char == "\\" or char in _BIDI or unicodedata.category(char) == "Cc":
            named = f"U+{ord(char):04X}"
            raise PathRefused(path, f"路径含有不允许的字符 {named}", f"a path may not contain {named}")


def fold(name: str) -> str:
    """The form in which file systems that ignore case or normalise Unicode compare names."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def refuse_collisions(added: Iterable[str], names: Iterable[str], folder: str) -> None:
    """Raise `CaseCollision` if a name that is `added` to a folder differs from another of its `names` only by case or
    by Unicode normalisation; `folder` is the folder's path with a slash at its end, or empty."""
    folded = {fold(name): name for name in sorted(added)}
    if not folded:
        return
    for name in names:
        other = folded.get(fold(name), name)
        if other != name:
            raise CaseCollision(
                folder + name,
                f"“{folder}{name}”与“{folder}{other}”仅大小写或编码形式不同",
                f"“{folder}{name}” and “{folder}{other}” differ only in case or normalisation",
            )
