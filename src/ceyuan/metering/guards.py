"""Triggers by which the database itself keeps the books: what is written stays, and every entry sums to zero.

An entry's postings are inserted first and the entry last: inserting the entry checks their sum and seals
it, after which no posting can join (the foreign key from posting to entry is therefore deferred to the
commit). Journal, usage and bills can be neither changed nor deleted. The triggers are made with the
tables by `metadata.create_all`; what migrates a database calls `install(connection)` afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, event, text

from ceyuan.kernel.tables import Base

TABLES = ("ledger_entry", "ledger_posting", "usage_event", "usage_charge", "bill", "bill_line")
"""The tables whose rows stay as they were written."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A refusal: on `moment` of `table`, where `condition` holds of the row."""

    name: str
    table: str
    moment: str
    condition: str
    message: str

    def statements(self, dialect: str) -> list[str]:
        """What makes it on `sqlite` or `postgresql`; may be repeated without harm."""
        if dialect == "sqlite":
            return [
                f"CREATE TRIGGER IF NOT EXISTS {self.name} BEFORE {self.moment} ON {self.table} "
                f"WHEN {self.condition} BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
            ]
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $body$ "
            f"BEGIN IF {self.condition} THEN RAISE EXCEPTION '{self.message}' USING ERRCODE = 'check_violation'; "
            f"END IF; RETURN NEW; END $body$",
            f"CREATE OR REPLACE TRIGGER {self.name} BEFORE {self.moment} ON {self.table} "
            f"FOR EACH ROW EXECUTE FUNCTION {self.name}()",
        ]


def triggers(table: str) -> list[Trigger]:
    """The triggers that guard one table."""
    made = [
        Trigger(f"{table}_no_{moment.lower()}", table, moment, "true", f"{table} is immutable")
        for moment in ("UPDATE", "DELETE")
    ]
    if table == "ledger_entry":
        wrong = "(SELECT coalesce(sum(amount_micro), 1) FROM ledger_posting WHERE entry_id = NEW.id) <> 0"
        made.append(Trigger(f"{table}_balanced", table, "INSERT", wrong, "ledger entry does not sum to zero"))
    if table == "ledger_posting":
        sealed = "EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.entry_id)"
        made.append(Trigger(f"{table}_sealed", table, "INSERT", sealed, "ledger entry is sealed"))
    return made


def install(connection: Connection, tables: Iterable[str] = TABLES) -> None:
    """Create the triggers on tables that are there already; a migration calls it with the tables that it made."""
    for table in tables:
        for trigger in triggers(table):
            for statement in trigger.statements(connection.dialect.name):
                connection.execute(text(statement))


def missing(connection: Connection) -> list[str]:
    """The names of triggers that the database lacks."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    there = set(connection.execute(text(query)).scalars())
    return sorted(trigger.name for table in TABLES for trigger in triggers(table) if trigger.name not in there)


def guard(*entities: type[Base]) -> None:
    """Let the triggers of these entities be created right after their tables."""
    for entity in entities:
        table = entity.__table__
        assert isinstance(table, Table)
        assert table.name in TABLES
        event.listen(table, "after_create", _create)


def _create(target: Table, connection: Connection, **_: Any) -> None:
    for trigger in triggers(target.name):
        for statement in trigger.statements(connection.dialect.name):
            connection.exec_driver_sql(statement)
