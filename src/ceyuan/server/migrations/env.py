"""Alembic's environment: the connection comes from `server.schema`, never from a file."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON, TypeDecorator

from ceyuan.kernel.tables import Base
from ceyuan.server import rooms

rooms.load_tables()


def render(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """Migrations stand alone: our column types appear as what they are in the database."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    if kind == "type" and isinstance(item, JSON):
        context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_item=render,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
