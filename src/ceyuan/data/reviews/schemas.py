"""Reviews on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from ceyuan.data.pipelines.schemas import DatasetName, RevisionRef

State = Literal["preparing", "open", "closing", "closed", "failed"]
Verdict = Literal["pass", "fail"]


class ReviewIn(BaseModel, extra="forbid"):
    """Review a dataset that a pipeline made. The defaults are the figures of GB/T 45654-2025."""

    org_id: Annotated[str, Field(max_length=40)]
    dataset: RevisionRef
    report: Annotated[DatasetName, Field(description="owner/name of the report to write")]
    title: Annotated[str, Field(max_length=200)] = ""
    documents: Annotated[int, Field(ge=1, le=20_000, description="documents of the manual sample")] = 4000
    needed: Annotated[float, Field(ge=0, le=1, description="share that must pass by hand")] = 0.96
    machine_needed: Annotated[float, Field(ge=0, le=1, description="share that must pass by machine")] = 0.98


class ReviewOut(BaseModel):
    """A review. `machine` and `result` are null until they are known; `settled` documents have their verdict."""

    id: str
    org_id: str
    dataset: str
    repository: str
    title: str
    wanted: int
    needed: float
    machine_needed: float
    seed: str
    sample: str | None
    documents: int
    settled: int
    machine: dict[str, Any] | None
    result: dict[str, Any] | None
    state: State
    passed: bool | None
    job_id: str | None
    report: str | None
    signature: str | None
    key_id: str | None
    creator: str
    created_at: datetime
    closed_at: datetime | None


class Waiting(BaseModel):
    """A document that waits for the caller's judgement."""

    number: int
    document: str
    source: str
    domain: str
    title: str
    text: str
    characters: int
    disputed: bool


class FindingOut(BaseModel):
    """What a detector found in a document: the clause of the standard, whether it fails the document or is for people
    to look at, and the place in the text (empty for personal information)."""

    document: str
    source: str
    detector: str
    clause: str
    fails: bool
    detail: str
    excerpt: str


class FindingsOut(BaseModel):
    """A page of the machine check's findings; `total` that there are."""

    total: int
    items: list[FindingOut]


class QueueOut(BaseModel):
    """Documents that wait for the caller, and how many of them there are in all; `mine` the caller judged."""

    items: list[Waiting]
    waiting: int
    mine: int


class VoteIn(BaseModel, extra="forbid"):
    """A judgement; a failing one names the clause of the standard."""

    number: Annotated[int, Field(ge=0, le=20_000)]
    verdict: Verdict
    clause: Annotated[str, Field(max_length=10, pattern=r"^$|^A\.\d(\.[a-z])?$")] = ""
    note: Annotated[str, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _explained(self) -> VoteIn:
        if self.verdict == "fail" and not self.clause:
            raise ValueError("a failing judgement names its clause")
        return self


class VotesIn(BaseModel, extra="forbid"):
    """Judgements of the caller."""

    votes: Annotated[list[VoteIn], Field(min_length=1, max_length=200)]


class VotesOut(BaseModel):
    """How many judgements were taken, and how the review stands."""

    taken: int
    settled: int
    documents: int


class ReplayOut(BaseModel):
    """What came out when the sample was drawn and the result computed again, and whether the signature holds."""

    sample_same: bool
    result_same: bool
    signature_valid: bool
