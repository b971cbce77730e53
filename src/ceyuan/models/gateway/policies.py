"""What organisations and keys are bounded by, in memory: read at the start, again when something changes, and
every minute in case an event was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import repository
from ceyuan.models.gateway.limits import KeyLimits
from ceyuan.models.gateway.tables import GatewayKeyLimit, GatewayPolicy


class Policies:
    """Policies of organisations and limits of keys."""

    def __init__(self, default: KeyLimits) -> None:
        self._default = default
        self._loading = asyncio.Lock()
        self._limits: dict[str, KeyLimits] = {}
        self._labels: dict[str, str] = {}
        self._keeping: frozenset[str] = frozenset()
        self._inside: frozenset[str] = frozenset()
        self._masking: frozenset[str] = frozenset()
        self._cached: dict[str, int] = {}
        self._redacting: frozenset[str] = frozenset()
        self._semantic: dict[str, tuple[str, float]] = {}

    async def load(self, platform: Platform) -> None:
        """Read all of them."""
        # One at a time: a slow reading must not put what it saw over what a later one saw.
        async with self._loading:
            async with platform.work(write=False) as uow:
                policies = await repository.policies(uow.session)
                limits = await repository.key_limits(uow.session)
            self._take(policies, limits)

    def _take(self, policies: Sequence[GatewayPolicy], limits: Sequence[GatewayKeyLimit]) -> None:
        self._labels = {row.org_id: row.label for row in policies if row.label is not None}
        self._keeping = frozenset(row.org_id for row in policies if row.store_bodies)
        self._inside = frozenset(row.org_id for row in policies if row.inside)
        self._masking = frozenset(row.org_id for row in policies if row.mask_outside)
        self._cached = {row.org_id: row.cache_s for row in policies if row.cache_s}
        self._redacting = frozenset(row.org_id for row in policies if row.redact_bodies)
        self._semantic = {
            row.org_id: (row.semantic_model, row.semantic_likeness) for row in policies if row.semantic_model
        }
        self._limits = {
            row.key_id: KeyLimits(
                row.requests_per_minute or self._default.requests_per_minute,
                row.tokens_per_minute or self._default.tokens_per_minute,
                row.concurrent,
                frozenset(row.models),
            )
            for row in limits
        }

    def limits_of(self, key_id: str) -> KeyLimits:
        """The bounds of a key, the platform's where it has none of its own."""
        return self._limits.get(key_id, self._default)

    def label_of(self, org_id: str) -> str | None:
        """How the organisation wants generated content marked; `None` = as the model or the platform says."""
        return self._labels.get(org_id)

    def stores_bodies(self, org_id: str) -> bool:
        """Whether the organisation keeps prompts and answers."""
        return org_id in self._keeping

    def redacts_bodies(self, org_id: str) -> bool:
        """Whether personal information is taken out of prompts and answers before they are kept."""
        return org_id in self._redacting

    def semantic(self, org_id: str) -> tuple[str, float] | None:
        """The embedding model that finds like questions, and how like they must be; `None` = equal ones only."""
        return self._semantic.get(org_id)

    def stays_inside(self, org_id: str) -> bool:
        """Whether the organisation's calls go to the platform's own servers only."""
        return org_id in self._inside

    def masks_outside(self, org_id: str) -> bool:
        """Whether personal information is taken out of what goes to a server that is not the platform's own."""
        return org_id in self._masking

    def cache_s(self, org_id: str) -> int:
        """For how long an equal request gets the same answer, in seconds; 0 = never."""
        return self._cached.get(org_id, 0)
