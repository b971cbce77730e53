"""Use cases of links: read the matrix, set and remove directions, name its holes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from ceyuan.compute.catalogue import known_region
from ceyuan.compute.links.errors import LinkNotFound
from ceyuan.compute.links.tables import RegionLink
from ceyuan.kernel.errors import Invalid
from ceyuan.kernel.work import UnitOfWork


@dataclass(frozen=True)
class Links:
    """The matrix: (from, to) -> (10^9 bits per second, yuan per GB). Without any link, everything is everywhere."""

    ways: dict[tuple[str, str], tuple[float, float]]

    def __bool__(self) -> bool:
        return bool(self.ways)

    def lead(self, source: str, target: str) -> bool:
        """Whether data gets there: it is there, or over one link or two."""
        if not self.ways or source == target:
            return True
        return (source, target) in self.ways or any(
            one == source and (stop, target) in self.ways for one, stop in self.ways
        )

    def holes(self, regions: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs of these regions between which no way leads."""
        named = sorted(set(regions))
        return [(one, other) for one in named for other in named if not self.lead(one, other)]


async def list_links(uow: UnitOfWork) -> list[RegionLink]:
    """Every direction."""
    return list(await uow.session.scalars(select(RegionLink).order_by(RegionLink.source, RegionLink.target)))


async def read_links(uow: UnitOfWork) -> Links:
    """The matrix."""
    rows = await list_links(uow)
    return Links({(row.source, row.target): (row.gbps, row.price_micro / 1e6) for row in rows})


async def set_link(uow: UnitOfWork, source: str, target: str, values: dict[str, Any]) -> list[RegionLink]:
    """Enter a link, or change it; in both directions unless `one_way`. Only operators may. Audited.

    Raises `Invalid` for a region that nobody knows, or one that is joined with itself.
    """
    uow.actor.require_duty("operator")
    known_region(source)
    known_region(target)
    if source == target:
        raise Invalid(("区域不能与自身相连", "a region is not joined with itself"), field="target")
    held = dict(values)
    pairs = [(source, target)] if held.pop("one_way") else [(source, target), (target, source)]
    rows = []
    for one, other in pairs:
        row = await uow.session.get(RegionLink, (one, other))
        if row is None:
            row = RegionLink(source=one, target=other)
            uow.session.add(row)
        for name, value in held.items():
            setattr(row, name, value)
        row.updated_at = uow.clock.now()
        rows.append(row)
    await uow.session.flush()
    await uow.audit("compute_link.set", f"{source}:{target}", None, **values)
    return rows


async def remove_link(uow: UnitOfWork, source: str, target: str) -> None:
    """Remove one direction; raises `LinkNotFound`. Only operators may. Audited."""
    uow.actor.require_duty("operator")
    row = await uow.session.get(RegionLink, (source, target))
    if row is None:
        raise LinkNotFound()
    await uow.session.delete(row)
    await uow.audit("compute_link.remove", f"{source}:{target}", None)
