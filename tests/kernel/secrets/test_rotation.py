"""Rotation finds every sealed column of every table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from ceyuan.kernel.audit.tables import AuditEntry
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.secrets import Sealed, UnsealFault, rewrap_all, rotate
from ceyuan.kernel.tables import Base

COUNT = 450


@pytest.fixture
async def table(built: Platform) -> AsyncIterator[type[Base]]:
    """A table with a composite key and a sealed column, known to the metadata for one test."""

    class Locker(Base):
        __tablename__ = "test_locker"
        room: Mapped[str] = mapped_column(primary_key=True)
        number: Mapped[int] = mapped_column(primary_key=True)
        content: Mapped[bytes | None] = mapped_column(Sealed)

    async with built.database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with built.work() as uow:
        for number in range(COUNT):
            sealed = built.vault.encrypt(str(number).encode(), f"locker:{number}")
            uow.session.add(Locker(room=f"r{number % 3}", number=number, content=sealed))
        uow.session.add(Locker(room="empty", number=0, content=None))
    yield Locker
    Base.metadata.remove(Locker.__table__)  # type: ignore[arg-type]
    Base.registry._dispose_cls(Locker)


async def test_every_value_is_rewrapped_and_the_old_key_retired(built: Platform, table: type[Base]) -> None:
    before = built.vault.current_key_id
    result = await rotate(built, retire=True)
    assert result.rewrapped["test_locker.content"] == COUNT
    assert built.vault.key_ids == [result.key_id]
    assert result.key_id != before
    async with built.work(write=False) as uow:
        rows = (await uow.session.execute(select(table.__table__))).all()
        entries = (await uow.session.scalars(select(AuditEntry.action))).all()
    for row in rows:
        if row.content is not None:
            assert built.vault.decrypt(row.content, f"locker:{row.number}") == str(row.number).encode()
    assert entries == ["secrets.rotate"]


async def test_rewrapping_again_changes_nothing(built: Platform, table: type[Base]) -> None:
    await rotate(built)
    assert (await rewrap_all(built))["test_locker.content"] == 0


async def test_an_interrupted_rotation_keeps_the_old_key_and_is_simply_run_again(
    built: Platform, table: type[Base], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = built.vault.rewrap, 0

    def failing(sealed: bytes) -> bytes:
        nonlocal calls
        calls += 1
        if calls == 300:
            raise UnsealFault
        return real(sealed)

    with monkeypatch.context() as patch:
        patch.setattr(built.vault, "rewrap", failing)
        with pytest.raises(UnsealFault):
            await rotate(built, retire=True)
    assert len(built.vault.key_ids) == 2
    assert (await rewrap_all(built))["test_locker.content"] == COUNT - 200
