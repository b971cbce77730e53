"""Puts prompt templates into the platform."""

from __future__ import annotations

from ceyuan.identity import OrganisationData, OrganisationRows, Rows, ScopeRoom
from ceyuan.kernel.events import Event
from ceyuan.kernel.platform import Platform
from ceyuan.models.gateway import PromptTemplates
from ceyuan.models.prompts.service import CHANGED
from ceyuan.models.prompts.shelf import Shelf
from ceyuan.models.prompts.tables import PromptTemplate, PromptVersion

_OF_ORGANISATION = OrganisationRows(
    "prompts",
    Rows("templates", PromptTemplate, PromptTemplate.org_id),
    Rows("versions", PromptVersion, PromptTemplate.org_id, PromptVersion.template_id),
)


def wire(platform: Platform) -> None:
    """Fill the gateway's hook; tokens can be limited to `prompts`."""
    shelf = Shelf(platform)
    platform.provide(PromptTemplates, shelf)  # type: ignore[type-abstract]
    platform.provide(OrganisationData, _OF_ORGANISATION)  # type: ignore[type-abstract]
    platform.provide(ScopeRoom, ScopeRoom("prompts", ("提示词模板", "Prompt templates"), paths=("/api/v1/prompts",)))

    async def changed(_platform: Platform, event: Event) -> None:
        shelf.forget(str(event.data["org_id"]))

    platform.subscriptions.on_volatile(CHANGED, changed)
