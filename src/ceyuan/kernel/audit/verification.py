"""Verification of the whole log: every entry is hashed again, every signed head is met on the way.

The first fault is named: an entry whose content, hash or place is wrong, or, when somebody rewrote content
and hash alike, the narrowest span of entries between two hashes that still agree.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row

from ceyuan.kernel.audit import repository
from ceyuan.kernel.audit.checkpoint import SignedHead, parse_note
from ceyuan.kernel.audit.entry import COLUMNS, columns_of
from ceyuan.kernel.audit.merkle import Frontier, extend, frontier_root, leaf_hash
from ceyuan.kernel.audit.sealing import NODE_STEP
from ceyuan.kernel.database import Database
from ceyuan.kernel.errors import Text

BATCH = 2_048


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong first: `kind` is a stable word, `first` and `last` bound the entries in question."""

    kind: str
    first: int
    last: int
    entry_id: str | None
    message: Text


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked: entries, signed heads, the root (hexadecimal) over the checked entries; `fault` if any."""

    size: int
    heads: int
    root: str
    fault: Fault | None

    @property
    def ok(self) -> bool:
        return self.fault is None


class FaultFound(Exception):
    """Raised by the verifier at the first fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message[1])
        self.fault = fault


class Verifier:
    """Takes entries in order and meets the given heads at their sizes; raises `FaultFound` at the first fault."""

    def __init__(self, public_keys: Iterable[bytes], heads: Iterable[SignedHead]) -> None:
        self._keys = list(public_keys)
        self._heads: dict[int, list[SignedHead]] = {}
        for signed in heads:
            self._heads.setdefault(signed.head.size, []).append(signed)
        self.size = 0
        self.met = 0
        self.frontier: Frontier = ()
        self._agreed = 0

    def start(self) -> None:
        """Meet the heads of the empty log."""
        self._meet_heads()

    def entry(
        self,
        seq: int,
        body: str,
        *,
        leaf: bytes | None = None,
        columns: Mapping[str, Any] | None = None,
        nodes: Mapping[tuple[int, int], bytes] | None = None,
    ) -> None:
        """Check and add one entry, with what a database stores beside it: hash, columns, subtree roots."""
        found = leaf_hash(body.encode())
        entry_id = (columns or {}).get("id")
        if seq != self.size:
            raise _fault("missing", self.size, f"第 {self.size} 条缺失", f"entry {self.size} is missing")
        if leaf is not None and found != leaf:
            raise _fault(
                "content", seq, f"第 {seq} 条的内容与其哈希不符", f"entry {seq} differs from its hash", entry_id
            )
        if columns is not None and not _columns_agree(body, columns):
            zh, en = f"第 {seq} 条的检索列被改动", f"entry {seq}: a searchable column was altered"
            raise _fault("columns", seq, zh, en, entry_id)
        self.frontier, completed = extend(self.frontier, self.size, found)
        self.size += 1
        if nodes is not None:
            self._compare_nodes(seq, completed, nodes)
        self._meet_heads()

    def finish(self, size: int | None = None, frontier: Frontier | None = None) -> None:
        """Compare the log's own account of its size and frontier, and find heads beyond its end."""
        if size is not None and self.size != size:
            raise _fault("missing", self.size, f"第 {self.size} 条缺失", f"entry {self.size} is missing")
        if frontier is not None and self.frontier != frontier:
            raise self._span("frontier", "与日志当前状态不符", "they differ from the log's present state")
        for beyond in sorted(at for at in self._heads if at > self.size):
            zh = f"日志只有 {self.size} 条,而已签名的树头有 {beyond} 条"
            en = f"the log has {self.size} entries, but a head was signed over {beyond}"
            raise _fault("truncated", self.size, zh, en)

    def result(self, fault: Fault | None = None) -> Verification:
        """What was checked so far."""
        return Verification(self.size, self.met, frontier_root(self.frontier).hex(), fault)

    def _compare_nodes(self, seq: int, completed: list[bytes], nodes: Mapping[tuple[int, int], bytes]) -> None:
        for level in range(NODE_STEP, len(completed), NODE_STEP):
            if nodes.get((level, seq >> level)) != completed[level]:
                raise self._span("node", "与存储的中间哈希不符", "they differ from a stored subtree hash")
            self._agreed = self.size

    def _meet_heads(self) -> None:
        for signed in self._heads.get(self.size, ()):
            if not any(signed.checks(key) for key in self._keys):
                zh, en = (
                    f"大小为 {self.size} 的树头签名无效",
                    f"the signature of the head over {self.size} entries is bad",
                )
                raise _fault("signature", self.size, zh, en)
            if signed.head.root != frontier_root(self.frontier):
                raise self._span("root", "与已签名的树头不符", "they differ from a signed head")
            self._agreed = self.size
            self.met += 1

    def _span(self, kind: str, zh: str, en: str) -> FaultFound:
        first, last = self._agreed, max(self._agreed, self.size - 1)
        return FaultFound(
            Fault(kind, first, last, None, (f"第 {first} 至 {last} 条{zh}", f"entries {first} to {last}: {en}"))
        )


def _fault(kind: str, seq: int, zh: str, en: str, entry_id: str | None = None) -> FaultFound:
    return FaultFound(Fault(kind, seq, seq, entry_id, (zh, en)))


def _columns_agree(body: str, columns: Mapping[str, Any]) -> bool:
    try:
        return columns_of(orjson.loads(body)) == dict(columns)
    except (KeyError, ValueError, TypeError):
        return False


async def verify_log(
    database: Database, public_keys: Iterable[bytes], *, witnesses: Sequence[SignedHead] = ()
) -> Verification:
    """Check the whole log against its stored heads and against `witnesses`, heads that somebody kept elsewhere.

    Reads in short transactions and hashes off the event loop; entries appended meanwhile are not looked at.
    """
    async with database.session(write=False) as session:
        heads = [parse_note(row.note) for row in await repository.heads(session)]
        size, frontier = await repository.size_and_frontier(session)
    verifier = Verifier(public_keys, [*heads, *witnesses])
    try:
        verifier.start()
        while verifier.size < size:
            low, high = verifier.size, min(verifier.size + BATCH, size)
            async with database.session(write=False) as session:
                rows = await repository.rows_from(session, low, high - low)
                nodes = await repository.nodes_within(session, low, high)
            if not rows:
                break
            await asyncio.to_thread(_check_batch, verifier, rows, nodes)
        verifier.finish(size, frontier)
    except FaultFound as found:
        return verifier.result(found.fault)
    return verifier.result()


def _check_batch(verifier: Verifier, rows: Sequence[Row[Any]], nodes: Mapping[tuple[int, int], bytes]) -> None:
    for row in rows:
        columns = {name: getattr(row, name) for name in COLUMNS}
        verifier.entry(row.seq, row.body, leaf=row.leaf, columns=columns, nodes=nodes)
