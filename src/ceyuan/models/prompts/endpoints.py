"""Prompt templates over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.pages import Page
from ceyuan.kernel.routes import Router
from ceyuan.kernel.web import Paging, ReadWork, WriteWork, problems
from ceyuan.models.prompts import repository, service
from ceyuan.models.prompts.errors import PromptNameTaken, PromptUnknown, VariablesUnfit
from ceyuan.models.prompts.schemas import (
    ProductionIn,
    PromptChange,
    PromptIn,
    PromptOut,
    RenderIn,
    RenderOut,
    VersionIn,
    VersionOut,
)
from ceyuan.models.prompts.service import NewVersion
from ceyuan.models.prompts.template import length_of

router = Router(prefix="/api/v1/prompts", tags=["models"])


def _new(body: VersionIn) -> NewVersion:
    return NewVersion(
        messages=[message.model_dump() for message in body.messages],
        variables=[variable.model_dump() for variable in body.variables],
        parameters=body.parameters.model_dump(exclude_none=True),
        note=body.note,
    )


@router.get("", response_model=Page[PromptOut], responses=problems(Unauthenticated, NotFound, Invalid))
async def list_prompts(
    uow: ReadWork,
    paging: Paging,
    org_id: Annotated[str | None, Query(max_length=40)] = None,
    text: Annotated[str | None, Query(max_length=100, description="part of the name or title")] = None,
    archived: bool = False,
) -> Any:
    """List the prompt templates of the caller's organisations."""
    rows = await service.list_templates(uow, paging, org_id=org_id, text=text, archived=archived)
    return rows.page(PromptOut)


@router.post(
    "",
    response_model=PromptOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, NotFound, PromptNameTaken, Invalid),
)
async def create_prompt(body: PromptIn, uow: WriteWork) -> Any:
    """Begin a prompt template with its first version."""
    return await service.create_template(uow, body.org_id, body.name, body.title, _new(body.version))


@router.get("/{prompt_id}", response_model=PromptOut, responses=problems(Unauthenticated, PromptUnknown))
async def get_prompt(prompt_id: str, uow: ReadWork) -> Any:
    """Show a prompt template."""
    return await service.see_template(uow, prompt_id)


@router.patch(
    "/{prompt_id}", response_model=PromptOut, responses=problems(Unauthenticated, Forbidden, PromptUnknown, Invalid)
)
async def change_prompt(prompt_id: str, body: PromptChange, uow: WriteWork) -> Any:
    """Change a prompt template's title, archive it or take it back."""
    return await service.change(uow, prompt_id, title=body.title, archived=body.archived)


@router.put(
    "/{prompt_id}/production",
    response_model=PromptOut,
    responses=problems(Unauthenticated, Forbidden, PromptUnknown, Invalid),
)
async def publish_prompt(prompt_id: str, body: ProductionIn, uow: WriteWork) -> Any:
    """Say which version calls get that name none."""
    return await service.publish(uow, prompt_id, body.number)


@router.get(
    "/{prompt_id}/versions", response_model=list[VersionOut], responses=problems(Unauthenticated, PromptUnknown)
)
async def list_prompt_versions(prompt_id: str, uow: ReadWork) -> Any:
    """List the versions of a prompt template, the newest first."""
    row = await service.see_template(uow, prompt_id)
    return await repository.versions(uow.session, row.id)


@router.post(
    "/{prompt_id}/versions",
    response_model=VersionOut,
    status_code=201,
    responses=problems(Unauthenticated, Forbidden, PromptUnknown, Invalid),
)
async def add_prompt_version(prompt_id: str, body: VersionIn, uow: WriteWork) -> Any:
    """Write the next version of a prompt template."""
    return await service.add_version(uow, prompt_id, _new(body))


@router.post(
    "/{prompt_id}/render",
    response_model=RenderOut,
    responses=problems(Unauthenticated, PromptUnknown, VariablesUnfit, Invalid),
)
async def render_prompt(prompt_id: str, body: RenderIn, uow: ReadWork) -> Any:
    """Fill a version with values, without asking a model."""
    version, messages = await service.render(uow, prompt_id, body.number, body.variables)
    return {
        "number": version.number,
        "messages": messages,
        "parameters": version.parameters,
        "characters": length_of(messages),
    }
