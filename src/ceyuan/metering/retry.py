"""Trying again where PostgreSQL gave up one of several transactions that met."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from ceyuan.kernel.actor import SYSTEM, Actor
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.work import UnitOfWork

logger = logging.getLogger(__name__)
T = TypeVar("T")
_MET = frozenset({"40001", "40P01", "55P03"})
"""serialization_failure, deadlock_detected, lock_not_available (PostgreSQL manual, appendix A)."""


def is_collision(error: BaseException) -> bool:
    """Whether the transaction failed only because it met another one, so that trying again may succeed."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _MET


async def transact(
    platform: Platform, use_case: Callable[[UnitOfWork], Awaitable[T]], *, actor: Actor = SYSTEM, attempts: int = 6
) -> T:
    """Run `use_case` in a unit of work of its own, anew after a collision, with growing random pauses."""
    for attempt in range(1, attempts + 1):
        try:
            async with platform.work(actor) as uow:
                result = await use_case(uow)
            return result
        except DBAPIError as error:
            if attempt == attempts or not is_collision(error):
                raise
            logger.info("a transaction met another one and is tried again (%s)", getattr(error.orig, "sqlstate", ""))
        await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))
    raise AssertionError("unreachable")
