"""hub protocol: chunks, gates, discussions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hub_xet_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("runs", sa.LargeBinary(), nullable=False),
        sa.Column("flat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_hub_xet_file")),
    )
    with op.batch_alter_table("hub_xet_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_xet_file_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_hub_xet_file_hash"), ["hash"], unique=False)

    op.create_table(
        "hub_xorb",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_hub_xorb")),
    )
    with op.batch_alter_table("hub_xorb", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_xorb_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_hub_xorb_sha256"), ["sha256"], unique=False)

    op.create_table(
        "hub_access_request",
        sa.Column("repository_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["hub_repository.id"],
            name=op.f("fk_hub_access_request_repository_id_hub_repository"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "person_id", name=op.f("pk_hub_access_request")),
        sa.UniqueConstraint("id", name=op.f("uq_hub_access_request_id")),
    )
    with op.batch_alter_table("hub_access_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_access_request_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hub_chunk",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("xorb", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["xorb"], ["hub_xorb.hash"], name=op.f("fk_hub_chunk_xorb_hub_xorb"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_hub_chunk")),
    )
    with op.batch_alter_table("hub_chunk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_chunk_xorb"), ["xorb"], unique=False)

    op.create_table(
        "hub_discussion",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("repository_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("is_pull", sa.Boolean(), nullable=False),
        sa.Column("author_id", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("base", sa.String(length=255), nullable=True),
        sa.Column("start", sa.String(length=40), nullable=True),
        sa.Column("merge_commit", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["hub_repository.id"],
            name=op.f("fk_hub_discussion_repository_id_hub_repository"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_discussion")),
        sa.UniqueConstraint("repository_id", "number", name=op.f("uq_hub_discussion_repository_id_number")),
    )
    with op.batch_alter_table("hub_discussion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_discussion_author_id"), ["author_id"], unique=False)
        batch_op.create_index("ix_hub_discussion_repository_created", ["repository_id", "created_at"], unique=False)

    op.create_table(
        "hub_xet_use",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("xorb", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"], ["hub_xet_file.sha256"], name=op.f("fk_hub_xet_use_sha256_hub_xet_file"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["xorb"], ["hub_xorb.hash"], name=op.f("fk_hub_xet_use_xorb_hub_xorb")),
        sa.PrimaryKeyConstraint("sha256", "xorb", name=op.f("pk_hub_xet_use")),
    )
    with op.batch_alter_table("hub_xet_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_xet_use_xorb"), ["xorb"], unique=False)

    op.create_table(
        "hub_discussion_event",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("discussion_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["discussion_id"],
            ["hub_discussion.id"],
            name=op.f("fk_hub_discussion_event_discussion_id_hub_discussion"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_discussion_event")),
    )
    with op.batch_alter_table("hub_discussion_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_discussion_event_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hub_discussion_event_discussion_id"), ["discussion_id"], unique=False)

    with op.batch_alter_table("hub_repository", schema=None) as batch_op:
        batch_op.add_column(sa.Column("likes", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("gated", sa.String(length=10), server_default="no", nullable=False))
