"""Settings of the gateway."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from ceyuan.kernel.settings import Section


class GatewaySettings(Section):
    """Bounds and habits of the byte path `/v1`."""

    model_config = SettingsConfigDict(env_prefix="CEYUAN_GATEWAY_", extra="ignore", frozen=True)

    max_body_mb: float = Field(32.0, gt=0, description="largest request body, in MB")
    max_answer_mb: float = Field(64.0, gt=0, description="largest answer that is not streamed, in MB")
    body_timeout_s: float = Field(30.0, gt=0, description="how long a client may take to send its body")
    connect_timeout_s: float = Field(5.0, gt=0, description="how long connecting to an upstream may take")
    first_byte_timeout_s: float = Field(600.0, gt=0, description="how long an upstream may take to begin its answer")
    idle_timeout_s: float = Field(120.0, gt=0, description="longest silence within an answer, of upstream or client")
    cold_start_s: float = Field(120.0, gt=0, description="how long a request waits for an engine that is loading")
    max_in_flight: int = Field(2_000, gt=0, description="calls at once in one process")
    max_in_flight_per_org: int = Field(256, gt=0, description="calls at once of one organisation in one process")
    longest_line: int = Field(
        256, ge=0, description="calls of one organisation that may wait for their turn at a model that is full"
    )
    turn_s: float = Field(30.0, gt=0, description="how long a call waits for its turn at a model that is full")
    requests_per_minute: int = Field(0, ge=0, description="calls per minute and key where no limit is set; 0 = any")
    tokens_per_minute: int = Field(0, ge=0, description="tokens per minute and key where no limit is set; 0 = any")
    default_output_tokens: int = Field(
        1024, gt=0, description="tokens that are held for a call that does not bound its answer"
    )
    share_limits: bool | None = Field(
        None, description="several processes share rates, budgets and holds; default: where PostgreSQL is used"
    )
    limits_fresh_s: float = Field(10.0, gt=0, description="how old balances and quotas in memory may be")
    post_every_s: float = Field(0.25, gt=0, description="pause between two postings of finished calls")
    post_batch: int = Field(500, gt=0, le=1500, description="most calls of one posting")
    posting_process_above: int = Field(
        100, ge=0, description="calls per second from which a process of its own posts them to the ledger; 0 = never"
    )
    max_backlog: int = Field(
        100_000, gt=0, description="finished calls that may wait for posting before calls are refused"
    )
    journal_segment_mb: float = Field(8.0, gt=0, description="size at which the journal begins a new file, in MB")
    sync_every_s: float = Field(0.05, gt=0, le=1, description="the journal reaches the disk within this time")
    keep_calls_days: int = Field(180, gt=0, description="days after which the records of calls are forgotten")
    keep_bodies_days: int = Field(30, gt=0, description="days after which stored prompts and answers are forgotten")
    keep_repeats_days: int = Field(
        7, gt=0, description="days for which an answer is kept under the idempotency key of its call"
    )
    otlp_endpoint: str | None = Field(
        None,
        description="address of an OpenTelemetry collector (OTLP over HTTP, such as http://127.0.0.1:4318) told "
        "of each call by the GenAI conventions, without prompts and answers; needs the extra otel",
    )
    cache_mb: float = Field(64.0, gt=0, description="memory for answers that equal requests may share, in MB")
    refusals_per_minute: int = Field(
        60, ge=0, description="refusals per minute and organisation that are kept one by one; all are counted"
    )
    label: Literal["off", "header", "field", "text"] = Field(
        "header",
        description="label of generated content (GB 45438-2025): header; field = and in the JSON; text = and visible",
    )
    content_producer: str = Field(
        "ceyuan", max_length=120, description="name or code of the content producer in the implicit label"
    )
    label_text: str = Field("\n\n(本内容由人工智能生成)", description="the visible label where it is wanted")
