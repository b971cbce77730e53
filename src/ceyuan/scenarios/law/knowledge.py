"""The loaded indexes of assistants: one in memory for each content, the least recently used goes first."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from ceyuan.kernel.platform import Platform
from ceyuan.scenarios.law.errors import AssistantNotReady
from ceyuan.scenarios.law.tables import LawAssistant
from ceyuan.scenarios.statutes import LawSearch

_KEEP = 2


class Knowledge:
    """Loads an assistant's index at its first question."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[str, LawSearch] = OrderedDict()
        self._lock = asyncio.Lock()

    async def of(self, platform: Platform, assistant: LawAssistant) -> LawSearch:
        """The search of an assistant; raises `AssistantNotReady`."""
        if assistant.state != "ready" or assistant.index_blob is None or assistant.articles_blob is None:
            raise AssistantNotReady(hint=("请等待索引任务完成", "wait until its index job is done"))
        async with self._lock:
            if assistant.index_blob not in self._loaded:
                from ceyuan.scenarios.statutes.building import load

                async with (
                    platform.blobs.as_file(assistant.articles_blob) as articles,
                    platform.blobs.as_file(assistant.index_blob) as index,
                ):
                    self._loaded[assistant.index_blob] = await asyncio.to_thread(load, articles, index)
                while len(self._loaded) > _KEEP:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(assistant.index_blob)
            return self._loaded[assistant.index_blob]
