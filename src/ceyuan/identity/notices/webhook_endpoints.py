"""Routes of webhooks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.identity.errors import OrganisationNotFound
from ceyuan.identity.notices import webhooks
from ceyuan.identity.notices.schemas import (
    DeliveryOut,
    DeliveryState,
    WebhookChange,
    WebhookIn,
    WebhookMade,
    WebhookOut,
)
from ceyuan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems

router = Router(prefix="/api/v1/organisations/{organisation}/webhooks", tags=["webhooks"])
_FAULTS = problems(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, Conflict, Invalid)


@router.get("", response_model=Page[WebhookOut], responses=_FAULTS)
async def list_webhooks(organisation: str, uow: ReadWork, paging: Paging) -> Any:
    """List an organisation's webhooks."""
    return (await webhooks.list_webhooks(uow, organisation, paging)).page(WebhookOut)


@router.post("", response_model=WebhookMade, status_code=201, responses=_FAULTS)
async def create_webhook(organisation: str, body: WebhookIn, uow: WriteWork) -> Any:
    """Name an address to be called; its signing secret is in this answer and nowhere else."""
    return await webhooks.create_webhook(uow, organisation, body.url, body.topics)


@router.patch("/{webhook_id}", response_model=WebhookOut, responses=_FAULTS)
async def change_webhook(organisation: str, webhook_id: str, body: WebhookChange, uow: WriteWork) -> Any:
    """Change a webhook, or switch it on or off."""
    return await webhooks.change_webhook(uow, organisation, webhook_id, body.model_dump(exclude_none=True))


@router.delete("/{webhook_id}", status_code=204, responses=_FAULTS)
async def delete_webhook(organisation: str, webhook_id: str, uow: WriteWork) -> None:
    """Remove a webhook."""
    await webhooks.delete_webhook(uow, organisation, webhook_id)


@router.post("/{webhook_id}/ping", response_model=DeliveryOut, status_code=202, responses=_FAULTS)
async def ping_webhook(organisation: str, webhook_id: str, uow: WriteWork) -> Any:
    """Send a test call."""
    return await webhooks.ping_webhook(uow, organisation, webhook_id)


@router.get("/{webhook_id}/deliveries", response_model=Page[DeliveryOut], responses=_FAULTS)
async def list_deliveries(
    organisation: str,
    webhook_id: str,
    uow: ReadWork,
    paging: Paging,
    state: Annotated[DeliveryState | None, Query()] = None,
) -> Any:
    """List the calls of a webhook, newest first."""
    return (await webhooks.list_deliveries(uow, organisation, webhook_id, paging, state=state)).page(DeliveryOut)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/retry",
    response_model=DeliveryOut,
    status_code=202,
    responses=_FAULTS,
)
async def retry_delivery(organisation: str, webhook_id: str, delivery_id: str, uow: WriteWork) -> Any:
    """Make a call once more."""
    return await webhooks.retry_delivery(uow, organisation, webhook_id, delivery_id)
