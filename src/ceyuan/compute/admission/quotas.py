"""Quotas: a tree of shares, each with what it is guaranteed and how much it may borrow beyond that.

The order of owners is dominant-resource fairness (Ghodsi et al., NSDI 2011): the owner whose largest part of any
resource, divided by its weight, is smallest goes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Amounts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Share:
    """What an owner (or a group, which others name as `parent`) may hold.

    `guaranteed` amounts by resource come before anybody's borrowing; `borrowing` is how much more may be taken while
    others leave it idle (a resource that is not named: without limit). A resource without guarantee is unlimited unless
    `borrowing` names it.
    """

    name: str
    parent: str = ""
    guaranteed: Amounts = field(default_factory=dict)
    borrowing: Amounts = field(default_factory=dict)
    weight: float = 1.0

    def ceiling(self, resource: str) -> float:
        """The most that may be held of a resource."""
        if resource not in self.borrowing:
            return float("inf")
        return self.guaranteed.get(resource, 0.0) + self.borrowing[resource]


class Shares:
    """The tree. An owner without a share of its own borrows freely, with weight one."""

    def __init__(self, shares: Iterable[Share] = ()) -> None:
        self._by_name = {share.name: share for share in shares}

    def __iter__(self) -> Iterator[Share]:
        return iter(self._by_name.values())

    def chain(self, owner: str) -> list[Share]:
        """The owner's share and those above it; a circle ends where it closes."""
        found: list[Share] = []
        name = owner
        while (share := self._by_name.get(name)) is not None and share not in found:
            found.append(share)
            name = share.parent
        return found or [Share(owner)]

    def usage(self, held: Iterable[tuple[str, Amounts]]) -> dict[str, dict[str, float]]:
        """What each share holds, its own and that of those below it."""
        used: dict[str, dict[str, float]] = {}
        for owner, amounts in held:
            self.add(used, owner, amounts)
        return used

    def add(self, used: dict[str, dict[str, float]], owner: str, amounts: Amounts, sign: float = 1.0) -> None:
        """Enter what an owner takes (or gives back, `sign` -1) along its chain."""
        for share in self.chain(owner):
            row = used.setdefault(share.name, {})
            for resource, amount in amounts.items():
                row[resource] = row.get(resource, 0.0) + sign * amount

    def blocked(self, used: Mapping[str, Amounts], owner: str, wanted: Amounts) -> tuple[Share, str] | None:
        """The share and resource whose ceiling `wanted` would pass; `None` if it fits."""
        for share in self.chain(owner):
            row = used.get(share.name, {})
            for resource, amount in wanted.items():
                if row.get(resource, 0.0) + amount > share.ceiling(resource) + 1e-9:
                    return share, resource
        return None

    def guaranteed(self, used: Mapping[str, Amounts], owner: str, wanted: Amounts) -> bool:
        """Whether `wanted` stays within what the owner, or a group above it, is guaranteed."""
        return any(
            all(
                used.get(share.name, {}).get(resource, 0.0) + amount <= share.guaranteed.get(resource, 0.0) + 1e-9
                for resource, amount in wanted.items()
            )
            for share in self.chain(owner)
        )

    def borrows(self, used: Mapping[str, Amounts], owner: str, resource: str) -> bool:
        """Whether the owner, and every group above it, holds more of a resource than it is guaranteed."""
        return all(
            used.get(share.name, {}).get(resource, 0.0) > share.guaranteed.get(resource, 0.0) + 1e-9
            for share in self.chain(owner)
        )

    def standing(self, used: Mapping[str, Amounts], owner: str, capacity: Amounts) -> tuple[float, ...]:
        """Dominant shares over weights, from the topmost group down to the owner: the smaller goes first."""
        return tuple(
            max(
                (used.get(share.name, {}).get(name, 0.0) / amount for name, amount in capacity.items() if amount > 0),
                default=0.0,
            )
            / max(share.weight, 1e-9)
            for share in reversed(self.chain(owner))
        )
