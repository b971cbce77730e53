"""The templates that calls name, in memory: read when one is first named, and again when its organisation changed one
or after a minute, in case an event was lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import Filled
from ceyuan.models.prompts import repository
from ceyuan.models.prompts.errors import PromptUnknown
from ceyuan.models.prompts.service import defaults_of
from ceyuan.models.prompts.tables import PromptVersion
from ceyuan.models.prompts.template import fill

_FRESH_S = 60.0
_MOST = 2000
"""Versions that are kept; the one that was read first goes first."""


@dataclass(frozen=True, slots=True)
class _Kept:
    number: int
    messages: list[dict[str, Any]]
    defaults: dict[str, str | None]
    parameters: dict[str, Any]
    until: float

    @classmethod
    def of(cls, version: PromptVersion) -> _Kept:
        until = time.monotonic() + _FRESH_S
        return cls(version.number, version.messages, defaults_of(version), version.parameters, until)


class Shelf:
    """Fills the gateway's hook `PromptTemplates`."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._kept: dict[tuple[str, str, int | None], _Kept] = {}
        self._changes = 0

    async def fill(self, org_id: str, name: str, number: int | None, values: Mapping[str, Any]) -> Filled:
        """See `PromptTemplates`. Raises `PromptUnknown`, `VariablesUnfit`."""
        version = await self._version(org_id, name, number)
        messages = fill(version.messages, version.defaults, values)
        return Filled(messages, version.parameters, f"{name}@{version.number}")

    def forget(self, org_id: str) -> None:
        """An organisation changed a template."""
        self._changes += 1
        for key in [key for key in self._kept if key[0] == org_id]:
            del self._kept[key]

    async def _version(self, org_id: str, name: str, number: int | None) -> _Kept:
        known = self._kept.get((org_id, name, number))
        if known is not None and time.monotonic() < known.until:
            return known
        seen = self._changes
        async with self._platform.work(write=False) as uow:
            row = await repository.by_name(uow.session, org_id, name)
            if row is None or row.archived:
                raise PromptUnknown((f"没有提示词模板“{name[:80]}”", f"there is no prompt template “{name[:80]}”"))
            wanted = number or row.production
            if wanted is None:
                raise PromptUnknown(
                    (f"提示词模板“{name}”尚未发布", f"no version of the prompt template “{name}” is in production"),
                    hint=(
                        "请先发布一个版本,或用 prompt_version 指定",
                        "publish a version, or name one by prompt_version",
                    ),
                )
            found = _Kept.of(await repository.version(uow.session, row.id, wanted))
        while len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        if seen == self._changes:  # else this reading may be older than the change
            self._kept[org_id, name, number] = found
        return found
