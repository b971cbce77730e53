"""Sources on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from ceyuan.hub import Grade

SourceKind = Literal["folder", "package", "dataset", "web", "sitemap", "rss", "listing", "s3", "hub", "sql"]
"""folder: on the platform's machine; package: a registered corpus, or any package of npm, PyPI or Debian by its
package URL; dataset: a revision in the hub; web: a site from a page on; sitemap, rss: the pages that a list names;
listing: files of an index page; s3: objects below a prefix; hub: a dataset of another hub that speaks the Hugging Face
protocol; sql: rows of one SELECT."""

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]$|^[a-z0-9]$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f]*$")]
Prose = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


Names = Annotated[list[Annotated[Line, Field(min_length=1, max_length=200)]], Field(max_length=24)]


class ColumnMapping(BaseModel, extra="forbid"):
    """Which columns of a source's records hold what. `text`: those that a record has are joined in this order; of the
    others the first that is filled counts. `time` becomes ISO 8601; documents of one `group` stay on one side of a
    split; `others`: whether the remaining columns are kept as notes; `keyed`: a record is known by its `id` within its
    file instead of by its place there, so that one that only moves is the same document, and the last of several
    with one id counts."""

    text: Annotated[Names, Field(min_length=1)]
    title: Names = []
    id: Names = []
    time: Names = []
    author: Names = []
    url: Names = []
    licence: Names = []
    group: Names = []
    others: bool = True
    keyed: bool = False


class Reading(BaseModel, extra="forbid"):
    """How to read the source: names of fields where they are not the usual ones, or a `mapping` of all columns that
    takes their place, the field `vector_field` with an embedding of each text, where records bring one, and how many
    documents to take (0: all). `identity`: whether records are known by their `content`, so that one that is put in
    or taken out is the only one that changes, or by their `place` in the file, so that one that is rewritten is the
    same document; empty means content for a new source, and no change for one that is there. A source that is not
    required is skipped, with the reason, when it cannot be had."""

    text_field: Annotated[Line, Field(max_length=100)] = ""
    title_field: Annotated[Line, Field(max_length=100)] = ""
    id_field: Annotated[Line, Field(max_length=100)] = ""
    vector_field: Annotated[Line, Field(max_length=100)] = ""
    mapping: ColumnMapping | None = None
    identity: Literal["", "place", "content"] = ""
    limit: Annotated[int, Field(ge=0, le=10**9)] = 0
    required: bool = True


class SourceOptions(BaseModel, extra="forbid"):
    """How a bucket (`endpoint`, `region`, `access_key`), a hub (`endpoint`, `revision`) or a database (`query`, the
    column `key` that identifies a row, the column `watermark` that never falls when a row changes) is read, and which
    `distribution` of a PyPI package is taken: its `wheel`, its source distribution (`sdist`), or, if empty, the wheel
    that fits the platform's machine and the source distribution where there is none."""

    endpoint: Annotated[Line, Field(max_length=300)] = ""
    region: Annotated[Line, Field(max_length=60)] = ""
    access_key: Annotated[Line, Field(max_length=200)] = ""
    revision: Annotated[Line, Field(max_length=200)] = ""
    query: Annotated[Prose, Field(max_length=10_000)] = ""
    key: Annotated[Line, Field(max_length=100)] = ""
    watermark: Annotated[Line, Field(max_length=100)] = ""
    distribution: Literal["", "wheel", "sdist"] = ""


SourceGrade = Annotated[
    Grade | Literal[""],
    Field(description="grade of its data as in GB/T 43697-2024; what is made of it is graded no lower; empty: none"),
]
Secret = Annotated[SecretStr, Field(max_length=4000, description="password, secret key or token; never shown again")]


class SourceIn(BaseModel, extra="forbid"):
    """A source to be registered. A registered corpus brings its own title, licence, domain and origin."""

    org_id: Annotated[str, Field(max_length=40)]
    key: Annotated[Key, Field(description="name within the organisation")]
    kind: SourceKind
    location: Annotated[
        Line,
        Field(min_length=1, max_length=1000, description="path, key of a registered corpus, reference or address"),
    ]
    title: Annotated[Line, Field(max_length=200)] = ""
    description: Annotated[Prose, Field(max_length=4000)] = ""
    domain: Annotated[Line, Field(max_length=30, description="profile of thresholds")] = ""
    licence: Annotated[Line, Field(max_length=120, description="SPDX expression")] = ""
    origin: Annotated[Line, Field(max_length=500, description="where the data was first published")] = ""
    evidence: Annotated[Prose, Field(max_length=4000, description="contract, consent or crawl record")] = ""
    owner: Annotated[
        Line, Field(max_length=200, description="person or office that answers for it; empty: who registers it")
    ] = ""
    grade: SourceGrade = ""
    reading: Reading = Reading()
    options: SourceOptions = SourceOptions()
    secret: Secret | None = None


class SourceChange(BaseModel, extra="forbid"):
    """What to change of a source; what is left out stays."""

    title: Annotated[Line, Field(min_length=1, max_length=200)] | None = None
    description: Annotated[Prose, Field(max_length=4000)] | None = None
    domain: Annotated[Line, Field(min_length=1, max_length=30)] | None = None
    licence: Annotated[Line, Field(min_length=1, max_length=120)] | None = None
    origin: Annotated[Line, Field(max_length=500)] | None = None
    evidence: Annotated[Prose, Field(max_length=4000)] | None = None
    owner: Annotated[Line, Field(max_length=200, description="empty: who registered it")] | None = None
    grade: SourceGrade | None = None
    reading: Reading | None = None
    options: SourceOptions | None = None
    secret: Secret | None = None


class SourceAssessment(BaseModel):
    """What machines found in a sample of a source: documents, how many fail, their share, and whether that is above
    five per cent, from which a source is refused."""

    documents: int
    failed: int
    share: float
    refused: bool
    chain: str
    at: datetime


class Aside(BaseModel):
    """A file, record or page that was set aside: where it lies, the reason's code, and a detail."""

    where: str
    reason: str
    detail: str


class RobotsRule(BaseModel):
    """A decision by a host's robots.txt: the user agent of the group that applied, as the file writes it, number and
    text of the deciding line (0 and empty: no rule of the group matched), and how many pages it allowed or refused."""

    host: str
    agent: str
    line: int
    rule: str
    allows: bool
    pages: int


class Fetched(BaseModel):
    """What the last visit to a site, bucket, hub or database brought: files or rows fetched, unchanged and gone, how
    many were set aside by reason, and the status of the robots file of each host. `robots_rules` are
    the rules that decided about pages, refusals first. `unreadable` counts, of any source,
    what was there and could not be read, by reason. `examples` are a few of each reason."""

    fetched: int
    unchanged: int
    gone: int
    quarantined: dict[str, int]
    robots: dict[str, int]
    robots_rules: list[RobotsRule] = []
    unreadable: dict[str, int] = Field(default_factory=dict)
    examples: list[Aside] = []
    at: datetime


class SourceOut(BaseModel):
    """A source. `documents`, `rejected` and `collected_at` tell of its last collection."""

    id: str
    org_id: str
    key: str
    kind: SourceKind
    location: str
    title: str
    description: str
    domain: str
    licence: str
    origin: str
    evidence: str
    owner: Annotated[str, Field(validation_alias="responsible")]
    grade: Annotated[SourceGrade, Field(validation_alias="declared_grade")]
    reading: Annotated[Reading, Field(validation_alias="read_as")]
    options: SourceOptions | None
    has_secret: bool
    fetched: Fetched | None
    assessment: SourceAssessment | None
    documents: int
    rejected: int
    creator: str
    created_at: datetime
    updated_at: datetime
    collected_at: datetime | None


class CorpusOut(BaseModel):
    """A corpus that is registered with the platform and can be a source of kind `package`."""

    key: str
    title_zh: str
    title_en: str
    origin: str
    licence: str
    domain: str
    sha256: str
    download_bytes: int
