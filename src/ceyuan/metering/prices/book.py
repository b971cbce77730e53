"""Rating: from a quantity to an amount, by the price that held at the time of use. Pure, so that caches use it too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ceyuan.kernel.money import priced
from ceyuan.metering.patterns import matches, specificity

DEFAULT_SCOPE = "*"


@dataclass(frozen=True, slots=True)
class Rate:
    """`unit_micro` micro-yuan per `per` units; `price_id` is null for a rate agreed outside the price list."""

    unit_micro: int
    per: int = 1
    price_id: str | None = None

    def cost(self, quantity: int | Decimal) -> int:
        """Micro-yuan for a quantity, rounded half to even."""
        return priced(quantity, self.unit_micro, self.per)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One price with its validity, `[valid_from, valid_to)`."""

    id: str
    scope: str
    resource: str
    model: str
    unit_micro: int
    per: int
    valid_from: datetime
    valid_to: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


class PriceBook:
    """The prices of some organisations. An organisation's own price comes before its contract's, that before the
    default list's; within one list the narrowest model pattern wins."""

    def __init__(self, lines: Iterable[PriceLine], contracts: Mapping[str, str | None]) -> None:
        self._contracts = dict(contracts)
        self._lines: dict[tuple[str, str], list[PriceLine]] = {}
        for line in lines:
            self._lines.setdefault((line.scope, line.resource), []).append(line)
        self._fitting: dict[tuple[str, str, str], list[PriceLine]] = {}

    def rate(self, org_id: str, resource: str, model: str, at: datetime) -> Rate | None:
        """The rate for this organisation, resource and model at a moment; `None` = no price, so free of charge."""
        for line in self._candidates(org_id, resource, model):
            if line.holds(at):
                return Rate(line.unit_micro, line.per, line.id)
        return None

    def list_rate(self, resource: str, model: str, at: datetime) -> Rate | None:
        """The rate of the default list."""
        return self.rate(DEFAULT_SCOPE, resource, model, at)

    def _candidates(self, org_id: str, resource: str, model: str) -> list[PriceLine]:
        key = (org_id, resource, model)
        if key not in self._fitting:
            scopes = dict.fromkeys((org_id, self._contracts.get(org_id) or DEFAULT_SCOPE, DEFAULT_SCOPE))
            self._fitting[key] = [
                line
                for scope in scopes
                for line in sorted(
                    (line for line in self._lines.get((scope, resource), ()) if matches(line.model, model)),
                    key=lambda line: specificity(line.model),
                    reverse=True,
                )
            ]
        return self._fitting[key]
