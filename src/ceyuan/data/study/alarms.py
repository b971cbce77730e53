"""Keep rates that ought to alarm: thresholds made for one kind of text drop most of another in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ceyuan.evaluation.statistics import Estimate, wilson

FEW = 20
"""Documents below which a source says nothing about its rate."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A source whose keep rate is odd. ``low``: surely below the floor; ``fell``: surely lower than in the revision
    before, by at least the given share; ``one_reason``: one reason alone drops more than the given share of it."""

    kind: Literal["low", "fell", "one_reason"]
    source: str
    domain: str
    rate: float
    low: float
    high: float
    documents: int
    reason: str | None
    before: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def keep_rate_alarms(
    sources: Sequence[Mapping[str, Any]],
    before: Mapping[str, Mapping[str, Any]],
    *,
    floor: float = 0.5,
    fall: float = 0.1,
    share: float = 0.4,
) -> list[Alarm]:
    """Alarms over ``sources`` (as ``corpus.analyse`` gives them); ``before`` has documents and kept by source.

    A rate is compared with its interval's nearer end (Wilson's score interval, 95 %), so that small sources do not
    cry wolf.
    """
    alarms: list[Alarm] = []
    totals: dict[str, list[int]] = {}
    for one in sources:
        total = totals.setdefault(one["source"], [0, 0])
        total[0] += one["documents"]
        total[1] += one["kept"]
        if one["documents"] < FEW:
            continue
        rate = wilson(one["kept"], one["documents"])
        if rate.high < floor:
            alarms.append(_alarm("low", one["source"], one["domain"], rate))
        for reason, count in one["reasons"].items():
            part = wilson(count, one["documents"])
            if part.low > share:
                alarms.append(_alarm("one_reason", one["source"], one["domain"], rate, reason=reason))
    for source, (documents, kept) in totals.items():
        old = before.get(source)
        if old is None or min(documents, old["documents"]) < FEW:
            continue
        was, now = wilson(old["kept"], old["documents"]), wilson(kept, documents)
        if now.high < was.low and was.value - now.value >= fall:
            alarms.append(_alarm("fell", source, "", now, before=was.value))
    return alarms


def _alarm(
    kind: Literal["low", "fell", "one_reason"],
    source: str,
    domain: str,
    rate: Estimate,
    *,
    reason: str | None = None,
    before: float | None = None,
) -> Alarm:
    return Alarm(kind, source, domain, rate.value, rate.low, rate.high, rate.n, reason, before)
