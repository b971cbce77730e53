"""Events of the identity room that memory caches must hear at once.

An event reaches every process through the outbox within a second. The process that made the change must
not wait even that long: a token that was revoked is refused from the next request on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ceyuan.kernel.work import UnitOfWork


class Listener(Protocol):
    """Hook: something in this process that hears identity events right after their commit; `hear` must be quick."""

    def hear(self, topic: str, data: Mapping[str, Any]) -> None: ...


async def tell(uow: UnitOfWork, topic: str, **data: Any) -> None:
    """Publish `topic` and let this process's listeners hear it as soon as the transaction is committed."""
    await uow.publish(topic, **data)

    async def echo() -> None:
        for listener in uow.platform.find(Listener):  # type: ignore[type-abstract]
            listener.hear(topic, data)

    uow.after_commit(echo)
