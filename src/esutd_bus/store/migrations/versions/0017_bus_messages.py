"""What came by the bus: its wrappers, and what it tells of messages of ours

Revision: 0017, after 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bus_message",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("delivered_by", sa.Text(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=True),
        sa.Column("bus_message_id", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("service_id", sa.Text(), nullable=True),
        sa.Column("message_type", sa.Text(), nullable=True),
        sa.Column("route_id", sa.Text(), nullable=True),
        sa.Column("sender_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("properties", JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_bus_message")),
        sa.UniqueConstraint("delivered_by", "delivery", name=op.f("uq_bus_message_delivered_by_delivery")),
        comment="What the bus's wrapper of a message says, by the journal's id of the message. Only ever added.",
    )
    op.create_index(op.f("ix_bus_message_bus_message_id"), "bus_message", ["bus_message_id"])
    op.create_index(
        op.f("ix_bus_message_correlation_id"),
        "bus_message",
        ["correlation_id"],
        postgresql_where=sa.text("correlation_id IS NOT NULL"),
    )
    op.create_table(
        "bus_notice",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bus_message_id", sa.Text(), nullable=True),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_bus_notice")),
        comment="What the bus tells of messages of ours: a state, or an answer. It waits for the outbox.",
    )
    op.create_index(
        "ix_bus_notice_waiting", "bus_notice", ["told_at"], postgresql_where=sa.text("applied_at IS NULL")
    )
    op.create_index(
        op.f("ix_bus_notice_bus_message_id"),
        "bus_notice",
        ["bus_message_id"],
        postgresql_where=sa.text("bus_message_id IS NOT NULL"),
    )
    op.execute("""
        CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON bus_message
        FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)


def downgrade() -> None:
    for table in ("bus_notice", "bus_message"):
        op.drop_table(table)
