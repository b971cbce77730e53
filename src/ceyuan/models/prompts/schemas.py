"""Prompt templates on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$", description="letters, digits, dots and dashes")]
Title = Annotated[str, Field(max_length=200)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Value = str | int | float | bool | None


class TextPart(BaseModel):
    """A text among the parts of a message."""

    type: Literal["text"]
    text: str


class OtherPart(BaseModel):
    """Any other part of a message, passed on as it is."""

    model_config = ConfigDict(extra="allow")
    type: Literal["image_url", "input_audio", "video_url", "file"]


class MessageIn(BaseModel):
    """A message, with variables written `{{name}}` in its texts."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart | OtherPart]


class VariableIn(BaseModel):
    """What a variable is for, and its value where a call gives none."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    description: Annotated[str, Field(max_length=300)] = ""
    default: Annotated[str | None, Field(max_length=100_000)] = None


class ParametersIn(BaseModel, extra="forbid"):
    """What a call takes that does not say otherwise, as in OpenAI's API."""

    model: Annotated[str | None, Field(max_length=200)] = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    max_tokens: Annotated[int | None, Field(ge=1, le=10_000_000)] = None
    presence_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    frequency_penalty: Annotated[float | None, Field(ge=-2, le=2)] = None
    seed: Annotated[int | None, Field(ge=-(2**31), le=2**31 - 1)] = None
    stop: Annotated[list[str] | None, Field(max_length=4)] = None
    response_format: dict[str, Any] | None = None


class VersionIn(BaseModel, extra="forbid"):
    """A version to be."""

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=50)]
    variables: Annotated[list[VariableIn], Field(max_length=100)] = []
    parameters: ParametersIn = ParametersIn()
    note: Annotated[str, Field(max_length=500, description="what is new in it")] = ""


class PromptIn(BaseModel, extra="forbid"):
    """A template to be, with its first version."""

    org_id: Annotated[str, Field(max_length=40)]
    name: Name
    title: Title = ""
    version: VersionIn


class PromptChange(BaseModel, extra="forbid"):
    """What changes of a template."""

    title: Title | None = None
    archived: bool | None = None


class ProductionIn(BaseModel, extra="forbid"):
    """The version for calls that name none; null = no version."""

    number: Number | None


class RenderIn(BaseModel, extra="forbid"):
    """Values to try a version with; without `number` the newest."""

    number: Number | None = None
    variables: dict[str, Value] = {}


class VariableOut(BaseModel):
    """A variable of a version."""

    name: str
    description: str
    default: str | None


class VersionOut(BaseModel):
    """A version."""

    number: int
    messages: list[dict[str, Any]]
    variables: list[VariableOut]
    parameters: dict[str, Any]
    note: str
    created_by: str
    created_at: datetime


class PromptOut(BaseModel):
    """A template. `newest` and `production` are numbers of versions."""

    id: str
    org_id: str
    name: str
    title: str
    newest: int
    production: int | None
    archived: bool
    created_by: str
    created_at: datetime
    updated_at: datetime


class RenderOut(BaseModel):
    """What a version says with the values."""

    number: int
    messages: list[dict[str, Any]]
    parameters: dict[str, Any]
    characters: int
