"""ratings of answers by each person"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who rated was not kept: a rating becomes the asker's, under the answer's id, which its row in the dataset bears.
    rated = sa.text(
        "SELECT id, id AS answer_id, asked_by AS person_id, rating, comment, rated_at, feedback_commit FROM law_answer"
        " WHERE rating IS NOT NULL AND rated_at IS NOT NULL"
    ).columns(rated_at=sa.DateTime(timezone=True))
    ratings = [dict(row._mapping) for row in op.get_bind().execute(rated)]
    # Before anything refers to it: SQLite makes the table anew.
    with op.batch_alter_table("law_answer", schema=None) as batch_op:
        batch_op.drop_column("comment")
        batch_op.drop_column("feedback_commit")
        batch_op.drop_column("rating")
        batch_op.drop_column("rated_at")
    table = op.create_table(
        "law_rating",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=80), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("comment", sa.String(length=1000), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feedback_commit", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["law_answer.id"], name=op.f("fk_law_rating_answer_id_law_answer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_rating")),
        sa.UniqueConstraint("answer_id", "person_id", name=op.f("uq_law_rating_answer_id_person_id")),
    )
    with op.batch_alter_table("law_rating", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_law_rating_person_id"), ["person_id"], unique=False)
    if ratings:
        op.bulk_insert(table, ratings)
