"""Sealing: entries get their places in the tree in the last moment before their transaction commits.

Appending transactions must take turns, because each leaf's place depends on all before it. The drafts
wait in the session and the tree's row is locked only when everything else was written, so writers meet
for a few milliseconds, and the audit lock is always the last one taken: it cannot deadlock with others.
"""

from __future__ import annotations

from sqlalchemy import event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from ceyuan.kernel.audit.entry import Draft
from ceyuan.kernel.audit.merkle import HASH_BYTES, extend
from ceyuan.kernel.audit.tables import AuditEntry, AuditNode, AuditTree
from ceyuan.kernel.upserts import insert_missing

NODE_STEP = 8
"""Every eighth level of the tree is stored (256 leaves, 65,536, ...)."""


class PendingEntries:
    """The drafts of one session, in order; a savepoint that is rolled back takes its own along."""

    def __init__(self, session: Session) -> None:
        self.drafts: list[Draft] = []
        self._marks: dict[SessionTransaction, int] = {}
        event.listen(session, "before_commit", self._before_commit)
        event.listen(session, "after_transaction_create", self._after_begin)
        event.listen(session, "after_soft_rollback", self._after_rollback)

    @classmethod
    def of(cls, session: AsyncSession) -> PendingEntries:
        """The session's pending entries; watches the session from the first call on."""
        found = session.info.get(cls)
        if not isinstance(found, cls):
            found = session.info[cls] = cls(session.sync_session)
        return found

    def _after_begin(self, _session: Session, transaction: SessionTransaction) -> None:
        if transaction.nested:
            self._marks[transaction] = len(self.drafts)

    def _after_rollback(self, _session: Session, transaction: SessionTransaction) -> None:
        # A savepoint older than the first draft has no mark: all drafts were made within it.
        if transaction.nested:
            del self.drafts[self._marks.pop(transaction, 0) :]
        elif transaction.parent is None:
            self.drafts.clear()

    def _before_commit(self, session: Session) -> None:
        if self.drafts and not session.in_nested_transaction():
            session.flush()
            drafts, self.drafts = self.drafts, []
            seal(session, drafts)


def lock_tree(session: Session) -> tuple[int, tuple[bytes, ...]]:
    """The log's size and frontier, locked until the transaction ends."""
    query = select(AuditTree.size, AuditTree.frontier).where(AuditTree.id == 1).with_for_update()
    row = session.execute(query).one_or_none()
    if row is None:
        session.execute(insert_missing(session, AuditTree, {"id": 1, "size": 0, "frontier": b""}))
        row = session.execute(query).one()
    return row.size, split_frontier(row.frontier)


def split_frontier(joined: bytes) -> tuple[bytes, ...]:
    """The hashes of a stored frontier."""
    return tuple(joined[i : i + HASH_BYTES] for i in range(0, len(joined), HASH_BYTES))


def seal(session: Session, drafts: list[Draft]) -> None:
    """Give `drafts` the next places in the log and write them."""
    size, frontier = lock_tree(session)
    rows, nodes = [], []
    for place, entry in enumerate(drafts, start=size):
        rows.append({"seq": place, "body": entry.body, "leaf": entry.leaf, **entry.columns})
        frontier, completed = extend(frontier, place, entry.leaf)
        nodes += [
            {"level": level, "index": place >> level, "hash": completed[level]}
            for level in range(NODE_STEP, len(completed), NODE_STEP)
        ]
    session.execute(insert(AuditEntry), rows)
    if nodes:
        session.execute(insert(AuditNode), nodes)
    session.execute(
        update(AuditTree)
        .where(AuditTree.id == 1)
        .values(size=size + len(drafts), frontier=b"".join(frontier))
        .execution_options(synchronize_session=False)
    )
