"""What a use of resources is charged with: by the tariff of the offer that a pool delivers, else by the price list.

An accelerator's price includes the processors and memory beside it; these are metered at nothing then. So a task that
takes more of a node's processors or memory than goes with its accelerators is charged as many accelerators as its
dominant share of the node. A tariff says nothing of resources of another kind, such as a task without accelerators on a
pool that offers some.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ceyuan.compute.catalogue import Tariff
from ceyuan.compute.tasks.amounts import CORE_SECOND, THOUSANDTH, amounts
from ceyuan.compute.tasks.description import Resources
from ceyuan.metering import Rate, Want

_HOUR_S = 3600
_INCLUDED = Rate(0)


@dataclass(frozen=True, slots=True)
class Charge:
    """A part of a use of one resource at one price (`None`: the price list's), until the moment `end`. `tariff` says
    whose price that is: `list` (the price list's), `offer`, `spot` (the offer's for interruptible tasks), or `included`
    in that of the accelerators."""

    resource: str
    quantity: Decimal
    rate: Rate | None
    start: datetime
    end: datetime
    tariff: str = "list"

    @property
    def want(self) -> Want:
        """As metering is asked what it costs."""
        return Want(self.resource, self.quantity, rate=self.rate)


@dataclass(frozen=True, slots=True)
class Way:
    """A wish in a pool: the resources, the tariff there (`None`: the price list), whether it runs on spot, and as how
    many accelerators, or processors where there are none, it is charged on all its nodes (`None`: as it asks for)."""

    resources: Resources
    tariff: Tariff | None = None
    spot: bool = False
    charged: Decimal | None = None

    @property
    def kind(self) -> str:
        """What the price is for: the accelerator, or `cpu`."""
        return self.resources.accelerator if self.resources.accelerators else "cpu"

    def charges(self, start: datetime, seconds: float) -> list[Charge]:
        """A use from a moment on, cut where its price changes; the parts make up exactly what is metered."""
        exact, whole = Decimal(str(seconds)), amounts(seconds, self.resources, self.charged)
        end = start + timedelta(seconds=seconds)
        if self.tariff is None or self.tariff.accelerator != self.kind:
            return [Charge(name, quantity, None, start, end) for name, quantity in whole.items() if quantity]
        found, priced = [], _priced(whole)
        if priced != CORE_SECOND.name and whole[CORE_SECOND.name]:
            found.append(Charge(CORE_SECOND.name, whole[CORE_SECOND.name], _INCLUDED, start, end, "included"))
        before = Decimal(0)
        stretches = self.tariff.stretches(start, exact, spot=self.spot)
        for part in stretches:
            share = (part.end - start) / max(timedelta(microseconds=1), stretches[-1].end - start)
            until = whole[priced] if part is stretches[-1] else (whole[priced] * Decimal(share)).quantize(THOUSANDTH)
            if until > before:
                rate = Rate(part.micro, _HOUR_S * part.units)
                tariff = "spot" if part.spot else "offer"
                found.append(Charge(priced, until - before, rate, part.start, part.end, tariff))
            before = until
        return found

    def dearest(self, now: datetime, seconds: float) -> list[Want]:
        """What a use of so many seconds would cost if all of it fell into the dearest hour of the day."""
        whole = amounts(seconds, self.resources, self.charged)
        if self.tariff is None or self.tariff.accelerator != self.kind:
            return [Want(name, quantity) for name, quantity in whole.items()]
        asked = self.tariff.now(now)
        rate, priced = Rate(asked.most(self.spot), _HOUR_S * asked.units), _priced(whole)
        return [Want(name, part, rate=rate if name == priced else _INCLUDED) for name, part in whole.items()]


def _priced(whole: dict[str, Decimal]) -> str:
    """The resource that a tariff prices: accelerators where there are any."""
    return list(whole)[-1]
