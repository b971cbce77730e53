"""Mixtures, exports and accounts on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ceyuan.data.pipelines.schemas import DatasetName, RevisionRef, Title
from ceyuan.hub import Visibility


class PartIn(BaseModel, extra="forbid"):
    """A corpus in a mixture, its weight, and how often its documents may come."""

    dataset: RevisionRef
    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    epochs: Annotated[int, Field(ge=1, le=16)] = 1


class MixIn(BaseModel, extra="forbid"):
    """Mix corpora for training. `budget` counts `unit`; 0 takes as much as the weights allow without repeating more
    than `epochs` say. Tokens are counted by the tokeniser of a model in the hub."""

    org_id: Annotated[str, Field(max_length=40)]
    parts: Annotated[list[PartIn], Field(min_length=1, max_length=50)]
    dataset: DatasetName
    visibility: Visibility = "private"
    title: Title = Title(zh="训练数据配比", en="Training mixture")
    budget: Annotated[int, Field(ge=0, le=10**15)] = 0
    unit: Literal["tokens", "characters", "bytes"] = "characters"
    tokeniser: Annotated[RevisionRef | None, Field(description="model whose tokenizer.json counts tokens")] = None
    heldout: Annotated[float, Field(ge=0, lt=1, description="share of groups to hold out")] = 0.01
    seed: int = 0
    benchmarks: Annotated[
        list[RevisionRef], Field(max_length=50, description="datasets of benchmark items, besides those registered")
    ] = []
    decontaminate: bool = True
    ngram: Annotated[int, Field(ge=8, le=200, description="characters of a run that counts as the same")] = 24


class ExportIn(BaseModel, extra="forbid"):
    """Write a dataset in another form into a dataset of the hub. `packed` are sequences of `length` tokens, by the
    tokeniser of a model in the hub."""

    org_id: Annotated[str, Field(max_length=40)]
    dataset: RevisionRef
    form: Literal["parquet", "jsonl", "webdataset", "packed"]
    target: DatasetName
    visibility: Visibility = "private"
    tokeniser: Annotated[RevisionRef | None, Field(description="model whose tokenizer.json packs")] = None
    length: Annotated[int, Field(ge=16, le=1_048_576, description="tokens of a packed sequence")] = 4096


class BenchmarkOut(BaseModel):
    """A registered benchmark: training data that holds its items is left out of mixtures."""

    name: str
    title_zh: str
    title_en: str
    items: int


class ContributionShare(BaseModel):
    """What one source contributed to a version: accepted documents and characters (of media: files and bytes), those of
    them of which it gave the first proof, their share, and the share weighted by quality; tokens where the recipe
    estimates them."""

    source: str
    title: str
    licence: str
    documents: int
    characters: int | None = None
    bytes: int | None = None
    first_documents: int
    first_characters: int | None = None
    first_bytes: int | None = None
    tokens: int | None = None
    first_tokens: int | None = None
    share: float
    weighted_share: float


class LedgerEntry(BaseModel):
    """One link of the chain: a version's shares, with the hash of the link before."""

    content: str
    previous: str
    hash: str
    documents: int
    shares: list[ContributionShare]


class LedgerOut(BaseModel):
    """The account of a corpus' contributions, newest first. `valid`: every link holds the hash of the one before."""

    revision: str
    valid: bool
    entries: list[LedgerEntry]


class CroissantOut(BaseModel):
    """The Croissant card, as JSON-LD."""

    model_config = ConfigDict(extra="allow")

    name: str
    recordSet: list[dict[str, Any]]
