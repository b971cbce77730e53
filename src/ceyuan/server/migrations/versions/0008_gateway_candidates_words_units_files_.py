"""gateway candidates words units files batches"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_file",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_file")),
    )
    with op.batch_alter_table("gateway_file", schema=None) as batch_op:
        batch_op.create_index("ix_gateway_file_org_id_created_at", ["org_id", "created_at"], unique=False)

    op.create_table(
        "gateway_batch",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("project", sa.String(length=80), nullable=False),
        sa.Column("endpoint", sa.String(length=40), nullable=False),
        sa.Column("input_file_id", sa.String(length=40), nullable=False),
        sa.Column("output_file_id", sa.String(length=40), nullable=True),
        sa.Column("error_file_id", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("faults", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("note", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("times", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=True),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["error_file_id"],
            ["gateway_file.id"],
            name=op.f("fk_gateway_batch_error_file_id_gateway_file"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["output_file_id"],
            ["gateway_file.id"],
            name=op.f("fk_gateway_batch_output_file_id_gateway_file"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_batch")),
    )
    with op.batch_alter_table("gateway_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gateway_batch_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_gateway_batch_org_id_created_at", ["org_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_gateway_batch_status"), ["status"], unique=False)

    with op.batch_alter_table("gateway_call", schema=None) as batch_op:
        batch_op.add_column(sa.Column("upstream_words", sa.String(length=500), server_default="", nullable=False))
        batch_op.add_column(sa.Column("units", sa.BigInteger(), server_default="0", nullable=False))

    with op.batch_alter_table("gateway_policy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keep_bodies_days", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("redact_bodies", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("semantic_model", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("semantic_likeness", sa.Float(), server_default="0.95", nullable=False))

    with op.batch_alter_table("served_model", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_org_id", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("model_node", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("released", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.create_index(batch_op.f("ix_served_model_model_node"), ["model_node"], unique=False)

    # What stands for a revision of the hub is its owner's alone until a release says otherwise; who that owner is
    # becomes known when it is served again.
    op.execute(
        "UPDATE served_model SET released = false WHERE file LIKE 'hub:%' AND NOT EXISTS "
        "(SELECT 1 FROM model_release WHERE model_release.model = served_model.revision "
        "AND model_release.state = 'released')"
    )
