"""hub webhooks likes and collections"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hub_collection",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=24), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=96), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("theme", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_collection")),
        sa.UniqueConstraint("token", name=op.f("uq_hub_collection_token")),
    )
    with op.batch_alter_table("hub_collection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_collection_org_id"), ["org_id"], unique=False)

    op.create_table(
        "hub_hook",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("watched", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("domains", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_hook")),
    )
    with op.batch_alter_table("hub_hook", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_hook_person_id"), ["person_id"], unique=False)

    op.create_table(
        "hub_verdict",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("findings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "form", name=op.f("pk_hub_verdict")),
    )
    op.create_table(
        "hub_collection_item",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["hub_collection.id"],
            name=op.f("fk_hub_collection_item_collection_id_hub_collection"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_collection_item")),
        sa.UniqueConstraint(
            "collection_id", "kind", "item_id", name=op.f("uq_hub_collection_item_collection_id_kind_item_id")
        ),
    )
    with op.batch_alter_table("hub_collection_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_collection_item_item_id"), ["item_id"], unique=False)
        batch_op.create_index("ix_hub_collection_item_position", ["collection_id", "position"], unique=False)

    op.create_table(
        "hub_hook_call",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("hook_id", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hook_id"], ["hub_hook.id"], name=op.f("fk_hub_hook_call_hook_id_hub_hook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hub_hook_call")),
    )
    with op.batch_alter_table("hub_hook_call", schema=None) as batch_op:
        batch_op.create_index("ix_hub_hook_call_due", ["state", "next_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_hub_hook_call_hook_id"), ["hook_id"], unique=False)

    op.create_table(
        "hub_like",
        sa.Column("repository_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["hub_repository.id"],
            name=op.f("fk_hub_like_repository_id_hub_repository"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "person_id", name=op.f("pk_hub_like")),
    )
    with op.batch_alter_table("hub_like", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hub_like_person_id"), ["person_id"], unique=False)
