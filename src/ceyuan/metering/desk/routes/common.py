"""What the routes of metering share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import AwareDatetime

from ceyuan.identity import OrganisationNotFound
from ceyuan.kernel.errors import Forbidden, Invalid, NotFound, Unauthenticated
from ceyuan.kernel.web import problems
from ceyuan.metering.usage.repository import DIMENSIONS

OrgRef = Annotated[str, Path(max_length=80, description="the organisation's id or name")]
Start = Annotated[AwareDatetime | None, Query(description="with time zone; included")]
End = Annotated[AwareDatetime | None, Query(description="with time zone; excluded")]
READ = problems(Unauthenticated, Forbidden, NotFound, Invalid)
READ_ORG = problems(Unauthenticated, Forbidden, NotFound, OrganisationNotFound, Invalid)


async def _dimensions(
    resource: Annotated[str | None, Query(max_length=80)] = None,
    model: Annotated[str | None, Query(max_length=200)] = None,
    token_id: Annotated[str | None, Query(max_length=80)] = None,
    person_id: Annotated[str | None, Query(max_length=80)] = None,
    project: Annotated[str | None, Query(max_length=80)] = None,
    scenario: Annotated[str | None, Query(max_length=80)] = None,
) -> dict[str, str]:
    values = (resource, model, token_id, person_id, project, scenario)
    return {name: value for name, value in zip(DIMENSIONS, values, strict=True) if value is not None}


Dimensions = Annotated[dict[str, str], Depends(_dimensions)]
"""The dimensions that a request filters by."""
