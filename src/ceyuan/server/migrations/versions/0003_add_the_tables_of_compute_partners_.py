"""add the tables of compute partners, sites, pools and offers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "compute_partner",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("website", sa.String(length=300), nullable=True),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("workflow_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_partner")),
        sa.UniqueConstraint("org_id", name=op.f("uq_compute_partner_org_id")),
    )
    with op.batch_alter_table("compute_partner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_partner_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_partner_state"), ["state"], unique=False)

    op.create_table(
        "compute_site",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("partner_id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("city", sa.String(length=60), nullable=False),
        sa.Column("pue", sa.Double(), nullable=True),
        sa.Column("carbon_g_kwh", sa.Double(), nullable=True),
        sa.Column("uplink_gbps", sa.Double(), nullable=True),
        sa.Column("evidence", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["compute_partner.id"], name=op.f("fk_compute_site_partner_id_compute_partner")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_site")),
    )
    with op.batch_alter_table("compute_site", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_site_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_site_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_site_partner_id"), ["partner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_site_region"), ["region"], unique=False)

    op.create_table(
        "compute_pool",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("accelerator", sa.String(length=30), nullable=False),
        sa.Column("nodes", sa.Integer(), nullable=False),
        sa.Column("per_node", sa.Integer(), nullable=False),
        sa.Column("memory_gib", sa.Double(), nullable=False),
        sa.Column("cpu_cores", sa.Integer(), nullable=False),
        sa.Column("host_memory_gib", sa.Double(), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("network_gbps", sa.Double(), nullable=False),
        sa.Column("storage_tb", sa.Double(), nullable=False),
        sa.Column("throughput", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("evidence", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["compute_site.id"], name=op.f("fk_compute_pool_site_id_compute_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_pool")),
    )
    with op.batch_alter_table("compute_pool", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_pool_accelerator"), ["accelerator"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_pool_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_pool_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_pool_site_id"), ["site_id"], unique=False)

    op.create_table(
        "compute_offer",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("pool_id", sa.String(length=40), nullable=False),
        sa.Column("org_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("identifier", sa.String(length=60), nullable=True),
        sa.Column("external_identifier", sa.String(length=120), nullable=True),
        sa.Column("list_micro", sa.BigInteger(), nullable=False),
        sa.Column("partner_micro", sa.BigInteger(), nullable=True),
        sa.Column("spot_micro", sa.BigInteger(), nullable=True),
        sa.Column("bands", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("minimum_hours", sa.Integer(), nullable=False),
        sa.Column("availability_bp", sa.Integer(), nullable=False),
        sa.Column("service_standard", sa.String(length=300), nullable=False),
        sa.Column("support", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("evidence", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("usable_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("workflow_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("vendor", sa.String(length=20), nullable=False),
        sa.Column("accelerator", sa.String(length=30), nullable=False),
        sa.Column("memory_gib", sa.Double(), nullable=False),
        sa.Column("accelerators", sa.Integer(), nullable=False),
        sa.Column("price_micro", sa.BigInteger(), nullable=False),
        sa.Column("unit_micro", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["pool_id"], ["compute_pool.id"], name=op.f("fk_compute_offer_pool_id_compute_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_compute_offer")),
        sa.UniqueConstraint("identifier", name=op.f("uq_compute_offer_identifier")),
    )
    with op.batch_alter_table("compute_offer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_compute_offer_accelerator"), ["accelerator"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_external_identifier"), ["external_identifier"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_pool_id"), ["pool_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_price_micro"), ["price_micro"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_region"), ["region"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_usable_until"), ["usable_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_compute_offer_vendor"), ["vendor"], unique=False)
