"""What a corpus' statistics say, on the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class AlarmOut(BaseModel):
    """A source whose keep rate is odd, with its interval (Wilson, 95 %)."""

    kind: Literal["low", "fell", "one_reason"]
    source: str
    domain: str
    rate: float
    low: float
    high: float
    documents: int
    reason: str | None
    before: float | None


class SourceRate(BaseModel):
    """What became of a source's documents, by domain."""

    source: str
    domain: str
    documents: int
    kept: int
    reasons: dict[str, int]


class Duplicate(BaseModel):
    """A document that was dropped for another."""

    id: str
    source: str
    reason: str
    similarity: float | None


class Cluster(BaseModel):
    """A group of duplicates: the kept document, how many were dropped for it, and some of them."""

    kept: str
    members: int
    similarity: float | None
    documents: list[Duplicate]


class GroupSize(BaseModel):
    """How many groups of duplicates have so many documents."""

    documents: int
    groups: int


class Correlation(BaseModel):
    """Spearman's rank correlation between statistics."""

    names: list[str]
    values: list[list[float]]


class MediaItem(BaseModel):
    """An image, sound or video of a corpus. `preview` and `file` are addresses; empty where there is none: of dropped
    items only examples have a preview, and none a file."""

    id: str
    source: str
    domain: str
    kind: str
    reason: str | None
    duplicate_of: str | None
    similarity: float | None
    cluster: str | None
    split: str | None
    bytes: int
    title: str
    statistics: dict[str, float | str | None]
    preview: str
    file: str


class StatisticRange(BaseModel):
    """A statistic that items can be cut by: its names in Chinese and English, its least and greatest value."""

    name: str
    names: list[str]
    low: float | None
    high: float | None


class ReasonCount(BaseModel):
    """How many items were dropped for a reason."""

    reason: str
    items: int


class MediaOut(BaseModel):
    """A page of media; `kind` is null where the dataset is no corpus of media."""

    revision: str
    kind: Literal["image", "audio", "video"] | None
    total: int
    items: list[MediaItem]
    statistics: list[StatisticRange]
    reasons: list[ReasonCount]


class AnalysisOut(BaseModel):
    """Keep rates, alarms, groups of duplicates, correlation of statistics."""

    revision: str
    alarms: list[AlarmOut]
    sources: list[SourceRate]
    clusters: list[Cluster]
    duplicates: list[GroupSize]
    correlation: Correlation
