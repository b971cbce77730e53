"""The audit log: who did what to what, in a Merkle tree that nobody can rewrite unseen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.audit import repository
from ceyuan.kernel.audit.checkpoint import KEY_NAME, Head, SignedHead, parse_note, sign_head, verifier_key
from ceyuan.kernel.audit.entry import draft
from ceyuan.kernel.audit.errors import NotYetCovered
from ceyuan.kernel.audit.export import export_lines
from ceyuan.kernel.audit.merkle import consistency_ranges, frontier_root, inclusion_ranges
from ceyuan.kernel.audit.sealing import PendingEntries
from ceyuan.kernel.audit.tables import AuditEntry, AuditHead
from ceyuan.kernel.audit.verification import Verification, verify_log
from ceyuan.kernel.errors import NotFound
from ceyuan.kernel.upserts import insert_missing

if TYPE_CHECKING:
    from ceyuan.kernel.platform import Platform
    from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry is leaf `index` of the tree of `size` leaves that the signed `note` vouches for."""

    entry: AuditEntry
    size: int
    path: list[bytes]
    note: str

    @property
    def root(self) -> bytes:
        return parse_note(self.note).head.root


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the log of `second` entries extends the log of `first`."""

    first: int
    second: int
    path: list[bytes]


class AuditLog:
    """Appends in the transaction of the deed itself, signs heads, proves and verifies.

    `origin` names this log in its heads (no spaces, no plus sign); heads are signed with the vault's key `audit`,
    by `sweep` no sooner than `head_every` after the one before.
    """

    def __init__(self, *, origin: str = "ceyuan", head_every: timedelta = timedelta(minutes=5)) -> None:
        self.origin = origin
        self._head_every = head_every

    async def append(
        self,
        uow: UnitOfWork,
        action: str,
        subject: str,
        *,
        org_id: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> str:
        """Append “the actor of `uow` did `action` to `subject`”; returns the entry's id.

        The entry takes its place in the log when the unit of work commits, and is gone with it if that rolls
        back. Secrets in `data` are redacted, long texts cut.
        """
        if not uow.writes:
            raise RuntimeError("a reading unit of work cannot append to the audit log")
        entry = draft(uow.actor, uow.clock.now(), action, subject, org_id, data)
        PendingEntries.of(uow.session).drafts.append(entry)
        return str(entry.columns["id"])

    async def sign_head(self, uow: UnitOfWork) -> AuditHead:
        """The signed head over all entries committed so far, made now unless there is one."""
        size, frontier = await repository.size_and_frontier(uow.session)
        existing = await repository.head_at(uow.session, size)
        if existing is not None:
            return existing
        head = Head(self.origin, size, frontier_root(frontier), uow.clock.now())
        values = {"size": size, "at": head.at, "note": sign_head(head, uow.platform.vault)}
        await uow.session.execute(insert_missing(uow.session, AuditHead, values))
        made = await repository.head_at(uow.session, size)
        assert made is not None
        return made

    async def sweep(self, platform: Platform) -> None:
        """Sign a head if entries came since the last one and that is old enough; the scheduler calls it."""
        async with platform.work(SYSTEM, write=False) as uow:
            size, _ = await repository.size_and_frontier(uow.session)
            last = await repository.latest_head(uow.session)
            due = size > last.size and uow.clock.now() - last.at >= self._head_every if last else size > 0
        if due:
            async with platform.work(SYSTEM) as uow:
                await self.sign_head(uow)

    async def latest_head(self, uow: UnitOfWork) -> AuditHead:
        """The newest signed head; raises `NotFound` in a log that has none yet."""
        head = await repository.latest_head(uow.session)
        if head is None:
            raise NotFound(("还没有签名的树头", "no head has been signed yet"))
        return head

    async def prove_inclusion(self, uow: UnitOfWork, entry_id: str, *, size: int | None = None) -> InclusionProof:
        """The proof that an entry is in the log of the signed head of `size` (default: the newest).

        Raises `NotFound`, or `NotYetCovered` while no head covers the entry.
        """
        entry = await repository.entry_by_id(uow.session, entry_id)
        if entry is None:
            raise NotFound()
        head = await (repository.latest_head(uow.session) if size is None else repository.head_at(uow.session, size))
        if head is None and size is not None:
            raise NotFound((f"没有大小为 {size} 的树头", f"no head was signed at size {size}"))
        if head is None or head.size <= entry.seq:
            raise NotYetCovered()
        tiles = repository.Tiles(uow.session)
        path = [await tiles.range_hash(span) for span in inclusion_ranges(entry.seq, head.size)]
        return InclusionProof(entry, head.size, path, head.note)

    async def prove_consistency(self, uow: UnitOfWork, first: int, second: int) -> ConsistencyProof:
        """The proof that the log of `second` entries extends that of `first`; raises `NotFound` beyond the log."""
        size, _ = await repository.size_and_frontier(uow.session)
        if not 0 <= first <= second <= size:
            raise NotFound((f"日志只有 {size} 条", f"the log has {size} entries"))
        tiles = repository.Tiles(uow.session)
        path = [await tiles.range_hash(span) for span in consistency_ranges(first, second)]
        return ConsistencyProof(first, second, path)

    async def verify(self, platform: Platform, *, witnesses: Sequence[SignedHead] = ()) -> Verification:
        """Check every entry and head; see `verification.verify_log`."""
        return await verify_log(platform.database, platform.vault.public_keys(KEY_NAME).values(), witnesses=witnesses)

    def verifier_keys(self, platform: Platform) -> list[str]:
        """The public keys of heads, the one in use first, in the form of signed-note tools."""
        return [verifier_key(self.origin, key) for key in platform.vault.public_keys(KEY_NAME).values()]

    async def export(self, platform: Platform) -> AsyncIterator[bytes]:
        """The whole log as JSON lines that `export.verify_export` checks without the platform."""
        async for line in export_lines(platform.database, self.origin, self.verifier_keys(platform)):
            yield line
