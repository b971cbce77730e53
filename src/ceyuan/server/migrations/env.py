"""Alembic's environment: the connection comes from `server.schema`, never from a file."""

from alembic import context

from ceyuan.kernel.tables import Base
from ceyuan.server import rooms

rooms.load_tables()
connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
