"""Gates on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub.gating.tables import HubAccessRequest
from ceyuan.hub.repositories.tables import HubRepository

Gate = Literal["no", "auto", "manual"]
Status = Literal["pending", "accepted", "rejected"]
_Line = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
_FIELDS = 30
_TYPES = {"checkbox": "checkbox", "select": "select", "date_picker": "date"}


class AskIn(BaseModel, extra="forbid"):
    """What the person fills in, by the name of the field."""

    fields: Annotated[dict[_Line, _Line | bool], Field(max_length=_FIELDS)] = {}


class DecisionIn(BaseModel, extra="forbid"):
    """What becomes of a request; a person who is rejected reads the reason."""

    status: Status
    reason: Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")] = ""


class GrantIn(BaseModel, extra="forbid"):
    """The name of a person who shall have the files."""

    person: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class FieldOut(BaseModel):
    """A field of the form; `options` are the choices of a `select`."""

    name: str
    type: Literal["text", "checkbox", "select", "date"]
    options: list[str]


class AccessOut(BaseModel):
    """Whether a repository is gated, whether its files are open to the caller, what became of the caller's request,
    and what the form asks. `may_decide` says that the caller keeps the gate."""

    gate: Gate
    open: bool
    status: Status | None
    reason: str
    prompt: str
    fields: list[FieldOut]
    may_decide: bool


class RequestOut(BaseModel):
    """A request; `asked` is false where access was given without it."""

    id: str
    person: str
    person_id: str
    display_name: str
    email: str | None
    status: Status
    asked: bool
    reason: str
    fields: dict[str, Any]
    created_at: datetime
    decided_at: datetime | None


def form_of(card: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The words before the form and its fields, as the card's `extra_gated_prompt` and `extra_gated_fields` say."""
    prompt = card.get("extra_gated_prompt")
    given = card.get("extra_gated_fields")
    fields: list[dict[str, Any]] = []
    for name, kind in list(given.items())[:_FIELDS] if isinstance(given, Mapping) else ():
        options: list[str] = []
        if isinstance(kind, Mapping):
            raw = kind.get("options")
            for option in raw[:100] if isinstance(raw, list) else ():
                value = option.get("value", option.get("label")) if isinstance(option, Mapping) else option
                options.append(str(value)[:200])
            kind = kind.get("type")
        fields.append({"name": str(name)[:200], "type": _TYPES.get(str(kind), "text"), "options": options})
    return (prompt[:20_000] if isinstance(prompt, str) else ""), fields


def access_out(
    row: HubRepository,
    mine: HubAccessRequest | None,
    form: tuple[str, list[dict[str, Any]]],
    *,
    is_open: bool,
    may_decide: bool,
) -> dict[str, Any]:
    """What `AccessOut` shows; `form` is what `form_of` found."""
    prompt, fields = form
    return {
        "gate": row.gated,
        "open": is_open,
        "status": mine.status if mine else None,
        "reason": mine.reason if mine else "",
        "prompt": prompt,
        "fields": fields,
        "may_decide": may_decide,
    }


def request_out(row: HubAccessRequest, address: tuple[str, str, str | None]) -> dict[str, Any]:
    """What `RequestOut` shows; `address` is name, display name and e-mail address."""
    names = ("id", "person_id", "status", "asked", "reason", "fields", "created_at", "decided_at")
    person, display_name, email = address
    own = {name: getattr(row, name) for name in names}
    return own | {"person": person, "display_name": display_name, "email": email}
