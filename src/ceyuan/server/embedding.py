"""Data's runs ask the gateway for embeddings: two rooms of one floor, joined here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ceyuan.data.pipelines import Embedder
from ceyuan.kernel.actor import Actor
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import call_model
from ceyuan.models.serving import ModelDirectory


class GatewayEmbedder:
    """Data's hook `Embedder`, filled by the gateway."""

    def offers(self, platform: Platform, org_id: str, model: str) -> bool:
        """See `Embedder`."""
        routes = [directory.find(model, org_id) for directory in platform.find(ModelDirectory)]
        return any(route is not None and "embeddings" in route.capabilities for route in routes)

    async def embed(
        self, platform: Platform, actor: Actor, org_id: str, document: Mapping[str, Any], repeat_key: str
    ) -> dict[str, Any]:
        """See `Embedder`."""
        return (await call_model(platform, actor, org_id, "embeddings", document, repeat_key=repeat_key))[1]


def wire(platform: Platform) -> None:
    """Fill the hook."""
    platform.provide(Embedder, GatewayEmbedder())  # type: ignore[type-abstract]
