"""What a push asks for: which branches and tags shall go from where to where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ceyuan.hub.git import PackProblem, lines_of
from ceyuan.hub.naming import HEADS, TAGS, is_commit_id

NOTHING: Final = "0" * 40
PULLS: Final = "refs/pr/"
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Command:
    """A branch, tag or pull request (its full name) that shall go from `old` to `new`; all zeros: it is not there."""

    old: str
    new: str
    ref: str

    @property
    def deletes(self) -> bool:
        return self.new == NOTHING

    @property
    def creates(self) -> bool:
        return self.old == NOTHING

    @property
    def branch(self) -> str | None:
        """The name of the branch, if it is one."""
        return self.ref[len(HEADS) :] if self.ref.startswith(HEADS) else None

    @property
    def tag(self) -> str | None:
        """The name of the tag, if it is one."""
        return self.ref[len(TAGS) :] if self.ref.startswith(TAGS) else None

    @property
    def pull(self) -> int | None:
        """The number of the pull request, if it is one's branch."""
        number = self.ref.removeprefix(PULLS)
        plain = self.ref.startswith(PULLS) and number.isascii() and number.isdigit() and len(number) < 10
        return int(number) if plain and not number.startswith("0") else None


@dataclass(frozen=True, slots=True)
class Request:
    """All commands of a push, and what its client is able to hear."""

    commands: tuple[Command, ...]
    capabilities: frozenset[str]

    @property
    def banded(self) -> bool:
        return "side-band-64k" in self.capabilities

    @property
    def atomic(self) -> bool:
        return "atomic" in self.capabilities


def parse(data: bytes) -> Request:
    """Read the commands of a push, all lines before the first flush. Raises `PackProblem` or `LineProblem`."""
    commands: list[Command] = []
    capabilities: frozenset[str] = frozenset()
    for raw in _before_flush(data):
        text, _, words = raw.partition(b"\0")
        if not commands and words:
            capabilities = frozenset(words.decode("utf-8", "replace").split())
        try:
            line = text.decode()
        except UnicodeDecodeError as error:
            raise _broken() from error
        if line.startswith("shallow ") and is_commit_id(line[8:]):
            continue
        old, _, rest = line.partition(" ")
        new, _, ref = rest.partition(" ")
        if not is_commit_id(old) or not is_commit_id(new) or not ref or old == new == NOTHING:
            raise _broken()
        commands.append(Command(old, new, ref))
    if len(commands) > _MOST or len({command.ref for command in commands}) != len(commands):
        raise PackProblem(
            f"一次推送最多 {_MOST} 个引用,且不可重复", f"a push moves at most {_MOST} references, each once"
        )
    return Request(tuple(commands), capabilities)


def _before_flush(data: bytes) -> Iterator[bytes]:
    for line in lines_of(data):
        if line is None:
            return
        yield line


def _broken() -> PackProblem:
    return PackProblem("不是有效的 git 推送请求", "this is no push of git")
