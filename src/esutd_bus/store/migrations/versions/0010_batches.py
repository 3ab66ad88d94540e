"""Batches of contracts

Revision: 0010, after 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("entries", postgresql.JSONB(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        comment="Batches of contracts, and what became of each entry, in the order of the message.",
    )
    op.execute("""
        CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON batch
        FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)


def downgrade() -> None:
    op.drop_table("batch")
