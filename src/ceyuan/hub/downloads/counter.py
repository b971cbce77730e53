"""Counting downloads without a transaction for each: sums in memory, written every few seconds."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from ceyuan.hub.repositories import repository
from ceyuan.kernel.platform import Platform

FLUSH_S = 5.0


class DownloadCounter:
    """Sums of one process by repository and day; also the platform service that writes the last of them. A crash
    loses at most the last seconds: these are statistics, nobody is billed by them."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, repository_id: str, day: date, size: int) -> None:
        """Count one download of `size` bytes."""
        sums = self._sums[repository_id, day]
        sums[0] += 1
        sums[1] += size

    async def flush(self, platform: Platform) -> None:
        """Write what was counted since the last time."""
        if not self._sums:
            return
        taken, self._sums = self._sums, defaultdict(lambda: [0, 0])
        try:
            async with platform.work() as uow:
                for (repository_id, day), (count, size) in sorted(taken.items()):
                    await repository.add_downloads(uow.session, repository_id, day, count, size)
        except BaseException:
            for key, (count, size) in taken.items():
                self._sums[key][0] += count
                self._sums[key][1] += size
            raise

    async def start(self, platform: Platform) -> None:
        """Nothing to start: counting begins with the first download."""

    async def stop(self, platform: Platform) -> None:
        await self.flush(platform)
