"""Pipelines on the wire, and at the same time the parameters of the jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from ceyuan.hub import Visibility

SourceId = Annotated[str, StringConstraints(pattern=r"^src_[0-9a-z]{26}$")]
DatasetName = Annotated[
    str, Field(max_length=200, pattern=r"^[^/@\s]+/[^/@\s]+$", description="owner/name of the dataset to write")
]
RevisionRef = Annotated[str, Field(max_length=320, description="reference such as datasets/demo/raw-zh@main")]
Threshold = Annotated[float, Field(allow_inf_nan=False)]
Thresholds = dict[str, dict[str, dict[Literal["at_least", "at_most"], Threshold | None]]]
"""domain -> reason -> bounds."""


class Title(BaseModel, extra="forbid"):
    """A dataset's title in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=200)] = "中文语料"
    en: Annotated[str, Field(min_length=1, max_length=200)] = "Chinese corpus"


class _Run(BaseModel, extra="forbid"):
    org_id: Annotated[str, Field(max_length=40, description="organisation that the run is for")]


class CollectIn(_Run):
    """Collect sources into a raw dataset."""

    sources: Annotated[list[SourceId], Field(min_length=1, max_length=200)]
    dataset: DatasetName
    visibility: Visibility = "private"


class PipelineIn(_Run):
    """Make a corpus of raw datasets. `recipe` has the fields that the defaults show; what is left out stays so."""

    raw: Annotated[list[RevisionRef], Field(min_length=1, max_length=50)]
    dataset: DatasetName
    visibility: Visibility = "private"
    title: Title = Title()
    recipe: Annotated[dict[str, Any], Field(max_length=30)] = {}
    full: Annotated[bool, Field(description="measure everything anew instead of what changed")] = False


class CorpusIn(_Run):
    """Collect sources and make a corpus of them; the raw dataset's name is the corpus' with `-raw` if not given."""

    sources: Annotated[list[SourceId], Field(min_length=1, max_length=200)]
    dataset: DatasetName
    raw_dataset: DatasetName | None = None
    visibility: Visibility = "private"
    title: Title = Title()
    recipe: Annotated[dict[str, Any], Field(max_length=30)] = {}
    full: Annotated[bool, Field(description="measure everything anew instead of what changed")] = False


class JobStarted(BaseModel):
    """The job that was started; follow it under `/api/v1/jobs`."""

    job_id: str
    kind: str
    state: str


class OperatorOut(BaseModel):
    """What an operator did in a run: documents and bytes of text that went through it, and the seconds it took,
    added up over the threads that worked side by side."""

    name: str
    zh: str
    en: str
    documents: int
    bytes: int
    seconds: float


class StageOut(BaseModel):
    """Documents that were dropped for a reason."""

    reason: str
    zh: str
    en: str
    documents: int


class ChangeOut(BaseModel):
    """What changed in the input since the revision before: documents put (new or of another form) and deleted, and
    documents in the segments that had to be measured."""

    put: int
    deleted: int
    measured: int | None


class SemanticOut(BaseModel):
    """What the search for semantic duplicates compared: of `documents` those with `vectors` of `dimensions` numbers,
    how many are `duplicates`, how many were compared with a part of those alike only (`curtailed`), and how many had
    no usable vector, by reason (`absent`, `invalid`, `not_finite`, `zero`, `dimension`)."""

    documents: int
    vectors: int
    dimensions: int
    duplicates: int
    curtailed: int
    without: dict[str, int]


class RunOut(BaseModel):
    """A pipeline run, live: what each operator did, what was dropped, speed and cost. `job_id` is the job that
    cleans, also where the whole began with collecting."""

    job_id: str
    state: str
    dataset: str
    revision: str | None
    unchanged: bool
    documents: int | None
    kept: int | None
    change: ChangeOut | None
    operators: list[OperatorOut]
    stages: list[StageOut]
    semantic: SemanticOut | None
    bytes_per_second: float | None
    documents_per_second: float | None
    cpu_seconds: float
    cost_micro: int


class DropReason(BaseModel):
    """How many documents of a domain were dropped for a reason."""

    domain: str
    reason: str
    zh: str
    en: str
    documents: int
    characters: int


class DropReasonsOut(BaseModel):
    """Why documents were dropped, most frequent first."""

    revision: str
    reasons: list[DropReason]


class RecutIn(BaseModel, extra="forbid"):
    """Thresholds to try."""

    thresholds: Thresholds


class RecutReason(BaseModel):
    """Documents dropped for a reason, as the dataset is and as it would be."""

    now: int
    then: int


class RecutDomain(BaseModel):
    """One domain, as the dataset is and as it would be."""

    documents: int
    kept_now: int
    kept_then: int
    reasons: dict[str, RecutReason]


class RecutFilter(BaseModel):
    """A bound: documents are dropped for `reason` unless the statistic lies within it. `name` is what `thresholds` move
    it by: the reason, or `reason:statistic` where filters share one."""

    name: str
    statistic: str
    reason: str
    at_least: float | None
    at_most: float | None
    one_of: list[str] | None


class RecutOut(BaseModel):
    """What other thresholds would do. `unsearched` documents would newly pass and were never searched for
    near-duplicates, so that fewer of them may remain. `filters` are those that the dataset was made with, by domain;
    domains without filters of their own are cut by `general`."""

    revision: str
    domains: dict[str, RecutDomain]
    unsearched: int
    filters: dict[str, list[RecutFilter]]


class QueryIn(BaseModel, extra="forbid"):
    """One SELECT over the tables `documents` and `statistics` of a corpus."""

    sql: Annotated[str, Field(min_length=1, max_length=20_000)]
    limit: Annotated[int, Field(ge=1, le=10_000)] = 200


class QueryColumn(BaseModel):
    """A column of a result, with DuckDB's name of its type."""

    name: str
    type: str


class QueryOut(BaseModel):
    """Rows of a query; `truncated` where there were more."""

    revision: str
    columns: list[QueryColumn]
    rows: list[list[Any]]
    truncated: bool


class ImportIn(BaseModel, extra="forbid"):
    """A Data-Juicer recipe as YAML text."""

    yaml: Annotated[str, Field(min_length=1, max_length=200_000)]


class ImportNote(BaseModel):
    """What differs from how their operator works."""

    operator: str
    zh: str
    en: str


class ImportOut(BaseModel):
    """The recipe in our form; `left_out` are operators that have no match here."""

    recipe: dict[str, Any]
    notes: list[ImportNote]
    left_out: list[str]


class DeclaredOperator(BaseModel):
    """An operator as it is declared. `reads` and `writes` are columns, `cost` a rough number of MB that one core
    handles in a second; `identity` is the hash of name, version, parameters as they stand and assets, null where a
    parameter must be given; `always` ones run whether a recipe names them or not. `title` and `summary` are in Chinese
    and English, and so are the `descriptions` of a parameter and the names of its `choices` in `schema`."""

    name: str
    title: tuple[str, str]
    modality: Literal["text", "image", "audio", "video"]
    kind: Literal["map", "stat"]
    version: int
    identity: str | None
    always: bool
    reads: list[str]
    writes: list[str]
    cost: float
    summary: tuple[str, str]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class DefaultsOut(BaseModel):
    """What recipes are made of: defaults, JSON schema, and the names of all parts in both languages."""

    recipe: dict[str, Any]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    profiles: dict[str, list[dict[str, Any]]]
    domains: dict[str, tuple[str, str]]
    statistics: dict[str, tuple[str, str]]
    reasons: dict[str, tuple[str, str]]
    aside: dict[str, tuple[str, str]]
    operators: list[DeclaredOperator]
