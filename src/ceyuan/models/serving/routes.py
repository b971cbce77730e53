"""A served model as those who call it need it: what it is called, who may use it, what it can, where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Capability = Literal["chat", "completions", "embeddings"]


@dataclass(frozen=True, slots=True)
class Route:
    """A served model. `visible_to` = organisations that may use it, `None` = all; exactly one of `engine` (the
    name of an embedded engine) and `base_url` (an OpenAI-compatible server up to and with `/v1`) is set."""

    served_id: str
    name: str
    title: str
    capabilities: frozenset[str]
    price_model: str
    upstream: str
    upstream_model: str
    created: int
    visible_to: frozenset[str] | None = None
    revision: str | None = None
    context: int | None = None
    max_concurrency: int = 0
    label: str | None = None
    reports_stream_usage: bool = True
    engine: str | None = None
    base_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)

    def is_open_to(self, org_id: str) -> bool:
        """Whether the organisation may use it."""
        return self.visible_to is None or org_id in self.visible_to


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: the address up to `/v1`, headers with the upstream's key, the engine's Unix socket."""

    base_url: str
    headers: Mapping[str, str]
    socket: Path | None = None
