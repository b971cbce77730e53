"""Usage events posted per second on SQLite, beside the raw limit: the same rows by plain executemany.

Ours rates each event, splits it over wallets, writes the double-entry journal (checked by triggers), sums
by hour, counts a quota and appends events; every batch is one durable transaction. The limit inserts the
rows that ours left behind, prepared beforehand, into the same schema with the same indexes, triggers,
pragmas and batch sizes, and does nothing else.

    python -m benchmarks.metering.posting [--quick] [--seed N] [--batch N] [--json FILE] [--data DIR]

`--data DIR` is the folder in which the two databases are made (default: a temporary one); the events are
generated from the seed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ceyuan import metering
from ceyuan.kernel.actor import SYSTEM
from ceyuan.kernel.clock import ManualClock
from ceyuan.kernel.platform import Platform
from ceyuan.kernel.tables import Base
from ceyuan.kernel.work import UnitOfWork
from ceyuan.server import rooms
from ceyuan.server.assembly import build_platform
from ceyuan.server.settings import ServerSettings

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
ORGS = [f"org_{number:026d}" for number in range(12)]
MODELS = ["demo/mini-zh", "demo/law-zh", "vendor/large"]
RESOURCES = ["gateway.tokens.input", "gateway.tokens.output"]
TABLES = ["ledger_posting", "ledger_entry", "usage_event", "usage_charge"]
"""Where the rows go, in the order that the triggers ask for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Wall time and CPU time of one side, for so many events."""

    events: int
    wall_s: float
    cpu_s: float

    @property
    def per_second(self) -> float:
        return self.events / self.wall_s


def make_events(count: int, seed: int) -> list[metering.UsageEvent]:
    """Gateway requests of a dozen organisations: two events each, one journal entry per request's organisation."""
    draw, events = random.Random(seed), []
    for number in range(count // 2):
        org, model = draw.choice(ORGS), draw.choice(MODELS)
        at = START + timedelta(milliseconds=80 * number)
        for resource, tokens in zip(RESOURCES, (draw.randrange(20, 4000), draw.randrange(1, 800)), strict=True):
            events.append(
                metering.UsageEvent(
                    key=f"req-{seed}-{number:08d}-{resource[-6:]}",
                    org_id=org,
                    resource=resource,
                    quantity=Decimal(tokens),
                    occurred_at=at,
                    model=model,
                    subject=f"req_{number:08d}",
                    token_id=f"tok_{draw.randrange(40):04d}",
                    evidence={"upstream": "embedded", "status": 200},
                )
            )
    return events


async def _prepare(platform: Platform) -> None:
    async with platform.database.connection() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with platform.work(SYSTEM) as uow:
        for resource, price in zip(RESOURCES, (800_000, 2_000_000), strict=True):
            await metering.set_price(uow, metering.NewPrice(resource, price, per=1_000_000))
        pool = await metering.open_account(uow, "platform", "pool", "benchmark")
        await metering.fund_account(uow, pool.id, 10**12, reference="pool")
        for org in ORGS:
            await metering.top_up(uow, org, 10**10, reference=f"pay-{org}")
            await _wallets(uow, org, pool.id)
            await metering.add_quota(uow, org, metering.NewQuota("tokens", Decimal(10**12), "day", True))


async def _wallets(uow: UnitOfWork, org: str, pool: str) -> None:
    for model, days in (("demo/*", 5), ("*", 60)):
        limits = metering.Restrictions(("gateway.tokens.*",), (model,))
        end = START + timedelta(days=days)
        await metering.issue_wallet(uow, org, 10**6, limits, START, end, pool, f"{org}:{model}")


async def post_all(folder: Path, events: list[metering.UsageEvent], batch: int) -> Outcome:
    """Post the events in batches; returns what it took. Checks the books afterwards."""
    rooms.load_tables()
    url = f"sqlite:///{folder / 'ours.sqlite'}"
    platform = build_platform(ServerSettings(data_dir=folder / "data", database_url=url))
    platform.clock = ManualClock(START)
    await _prepare(platform)
    batches = [events[at : at + batch] for at in range(0, len(events), batch)]
    wall, cpu, posted = time.perf_counter(), time.process_time(), 0
    for some in batches:
        platform.clock = ManualClock(some[-1].occurred_at)
        async with platform.work(SYSTEM) as uow:
            posted += (await metering.post_usage(uow, some)).posted
    outcome = Outcome(posted, time.perf_counter() - wall, time.process_time() - cpu)
    report = await metering.check_books(platform)
    if posted != len(events) or not report.ok:
        raise SystemExit(f"the books are wrong: {report.findings}")
    await platform.database.close()
    return outcome


Rows = dict[str, list[tuple[Any, ...]]]


def _part(rows: Rows, postings: Rows, number: int, rounds: int) -> Rows:
    """One transaction's rows: an equal part of each table, and with the entries their postings, which go first."""
    part = {table: of[len(of) * number // rounds : len(of) * (number + 1) // rounds] for table, of in rows.items()}
    part["ledger_posting"] = [row for entry in part["ledger_entry"] for row in postings[entry[0]]]
    return part


def insert_all(folder: Path, batch: int) -> Outcome:
    """The limit: insert the rows that ours left, event by event's share of each table, by executemany."""
    source = sqlite3.connect(folder / "ours.sqlite")
    target = sqlite3.connect(folder / "limit.sqlite", isolation_level=None)
    for pragma in ("journal_mode=WAL", "foreign_keys=OFF", "synchronous=FULL", "temp_store=MEMORY"):
        target.execute(f"PRAGMA {pragma}")
    for (statement,) in source.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    ):
        target.execute(statement)
    rows = {table: source.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall() for table in TABLES}
    postings: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows["ledger_posting"]:
        postings.setdefault(row[1], []).append(row)
    total = len(rows["usage_event"])
    rounds = max(1, total // batch)
    parts = [_part(rows, postings, number, rounds) for number in range(rounds)]
    wall, cpu = time.perf_counter(), time.process_time()
    for part in parts:
        target.execute("BEGIN IMMEDIATE")
        for table, some in part.items():
            if some:
                target.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(some[0]))})", some)
        target.execute("COMMIT")
    outcome = Outcome(total, time.perf_counter() - wall, time.process_time() - cpu)
    target.close()
    source.close()
    return outcome


def run(folder: Path, *, quick: bool, seed: int, batch: int) -> list[dict[str, Any]]:
    """Both sides in one run; returns the rows of the table."""
    events = make_events(10_000 if quick else 100_000, seed)
    ours = asyncio.run(post_all(folder, events, batch))
    limit = insert_all(folder, batch)
    for name, one in (("ours", ours), ("limit", limit)):
        print(f"{name:>6}: {one.events} events, {one.wall_s:.2f} s ({one.cpu_s:.2f} s CPU), {one.per_second:,.0f}/s")
    return [
        {
            "bar": f"usage events posted per second, SQLite, batches of {batch}",
            "ours": round(ours.per_second),
            "peer": None,
            "limit": round(limit.per_second),
            "target": None,
            "unit": "events/s",
            "better": "higher",
        },
        {
            "bar": "CPU time per posted event, SQLite",
            "ours": round(ours.cpu_s / ours.events * 1e6, 1),
            "peer": None,
            "limit": round(limit.cpu_s / limit.events * 1e6, 1),
            "target": None,
            "unit": "µs",
            "better": "lower",
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder for the databases (default: a temporary one)")
    parser.add_argument("--quick", action="store_true", help="10,000 events instead of 100,000")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--batch", type=int, default=500, help="events per transaction")
    parser.add_argument("--json", type=Path, help="write the rows here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.data) as folder:
        rows = run(Path(folder), quick=arguments.quick, seed=arguments.seed, batch=arguments.batch)
    for row in rows:
        print(f"{row['bar']}: ours {row['ours']:,} · limit {row['limit']:,} {row['unit']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
