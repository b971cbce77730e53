"""A plan made better in continuous time: tasks are taken out, a few at once, and put in again where they cost least.

The programme decides on a grid; here runs begin when their data has really come, when accelerators are really free, or
when the tariff changes. Large neighbourhood search (Shaw, CP 1998): what does not make the whole cheaper is undone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ceyuan.compute.sites.lanes import free_from, gap_from
from ceyuan.compute.sites.world import Need, SiteTask, Way, World

_MOST_OUT = 6
"""Tasks that are taken out at once, at the most."""
_TARIFF_H = 24.0
"""How far ahead the hours at which a price changes are tried."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A task on an offer from `start` on; its data comes by `way` from `copy_start` on (none: it is there, or another
    task's copy serves)."""

    offer: int
    need: Need
    start: float
    way: Way | None
    copy_start: float
    cost: float


@dataclass(frozen=True, slots=True)
class _Copy:
    way: Way
    start: float
    end: float
    price: float


class Timetable:
    """Who runs where and when, which data comes when; what each costs in yuan with carbon and delay."""

    def __init__(self, world: World, tasks: Sequence[SiteTask]) -> None:
        self.world, self.tasks = world, tasks
        self.placed: dict[int, Placed] = {}
        self.copies: dict[tuple[str, str], _Copy] = {}
        self._prices = {
            (at, spot): _Integral(offer.prices(spot), world.hour)
            for at, offer in enumerate(world.offers)
            for spot in (False, True)
        }
        self._ways = {
            (data, region): _worth_trying(world.ways(data, region), world.data[data][0])
            for data in {task.data for task in tasks if task.data is not None}
            for region in {offer.region for offer in world.offers}
        }
        self._open = [self._may(task) for task in tasks]
        self._rooms: list[list[tuple[float, float, int]]] = [[] for _ in world.offers]
        for held in world.held:
            self._rooms[held.offer].append((0.0, held.until, held.count))
        self._lanes: dict[tuple[str, str], list[tuple[float, float]]] = {}

    @property
    def cost(self) -> float:
        """Of all that is placed, copies included."""
        return sum(one.cost for one in self.placed.values()) + sum(one.price for one in self.copies.values())

    def state(self) -> tuple[dict[int, Placed], dict[tuple[str, str], _Copy]]:
        """What `back_to` takes."""
        return dict(self.placed), dict(self.copies)

    def back_to(self, state: tuple[dict[int, Placed], dict[tuple[str, str], _Copy]]) -> None:
        """Make everything what it was."""
        for row in list(self.placed):
            self._take_run(row)
        for key in list(self.copies):
            self._take_copy(key)
        placed, copies = state
        for key, copy in copies.items():
            self._put_copy(key, copy)
        for row, one in placed.items():
            self._put_run(row, one)

    def take_out(self, row: int) -> None:
        """Take a task out, and the copy that nobody else needs."""
        offer = self.placed[row].offer
        self._take_run(row)
        key = (self.tasks[row].data or "", self.world.offers[offer].region)
        if key in self.copies and not any(self._key(other) == key for other in self.placed):
            self._take_copy(key)

    def put_in(self, row: int, only: tuple[int, Need] | None = None) -> bool:
        """Put a task where it costs least now; whether there was a place."""
        task, best = self.tasks[row], None
        for least, at, need in self._open[row]:
            if only is not None and only != (at, need):
                continue
            for copy in self._copies_of(task, self.world.offers[at].region):
                price, ready = (0.0, 0.0) if copy is None else (copy.price, copy.end)
                if (task.data or "", self.world.offers[at].region) in self.copies:
                    price = 0.0
                if best is not None and least + task.delay_price * ready + price >= best[0]:
                    continue
                found = self._cheapest(task, at, need, copy)
                if found is not None and (best is None or found[0] < best[0]):
                    best = (found[0], found[1], copy)
        if best is None:
            return False
        _whole, placed, copy = best
        key = (task.data or "", self.world.offers[placed.offer].region)
        if copy is not None and key not in self.copies:
            self._put_copy(key, copy)
        self._put_run(row, placed)
        return True

    def put_copy(self, data: str, region: str, legs: tuple[tuple[str, str], ...]) -> None:
        """Bring data to a region over these links as soon as they are free, unless it comes there already."""
        task = next(task for task in self.tasks if task.data == data)
        for copy in self._copies_of(task, region):
            if copy is not None and copy.way.legs == legs and (data, region) not in self.copies:
                self._put_copy((data, region), copy)

    def drop_unused(self) -> None:
        """Leave out copies that no task needs."""
        needed = {self._key(row) for row in self.placed}
        for key in [key for key in self.copies if key not in needed]:
            self._take_copy(key)

    def put_at(self, row: int, at: int, need: Need, start: float) -> bool:
        """Put a task on an offer from `start` on, or as soon after as data and accelerators are there; whether there
        was room in time. Its data comes as `put_copy` brings it, or the cheapest way."""
        task, offer = self.tasks[row], self.world.offers[at]
        copy = self._copies_of(task, offer.region)[0]
        key, ready = (task.data or "", offer.region), start if copy is None else max(start, copy.end)
        found = free_from(self._rooms[at], offer.count, need.count, need.hours, ready)
        if found + need.hours > min(task.deadline, offer.expires) + 1e-9:
            return False
        run = self._rent(task, at, need, found)
        new = copy.price if copy is not None and key not in self.copies else 0.0
        if run + new > task.budget:
            return False
        if copy is not None and key not in self.copies:
            self._put_copy(key, copy)
        carbon = self.world.carbon_of(offer, need.count, need.hours) * self.world.carbon_price / 1000
        way, begun = (None, 0.0) if copy is None else (copy.way, copy.start)
        self._put_run(row, Placed(at, need, found, way, begun, run + carbon + task.delay_price * (found + need.hours)))
        return True

    def _may(self, task: SiteTask) -> list[tuple[float, int, Need]]:
        """Offers that can take a task, with the least that it may cost there without copying; the cheapest first."""
        found = []
        for at, offer in enumerate(self.world.offers):
            if not task.may(offer):
                continue
            for need in task.needs:
                if need.accelerator == offer.accelerator and need.count <= offer.count:
                    carbon = self.world.carbon_of(offer, need.count, need.hours) * self.world.carbon_price / 1000
                    run = self._prices[(at, task.interruptible)].least(need.hours) * task.units(offer, need)
                    found.append((run + carbon + task.delay_price * need.hours, at, need))
        return sorted(found, key=lambda one: one[:2])

    def _rent(self, task: SiteTask, at: int, need: Need, start: float) -> float:
        spent = self._prices[(at, task.interruptible)].between(start, start + need.hours)
        return spent * task.units(self.world.offers[at], need)

    def _key(self, row: int) -> tuple[str, str]:
        return self.tasks[row].data or "", self.world.offers[self.placed[row].offer].region

    def _copies_of(self, task: SiteTask, region: str) -> list[_Copy | None]:
        """The ways in which the task's data may come; the copy that is made already; nothing where it lies."""
        if task.data is None or region in self.world.data[task.data][1]:
            return [None]
        if (made := self.copies.get((task.data, region))) is not None:
            return [made]
        size, found = self.world.data[task.data][0], list[_Copy | None]()
        for way in self._ways[(task.data, region)]:
            at = start = None
            for leg, link in zip(way.legs, way.links, strict=True):
                length = link.hours(size)
                begin = gap_from(self._lanes.get(leg, []), 0.0 if at is None else at, length)
                start, at = begin if start is None else start, begin + length
            assert start is not None
            assert at is not None
            found.append(_Copy(way, start, at, way.price * size))
        return found

    def _cheapest(self, task: SiteTask, at: int, need: Need, copy: _Copy | None) -> tuple[float, Placed] | None:
        offer, ready = self.world.offers[at], 0.0 if copy is None else copy.end
        new = 0.0
        if copy is not None and (task.data or "", offer.region) not in self.copies:
            new = copy.price
        carbon = self.world.carbon_of(offer, need.count, need.hours) * self.world.carbon_price / 1000
        latest, best = min(task.deadline, offer.expires) + 1e-9, None
        busy = self._rooms[at]
        seen: set[float] = set()
        for wish in self._starts(offer.prices(task.interruptible), busy, ready, need.hours):
            start = free_from(busy, offer.count, need.count, need.hours, wish)
            if start in seen or start + need.hours > latest:
                continue
            seen.add(start)
            run = self._rent(task, at, need, start)
            if run + new > task.budget:
                continue
            cost = run + carbon + task.delay_price * (start + need.hours)
            if best is None or cost + new < best[0]:
                way, begun = (None, 0.0) if copy is None else (copy.way, copy.start)
                best = (cost + new, Placed(at, need, start, way, begun, cost))
        return best

    def _starts(
        self, prices: tuple[float, ...], busy: list[tuple[float, float, int]], ready: float, hours: float
    ) -> list[float]:
        starts = {ready, *(end for _, end, _ in busy if end > ready)}
        if len(prices) > 1:
            for hour in range(24):
                if prices[hour] != prices[hour - 1]:
                    change = (hour - self.world.hour) % 24
                    for moment in (change + 24 * day for day in range(int((ready + hours + _TARIFF_H) // 24) + 1)):
                        starts |= {one for one in (moment, moment - hours) if ready < one <= ready + _TARIFF_H}
        return sorted(starts)

    def _put_run(self, row: int, one: Placed) -> None:
        self.placed[row] = one
        self._rooms[one.offer].append((one.start, one.start + one.need.hours, one.need.count))

    def _take_run(self, row: int) -> None:
        one = self.placed.pop(row)
        self._rooms[one.offer].remove((one.start, one.start + one.need.hours, one.need.count))

    def _spans(self, key: tuple[str, str], copy: _Copy) -> list[tuple[tuple[str, str], tuple[float, float]]]:
        """The time that each leg of a copy takes on its link: one after the other, the last up to its end."""
        size, end, found = self.world.data[key[0]][0], copy.end, []
        for leg, link in reversed(list(zip(copy.way.legs, copy.way.links, strict=True))):
            start = end - link.hours(size)
            found.append((leg, (start, end)))
            end = start
        if found:
            leg, (_, end) = found[-1]
            found[-1] = (leg, (copy.start, copy.start + copy.way.links[0].hours(size)))
        return found

    def _put_copy(self, key: tuple[str, str], copy: _Copy) -> None:
        self.copies[key] = copy
        for leg, span in self._spans(key, copy):
            self._lanes.setdefault(leg, []).append(span)

    def _take_copy(self, key: tuple[str, str]) -> None:
        copy = self.copies.pop(key)
        for leg, span in self._spans(key, copy):
            self._lanes[leg].remove(span)


class _Integral:
    """What an accelerator costs from now up to a moment, so that a stretch is a difference."""

    def __init__(self, prices: tuple[float, ...], hour: float) -> None:
        self._hour, self._flat = hour, prices[0] if len(prices) == 1 else None
        self._price = prices
        self._sums = [0.0]
        for price in prices:
            self._sums.append(self._sums[-1] + price)

    def between(self, start: float, end: float) -> float:
        if self._flat is not None:
            return self._flat * (end - start)
        return self._up_to(self._hour + end) - self._up_to(self._hour + start)

    def least(self, hours: float) -> float:
        """The least that a stretch of so many hours costs, whenever it begins."""
        days, rest = divmod(hours, 24.0)
        return days * (self._sums[-1] if self._flat is None else 24 * self._flat) + rest * min(self._price)

    def _up_to(self, moment: float) -> float:
        days, rest = divmod(moment, 24.0)
        whole = int(rest)
        return days * self._sums[24] + self._sums[whole] + (rest - whole) * self._price[whole]


def _worth_trying(ways: list[Way], gigabytes: float) -> list[Way]:
    """Without those that are both dearer and slower than another."""
    found: list[Way] = []
    for way in sorted(ways, key=lambda way: (way.price, way.hours(gigabytes), way.legs)):
        if not found or way.hours(gigabytes) < found[-1].hours(gigabytes) - 1e-9:
            found.append(way)
    return found


def refine(table: Timetable, penalties: Sequence[float], rounds: int, seed: int = 0) -> None:
    """Take tasks out and put them in again, `rounds` times; a task that finds no place costs its penalty."""
    draw = random.Random(seed)
    for row in sorted(range(len(table.tasks)), key=lambda row: (table.tasks[row].deadline, row)):
        if row not in table.placed:
            table.put_in(row)
    rows = list(range(len(table.tasks)))

    def whole() -> float:
        return table.cost + sum(penalties[row] for row in rows if row not in table.placed)

    best = whole()
    for _round in range(rounds):
        held = table.state()
        out = _chosen(table, rows, draw)
        for row in out:
            if row in table.placed:
                table.take_out(row)
        draw.shuffle(out)
        for row in out:
            table.put_in(row)
        now = whole()
        if now < best - 1e-9:
            best = now
        elif now > best + 1e-9 or len(table.placed) < len(held[0]):
            table.back_to(held)


def _chosen(table: Timetable, rows: list[int], draw: random.Random) -> list[int]:
    """A few tasks: any, or such that share a site or data with one of them."""
    first = draw.choice(rows)
    many = draw.randint(1, min(_MOST_OUT, len(rows)))
    if draw.random() < 0.5 or first not in table.placed:
        return [first, *draw.sample([row for row in rows if row != first], many - 1)]
    offer, data = table.placed[first].offer, table.tasks[first].data
    near = [
        row
        for row in rows
        if row != first
        and row in table.placed
        and (table.placed[row].offer == offer or (data is not None and table.tasks[row].data == data))
    ]
    return [first, *draw.sample(near, min(many - 1, len(near)))]
