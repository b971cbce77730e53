"""The bodies of commits, trees and tags, taken apart (https://git-scm.com/docs/gitformat-pack, git-mktag)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ceyuan.hub.git.problems import ObjectProblem

FOLDER, PLAIN, EXECUTABLE, LINK, MODULE = b"40000", b"100644", b"100755", b"120000", b"160000"
_OID: Final = re.compile(r"[0-9a-f]{40}")
_PERSON: Final = re.compile(r"(?P<name>[^<>\n]*?) ?<(?P<mail>[^<>\n]*)> (?P<at>-?\d{1,12}) [+-]\d{4}")
_LATEST: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class CommitBody:
    """What a commit says: its tree, its parents, who wrote it, when it was made (to the second), and its message."""

    tree: str
    parents: tuple[str, ...]
    author: str
    at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class TagBody:
    """What an annotated tag says: the object it is on, of which kind, its name and message."""

    target: str
    kind: str
    name: str
    message: str


def commit_of(body: bytes) -> CommitBody:
    """A commit's body, read. Raises `ObjectProblem`."""
    head, message = _parts(body)
    tree = [value for name, value in head if name == "tree"]
    parents = tuple(value for name, value in head if name == "parent")
    author = next((value for name, value in head if name == "author"), "")
    committer = next((value for name, value in head if name == "committer"), "")
    if len(tree) != 1 or not all(_OID.fullmatch(oid) for oid in (*tree, *parents)) or len(set(parents)) != len(parents):
        raise ObjectProblem("提交对象不完整", "a commit without a valid tree or parents")
    written, made = _PERSON.fullmatch(author), _PERSON.fullmatch(committer)
    if written is None or made is None:
        raise ObjectProblem("提交对象的作者信息无效", "a commit whose author or committer cannot be read")
    return CommitBody(tree[0], parents, written["name"], _moment(int(made["at"])), message)


def tag_of(body: bytes) -> TagBody:
    """A tag's body, read. Raises `ObjectProblem`."""
    head, message = _parts(body)
    said = dict(head)
    target, kind, name = said.get("object", ""), said.get("type", ""), said.get("tag", "")
    if not _OID.fullmatch(target) or not kind or not name:
        raise ObjectProblem("标签对象不完整", "a tag that is not whole")
    return TagBody(target, kind, name, message)


def _moment(seconds: int) -> datetime:
    if not 0 <= seconds <= _LATEST:
        raise ObjectProblem("提交时间超出范围", "a commit from before 1970 or after the year 9999")
    return datetime.fromtimestamp(seconds, UTC)


def _parts(body: bytes) -> tuple[list[tuple[str, str]], str]:
    """The lines of the head as pairs (a line that begins with a space goes on with the one before), the message."""
    raw, _, message = body.partition(b"\n\n")
    head: list[tuple[str, str]] = []
    for line in raw.decode("utf-8", "replace").split("\n"):
        if line.startswith(" "):
            continue
        name, _, value = line.partition(" ")
        head.append((name, value))
    return head, message.decode("utf-8", "replace")


def tree_entries(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Mode, name and object of each entry of a tree's body. Raises `ObjectProblem`."""
    at = 0
    while at < len(body):
        space = body.find(b" ", at)
        end = body.find(b"\0", space)
        if space < 0 or end < 0 or end + 21 > len(body):
            raise ObjectProblem("目录对象已损坏", "a tree is broken")
        try:
            name = body[space + 1 : end].decode()
        except UnicodeDecodeError as error:
            shown = body[space + 1 : end].decode(errors="backslashreplace")
            raise ObjectProblem(
                f"文件名“{shown}”不是 UTF-8 编码", f"the file name “{shown}” is not in UTF-8"
            ) from error
        yield body[at:space], name, body[end + 1 : end + 21].hex()
        at = end + 21
