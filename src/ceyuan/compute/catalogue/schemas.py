"""The catalogue on the wire. Prices are integer micro-yuan for one accelerator (a node, for CPU) and one hour."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from ceyuan.compute.accelerators import Precision

Price = Annotated[int, Field(ge=1, le=10**12, description="micro-yuan per accelerator and hour")]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Family = Literal["gemm", "pretraining", "fine_tuning", "prefill", "decode", "vision", "science"]


class Evidence(BaseModel):
    """Where a figure comes from and until when it is believed."""

    source: Annotated[str, Field(min_length=1, max_length=300)]
    url: Annotated[str | None, Field(max_length=500, pattern=r"^https?://")] = None
    expires_on: date


def _few(value: dict[str, Evidence]) -> dict[str, Evidence]:
    if len(value) > 40 or any(len(key) > 40 for key in value):
        raise ValueError("at most 40 figures with names of 40 characters")
    return value


Figures = Annotated[
    dict[str, Evidence],
    AfterValidator(_few),
    Field(description="evidence by figure; the member `all` stands for every figure that has none of its own"),
]


class PartnerIn(BaseModel, extra="forbid"):
    """An organisation that wants to supply compute."""

    org_id: Annotated[str, Field(max_length=40, description="id or name of the organisation")]
    name_zh: Name
    name_en: Name
    about: Annotated[str, Field(max_length=4000)] = ""
    website: Annotated[str | None, Field(max_length=300, pattern=r"^https?://")] = None
    contact: Annotated[str, Field(min_length=1, max_length=200, description="a desk, not a person")]


class PartnerChange(BaseModel, extra="forbid"):
    """What a partner may say anew at any time."""

    name_zh: Name | None = None
    name_en: Name | None = None
    about: Annotated[str | None, Field(max_length=4000)] = None
    website: Annotated[str | None, Field(max_length=300, pattern=r"^https?://")] = None
    contact: Annotated[str | None, Field(min_length=1, max_length=200)] = None


class PartnerOut(BaseModel):
    """A partner; `contact` is told to people who are signed in, `workflow_id` to its members and to officers."""

    id: str
    org_id: str
    name_zh: str
    name_en: str
    about: str
    website: str | None
    contact: str | None
    workflow_id: str | None
    state: str
    created_at: datetime


class SiteIn(BaseModel):
    """A site."""

    partner_id: Annotated[str, Field(max_length=40)]
    name: Name
    region: Annotated[str, Field(max_length=20)]
    city: Annotated[str, Field(max_length=60)] = ""
    pue: Annotated[float | None, Field(ge=1, le=3, description="power usage effectiveness, ISO/IEC 30134-2")] = None
    carbon_g_kwh: Annotated[float | None, Field(ge=0, le=2000, description="grams of CO2 per kWh of its grid")] = None
    uplink_gbps: Annotated[float | None, Field(gt=0, le=100_000)] = None
    evidence: Figures = {}


class SiteOut(SiteIn):
    """A site with its id."""

    id: str
    org_id: str
    created_at: datetime
    city: str
    pue: float | None
    carbon_g_kwh: float | None
    uplink_gbps: float | None
    evidence: dict[str, Evidence]


class Throughput(BaseModel):
    """One claimed or measured speed of one accelerator of the pool."""

    family: Family
    precision: Precision
    value: Annotated[float, Field(gt=0, le=1e9)]
    unit: Literal["tflops", "tokens_s", "samples_s"]
    provenance: Literal["vendor", "measured"]
    source: Annotated[str, Field(min_length=1, max_length=300)]
    expires_on: date


class ThroughputIn(Throughput, extra="forbid"):
    """A speed to be entered."""


class PoolIn(BaseModel):
    """A pool of equal nodes at a site."""

    site_id: Annotated[str, Field(max_length=40)]
    name: Name
    accelerator: Annotated[str, Field(max_length=30)]
    nodes: Annotated[int, Field(ge=1, le=100_000)]
    per_node: Annotated[int, Field(ge=1, le=128, description="accelerators per node; 1 for CPU nodes")] = 8
    memory_gib: Annotated[
        float | None, Field(gt=0, le=10_000, description="memory of one accelerator; left out: the model's")
    ] = None
    cpu_cores: Annotated[int, Field(ge=1, le=4096, description="of a node")] = 64
    host_memory_gib: Annotated[float, Field(gt=0, le=65_536, description="of a node")] = 512
    network: Annotated[str, Field(max_length=40, description="between nodes")] = "Ethernet"
    network_gbps: Annotated[float, Field(gt=0, le=100_000, description="of a node")] = 25
    storage_tb: Annotated[float, Field(ge=0, le=1e7)] = 0
    throughput: Annotated[list[Throughput], Field(max_length=50)] = []
    evidence: Figures = {}


class PoolOut(PoolIn):
    """A pool with its id."""

    id: str
    org_id: str
    created_at: datetime
    per_node: int
    memory_gib: float
    cpu_cores: int
    host_memory_gib: float
    network: str
    network_gbps: float
    storage_tb: float
    throughput: list[Throughput]
    evidence: dict[str, Evidence]


class Band(BaseModel):
    """A price for hours of the day (Beijing time): from `from_hour` up to but without `to_hour`."""

    from_hour: Annotated[int, Field(ge=0, le=23)]
    to_hour: Annotated[int, Field(ge=1, le=24)]
    micro: Price


class OfferTerms(BaseModel):
    """The price and the terms of an offer."""

    title: Annotated[str, Field(min_length=1, max_length=160)]
    list_micro: Price
    partner_micro: Price | None = None
    spot_micro: Price | None = None
    bands: Annotated[list[Band], Field(max_length=24)] = []
    minimum_hours: Annotated[int, Field(ge=0, le=100_000)] = 0
    availability_bp: Annotated[int, Field(ge=0, le=10_000, description="promised availability in basis points")] = 9900
    service_standard: Annotated[str, Field(max_length=300)] = ""
    support: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=20)] = []
    external_identifier: Annotated[str | None, Field(max_length=120)] = None
    evidence: Figures = {}
    expires_at: datetime


class OfferIn(OfferTerms, extra="forbid"):
    """An offer of a pool."""

    pool_id: Annotated[str, Field(max_length=40)]


class Decision(BaseModel, extra="forbid"):
    """A step of the workflow, and what its form asks for."""

    decision: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    form: Annotated[dict[str, Any], Field(max_length=20)] = {}


class UnitRate(BaseModel):
    """One entry of a throughput vector: so much of one precision and workload family, known from where."""

    family: str
    precision: str
    value: float
    unit: str
    provenance: Literal["peak", "vendor", "measured"]
    source: str
    expires_on: date | None


class OfferOut(BaseModel):
    """An offer with its pool, site and partner; prices are for an accelerator, or for a node of `cpu_cores` where
    there is none.

    `unit_micro` is the price of 10^15 dense 16-bit operations per second for an hour at peak,
    `card_hour_micro` that of a standard card hour; both are null where no peak is known.
    """

    id: str
    title: str
    identifier: str | None
    external_identifier: str | None
    state: str
    expired: bool
    expires_at: datetime
    usable_until: datetime
    list_micro: int
    partner_micro: int | None
    spot_micro: int | None
    bands: list[Band]
    price_micro: int
    unit_micro: int | None
    standard_cards: float
    card_hour_micro: int | None
    minimum_hours: int
    availability_bp: int
    service_standard: str
    support: list[str]
    region: str
    vendor: str
    accelerator: str
    accelerator_label: str
    memory_gib: float
    accelerators: int
    nodes: int
    per_node: int
    cpu_cores: int
    host_memory_gib: float
    link: str
    link_gb_s: float
    network: str
    network_gbps: float
    storage_tb: float
    pue: float | None
    carbon_g_kwh: float | None
    carbon_g_hour: float | None
    uplink_gbps: float | None
    pool_id: str
    site_id: str
    site_name: str
    city: str
    partner_id: str
    partner_zh: str
    partner_en: str
    org_id: str
    workflow_id: str | None
    created_at: datetime
    throughput: list[UnitRate]
    evidence: dict[str, Evidence]


class RegionOut(BaseModel):
    """A region and what is offered there now."""

    name: str
    code: str
    label_zh: str
    label_en: str
    longitude: float
    latitude: float
    ring: bool
    offers: int
    accelerators: int
    tflops: float
    cheapest_micro: int | None
    vendors: dict[str, int]


class AcceleratorOut(BaseModel):
    """The facts of an accelerator; `standard_cards` is its coefficient in bills."""

    name: str
    vendor: str
    vendor_zh: str
    vendor_en: str
    label: str
    peak: dict[str, float]
    memory_gib: float
    memory_gb_s: float
    link: str
    link_gb_s: float
    watts: float
    standard_cards: float
    source: str
    kind: str
