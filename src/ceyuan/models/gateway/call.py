"""One call of a model, as the journal, the ledger, the records and the live page know it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal

from ceyuan.models.serving import Capability

Endpoint = Capability
"""An endpoint is what a model must be able to do to answer there."""
Status = Literal["ok", "refused", "blocked", "failed", "cancelled", "interrupted"]
"""`refused` and `blocked` (by moderation) before the upstream saw it or because of what it answered, `failed` by
the upstream, `cancelled` by the client's leaving, `interrupted` by our own end."""

INTENT = (
    "id",
    "at",
    "endpoint",
    "stream",
    "org_id",
    "key_id",
    "actor_id",
    "model",
    "served_id",
    "revision",
    "upstream",
    "price_model",
    "prompt_sha256",
    "prompt_estimate",
    "hold_micro",
    "project",
    "scenario",
    "tags",
    "repeat_key",
    "request_sha256",
)
"""What is known before the request goes upstream."""


@dataclass(slots=True)
class Call:
    """The record of a call.

    `at` is when it came (seconds since 1970), `first_ms` and `total_ms` run from there. Token counts are the
    upstream's (`usage_from` = "upstream"), or counted from what was relayed ("relayed"). `units` counts what is not
    measured in tokens (`funds.UNITS`): pictures, characters to speak, seconds heard. `in_doubt` marks a
    charge that nobody could confirm; `asked`: the upstream was asked for its counts afterwards, and knew them.
    `upstream_words` is what the upstream itself said of a failure, without secrets.
    `answer_body` is kept only of a call with an idempotency key (`repeat_key`). `verdicts` are those of moderation
    that were not "allow".
    """

    id: str
    at: float
    endpoint: Endpoint
    org_id: str
    key_id: str
    actor_id: str
    stream: bool = False
    model: str = ""
    served_id: str = ""
    revision: str | None = None
    upstream: str = ""
    price_model: str = ""
    prompt_sha256: str = ""
    prompt_estimate: int = 0
    hold_micro: int = 0
    project: str = ""
    scenario: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    repeat_key: str = ""
    request_sha256: str = ""
    status: Status = "ok"
    http_status: int = 200
    code: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    units: int = 0
    cached_tokens: int = 0
    usage_from: Literal["upstream", "relayed", "none"] = "none"
    answer_sha256: str = ""
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    first_ms: float | None = None
    total_ms: float = 0.0
    in_doubt: bool = False
    asked: bool = False
    answer_body: str = ""
    upstream_words: str = ""

    @property
    def is_charged(self) -> bool:
        """Whether its tokens cost: what was used is known, and it was not the upstream that failed; a failed call
        costs only what the upstream says itself that it counted."""
        if self.status == "failed":
            return self.usage_from == "upstream" and not self.in_doubt and self.asked
        return self.status != "refused" and self.usage_from != "none"

    def intent(self) -> dict[str, Any]:
        """The journal's line before the call."""
        return dict(zip(INTENT, _intent_of(self), strict=True))

    def outcome(self) -> dict[str, Any]:
        """The journal's line after the call."""
        return dict(zip(_TOLD, _outcome_of(self), strict=True))

    @classmethod
    def restore(cls, intent: dict[str, Any], outcome: dict[str, Any]) -> Call:
        """The call out of its two lines."""
        return cls(**{**intent, **outcome})

    def facts(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return asdict(self)


_OUTCOME = tuple(part.name for part in fields(Call) if part.name not in INTENT)
_TOLD = ("id", *_OUTCOME)
_intent_of, _outcome_of = attrgetter(*INTENT), attrgetter(*_TOLD)
