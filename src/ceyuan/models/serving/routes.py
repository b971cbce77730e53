"""A served model as those who call it need it: what it is called, who may use it, what it can, where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

Capability = Literal["chat", "completions", "embeddings", "rerank", "images", "speech", "transcriptions"]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
ENGINE_CAPABILITIES: frozenset[Capability] = frozenset({"chat", "completions", "embeddings"})
"""What the embedded engine can do; the rest is for upstreams."""
Strategy = Literal["weighted", "least_pending", "latency", "price", "prefix"]
"""How one of several servers is chosen: by share, by calls in flight, by their latency times calls in flight, by
price, or by the beginning of the prompt, so that a server finds it in its cache."""
STRATEGIES: tuple[str, ...] = get_args(Strategy)


@dataclass(frozen=True, slots=True)
class Replica:
    """A server that answers for a model: its address up to and with `/v1` (an embedded engine has none), headers with
    its key, the model's name there.

    `tier`: those of a larger number are asked only when none of a smaller one can be. `outside`: it is not the
    platform's own, so what must stay inside does not go there. `price` is what it asks for a million tokens.
    `usage_url` tells what it counted for a call: `{id}` stands for the `x-request-id` that it was sent with.
    `engine` names the replica of ours behind it, where there is one, and `variant` the revision of a deployment;
    `only_for` are the organisations whose calls may go there (a candidate's owner), `None` = all. A `standby` one is
    asked when no other could be reached: the call waits there until a replica is up. `forces_tools`: it keeps to a
    `tool_choice` that demands a call.
    """

    id: str
    upstream: str
    model: str
    base_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    weight: int = 1
    tier: int = 0
    outside: bool = False
    price: float = 0.0
    reports_stream_usage: bool = True
    usage_url: str | None = None
    engine: str | None = None
    variant: str = ""
    only_for: frozenset[str] | None = None
    standby: bool = False
    forces_tools: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """A served model. `visible_to` = organisations that may use it, `None` = all. `retries`: how many further replicas
    a call that was not answered may be given to; `hedge_s`: after which time without an answer a second one is asked
    as well (0 = never). `released` is False for a candidate. `owner_org_id` owns the revision, whose name others are
    told where it is `revision_open`. `shares`: the percentage of calls of each variant but the stable one;
    `shadow`: a server that gets a copy of a percentage of the calls.
    """

    served_id: str
    name: str
    title: str
    capabilities: frozenset[str]
    price_model: str
    created: int
    replicas: tuple[Replica, ...]
    visible_to: frozenset[str] | None = None
    revision: str | None = None
    revision_open: bool = False
    owner_org_id: str | None = None
    context: int | None = None
    max_concurrency: int = 0
    label: str | None = None
    strategy: Strategy = "weighted"
    retries: int = 2
    hedge_s: float = 0.0
    released: bool = True
    shares: tuple[tuple[str, int], ...] = ()
    shadow: tuple[Replica, int] | None = None

    @property
    def embedded(self) -> bool:
        """Whether replicas of ours run it, in this process's engines or in a pool."""
        return self.replicas[0].engine is not None

    def revision_for(self, org_id: str) -> str | None:
        """The revision as the organisation's callers may know it."""
        return self.revision if self.revision_open or self.owner_org_id in (None, org_id) else None

    def is_open_to(self, org_id: str) -> bool:
        """Whether the organisation may use it."""
        return self.visible_to is None or org_id in self.visible_to


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: the address up to `/v1`, headers with the upstream's key, the engine's Unix socket. `direct`:
    never through a proxy of the environment."""

    base_url: str
    headers: Mapping[str, str]
    socket: Path | None = None
    direct: bool = False
