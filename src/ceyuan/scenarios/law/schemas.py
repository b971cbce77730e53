"""The law assistant on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field


class AssistantIn(BaseModel, extra="forbid"):
    """An assistant to set up."""

    org_id: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=120)]
    dataset: Annotated[str, Field(max_length=300, description="reference of a dataset revision with articles of law")]
    model: Annotated[str | None, Field(max_length=200, description="served model; null = the law's own words only")] = (
        None
    )
    is_public: Annotated[bool, Field(description="whether any signed-in person may ask")] = False
    feedback: Annotated[
        str | None, Field(max_length=200, description="owner/name of the dataset that keeps ratings")
    ] = None


class AssistantOut(BaseModel):
    """An assistant; its datasets are named to those who may know of them."""

    id: str
    org_id: str
    name: str
    dataset: str | None
    model: str | None
    articles: int
    laws: int
    state: str
    quality: dict[str, Any] | None
    is_public: bool
    feedback: str | None
    created_at: datetime


class QuestionIn(BaseModel, extra="forbid"):
    """A question."""

    question: Annotated[str, Field(min_length=2, max_length=500)]
    historical: Annotated[bool, Field(description="also look at versions that are no longer in force")] = False


class SourceOut(BaseModel):
    """An article that an answer rests on; `number` is its mark in the answer."""

    number: int
    article_id: str
    title: str
    law: str
    article_no: str
    text: str
    status: str
    effective: str
    quote_hash: str
    score: float | None
    reason: str


class CitationOut(BaseModel):
    """A citation in the answer: its span, and the source's number or null where it does not exist."""

    text: str
    start: int
    end: int
    article_id: str | None
    exists: bool


class LawAnswerOut(BaseModel):
    """An answer. `kind`: `model` (worded by the model, grounded), `extract` (the law's own words), `refusal`."""

    id: str
    assistant_id: str
    question: str
    answer: str
    kind: Literal["model", "extract", "refusal"]
    sources: list[SourceOut]
    citations: list[CitationOut]
    notes: list[list[str]]
    model: str | None
    call_id: str | None
    rating: int | None = Field(description="the reader's own")
    comment: str | None = Field(description="the reader's own")
    good: int = Field(description="how many rated it 1")
    bad: int = Field(description="how many rated it -1")
    created_at: datetime


class RatingIn(BaseModel, extra="forbid"):
    """A rating: 1 (good) or -1 (bad), with words."""

    rating: Literal[-1, 1]
    comment: Annotated[str, Field(max_length=1000)] = ""


class ArticleOut(BaseModel):
    """One article of law."""

    id: str
    law: str
    article_no: str
    title: str
    text: str
    chapter: str
    status: str
    effective: str
    version: str
