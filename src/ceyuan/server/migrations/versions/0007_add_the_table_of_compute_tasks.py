"""add the table of compute tasks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compute_task",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("spec", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("placed", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("inputs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("outputs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("closing", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("attempt", sa.String(length=120), nullable=True),
        sa.Column("attempts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("hold_id", sa.String(length=40), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("cost_micro", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_task")),
        sa.UniqueConstraint("job_id", name=op.f("uq_compute_task_job_id")),
    )
    with op.batch_alter_table("compute_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_task_closing"), ["closing"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_task_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_task_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_task_state"), ["state"], unique=False)
