"""Use cases of prompt templates: members write versions, maintainers say which one is in production."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ceyuan.identity import require_role_in
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.ids import new_id
from ceyuan.kernel.pages import PageRequest, Rows, fetch_page
from ceyuan.kernel.work import UnitOfWork
from ceyuan.models.prompts import repository
from ceyuan.models.prompts.errors import PromptNameTaken, PromptUnknown
from ceyuan.models.prompts.tables import PromptTemplate, PromptVersion
from ceyuan.models.prompts.template import fill, length_of, variables_of

MOST_CHARACTERS = 200_000
CHANGED = "prompts.changed"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be. `variables` describes some or all of those in the text: `name`, `description`, `default`."""

    messages: Sequence[Mapping[str, Any]]
    variables: Sequence[Mapping[str, Any]] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


async def create_template(uow: UnitOfWork, org_id: str, name: str, title: str, first: NewVersion) -> PromptTemplate:
    """Begin a template with its first version; for members. Audited. Raises `PromptNameTaken`, `Invalid`."""
    await require_role_in(uow, org_id, "member")
    if await repository.by_name(uow.session, org_id, name) is not None:
        raise PromptNameTaken(hint=("请换一个名称,或为它添加新版本", "choose another name, or add a version to it"))
    now = uow.clock.now()
    row = PromptTemplate(
        id=new_id("prompt"),
        org_id=org_id,
        name=name,
        title=title or name,
        newest=0,
        production=None,
        archived=False,
        created_by=uow.actor.id,
        created_at=now,
        updated_at=now,
    )
    uow.session.add(row)
    await uow.session.flush()
    await uow.audit("prompt.create", row.id, org_id, name=name)
    await _add(uow, row, first)
    return row


async def see_template(uow: UnitOfWork, template_id: str, *, role: str = "viewer") -> PromptTemplate:
    """The template, for its organisation; raises `PromptUnknown`."""
    row = await repository.get(uow.session, template_id, lock=role != "viewer")
    uow.actor.require_known()
    if not uow.actor.may(row.org_id):
        raise PromptUnknown()
    uow.actor.require_role(row.org_id, role)  # type: ignore[arg-type]
    return row


async def list_templates(
    uow: UnitOfWork, paging: PageRequest, *, org_id: str | None, text: str | None, archived: bool
) -> Rows[PromptTemplate]:
    """The templates of one organisation or of all that the actor belongs to."""
    uow.actor.require_known()
    if org_id is not None:
        uow.actor.require_role(org_id)
    query = repository.of_organisations([org_id] if org_id else list(uow.actor.roles), text, archived)
    return await fetch_page(
        uow.session,
        query,
        paging,
        key=PromptTemplate.id,
        sorts={"name": PromptTemplate.name, "updated_at": PromptTemplate.updated_at},
        default="-updated_at",
    )


async def add_version(uow: UnitOfWork, template_id: str, new: NewVersion) -> PromptVersion:
    """Write the next version; for members. It answers calls by its number at once, and those without a number when it
    is put in production. Audited. Raises `PromptUnknown`, `Invalid`."""
    return await _add(uow, await see_template(uow, template_id, role="member"), new)


async def _add(uow: UnitOfWork, row: PromptTemplate, new: NewVersion) -> PromptVersion:
    now = uow.clock.now()
    row.newest, row.updated_at = row.newest + 1, now
    version = PromptVersion(
        template_id=row.id,
        number=row.newest,
        messages=[dict(message) for message in new.messages],
        variables=_described(new),
        parameters=dict(new.parameters),
        note=new.note,
        created_by=uow.actor.id,
        created_at=now,
    )
    uow.session.add(version)
    await uow.session.flush()
    await uow.audit("prompt.version", row.id, row.org_id, name=row.name, number=row.newest)
    return version


def _described(new: NewVersion) -> list[dict[str, Any]]:
    """Every variable of the text, with what was said of it; raises `Invalid`."""
    if length_of(new.messages) > MOST_CHARACTERS:
        raise Invalid(
            (f"模板超过 {MOST_CHARACTERS:,} 字", f"the template has more than {MOST_CHARACTERS:,} characters"),
            hint=("请缩短模板,长文请作为变量传入", "shorten it, and give long texts as variables"),
        )
    said = {str(variable["name"]): variable for variable in new.variables}
    names = variables_of(new.messages)
    if strangers := sorted(said.keys() - set(names)):
        raise Invalid(
            (f"正文中没有变量 {'、'.join(strangers)}", f"no message has the variable {', '.join(strangers)}"),
            hint=("变量写作 {{名称}}", "a variable is written {{name}}"),
        )
    nothing: dict[str, Any] = {}
    return [
        {
            "name": name,
            "description": str(said.get(name, nothing).get("description") or ""),
            "default": said.get(name, nothing).get("default"),
        }
        for name in names
    ]


async def publish(uow: UnitOfWork, template_id: str, number: int | None) -> PromptTemplate:
    """Put a version in production, an earlier one too, or none; for maintainers. Audited. Raises `PromptUnknown`."""
    row = await see_template(uow, template_id, role="maintainer")
    if number is not None:
        await repository.version(uow.session, row.id, number)
    before, row.production, row.updated_at = row.production, number, uow.clock.now()
    return await _told(uow, row, "prompt.publish", number=number, before=before)


async def change(uow: UnitOfWork, template_id: str, *, title: str | None, archived: bool | None) -> PromptTemplate:
    """Give it another title, archive it or take it back; for maintainers. Audited. Raises `PromptUnknown`."""
    row = await see_template(uow, template_id, role="maintainer")
    if title is not None:
        row.title = title
    if archived is not None:
        row.archived = archived
    row.updated_at = uow.clock.now()
    return await _told(uow, row, "prompt.change", title=row.title, archived=row.archived)


async def _told(uow: UnitOfWork, row: PromptTemplate, action: str, **facts: Any) -> PromptTemplate:
    await uow.session.flush()
    await uow.audit(action, row.id, row.org_id, name=row.name, **facts)
    await uow.publish(CHANGED, org_id=row.org_id, name=row.name)
    return row


def defaults_of(version: PromptVersion) -> dict[str, str | None]:
    """Every variable of a version with its default."""
    return {variable["name"]: variable["default"] for variable in version.variables}


async def render(
    uow: UnitOfWork, template_id: str, number: int | None, values: Mapping[str, Any]
) -> tuple[PromptVersion, list[dict[str, Any]]]:
    """What a version (the newest where none is named) says with these values, without asking a model. Raises
    `PromptUnknown`, `VariablesUnfit`."""
    row = await see_template(uow, template_id)
    version = await repository.version(uow.session, row.id, number or row.newest)
    return version, fill(version.messages, defaults_of(version), values)
