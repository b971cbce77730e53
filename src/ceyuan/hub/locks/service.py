"""Use cases of locks. Members lock and unlock, maintainers also what others locked; who may read sees them."""

from __future__ import annotations

from sqlalchemy import Select, select

from ceyuan.hub.errors import explain
from ceyuan.hub.locks.errors import LockNotFound
from ceyuan.hub.locks.tables import HubLock
from ceyuan.hub.repositories.access import require_change, require_read
from ceyuan.hub.repositories.tables import HubRepository
from ceyuan.hub.trees import PathRefused, check_path
from ceyuan.kernel.errors import Forbidden
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.upserts import insert_missing
from ceyuan.kernel.work import UnitOfWork


async def lock(uow: UnitOfWork, row: HubRepository, path: str) -> tuple[HubLock, bool]:
    """Lock a path; the lock that is there, and whether it was made now. The path need not exist yet."""
    require_change(uow.actor, row)
    try:
        check_path(path)
    except PathRefused as problem:
        raise explain(problem) from problem
    values = {
        "id": new_id("lck"),
        "repository_id": row.id,
        "path": path,
        "owner_id": uow.actor.id,
        "owner": uow.actor.label,
        "locked_at": uow.clock.now(),
    }
    made = await uow.session.scalar(insert_missing(uow.session, HubLock, values).returning(HubLock.id))
    found = await uow.session.scalar(select(HubLock).where(HubLock.repository_id == row.id, HubLock.path == path))
    if found is None:
        raise LockNotFound()
    if made is not None:
        await uow.audit("hub.lock", row.id, row.org_id, path=path)
    return found, made is not None


async def unlock(uow: UnitOfWork, row: HubRepository, lock_id: str, *, force: bool = False) -> HubLock:
    """Give up a lock; another person's only by `force`, which maintainers have. Raises `LockNotFound`."""
    require_change(uow.actor, row)
    found = await uow.session.get(HubLock, lock_id, with_for_update=True)
    if found is None or found.repository_id != row.id:
        raise LockNotFound()
    if found.owner_id != uow.actor.id:
        if not force:
            raise Forbidden(
                (f"“{found.path}”由 {found.owner} 锁定", f"{found.path} was locked by {found.owner}"),
                hint=(
                    "请联系锁定者;维护者可执行 git lfs unlock --force",
                    "ask who locked it; a maintainer may git lfs unlock --force",
                ),
            )
        require_change(uow.actor, row, "maintainer")
    await uow.session.delete(found)
    await uow.audit("hub.unlock", row.id, row.org_id, path=found.path, locked_by=found.owner_id)
    return found


async def list_locks(
    uow: UnitOfWork, row: HubRepository, paging: PageRequest, *, path: str | None = None, lock_id: str | None = None
) -> Rows[HubLock]:
    """A page of the locks of a repository by path, of one path or one id."""
    require_read(uow.actor, row)
    query: Select[HubLock] = select(HubLock).where(HubLock.repository_id == row.id)
    if path is not None:
        query = query.where(HubLock.path == path)
    if lock_id is not None:
        query = query.where(HubLock.id == lock_id)
    return await fetch_page(uow.session, query, paging, key=HubLock.id, sorts={"path": HubLock.path}, default="path")
