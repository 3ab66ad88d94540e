"""What is sent by the bus, what was done with each message, breakers, subscriptions, turns of jobs

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("job_turn", "outbox", "outbox_destination", "subscription", "outbox_attempt")


def upgrade() -> None:
    op.create_table(
        "job_turn",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("period", sa.DateTime(timezone=True), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job", "period", name=op.f("pk_job_turn")),
        comment="Which node took a job's turn of which period: once a period, however many nodes there are.",
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("message_type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("subscription", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("setbacks", sa.Integer(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=True),
        sa.Column("bus_message_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        comment="Messages to be sent by the bus, put out in the commit of what they tell of; and what became of each.",
    )
    op.create_index(
        op.f("ix_outbox_bus_message_id"),
        "outbox",
        ["bus_message_id"],
        unique=False,
        postgresql_where=sa.text("bus_message_id IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_outbox_correlation_id"),
        "outbox",
        ["correlation_id"],
        unique=False,
        postgresql_where=sa.text("correlation_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_dead",
        "outbox",
        ["destination", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'DEAD'"),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["destination", "next_try", "id"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('DELIVERED', 'ANSWERED', 'DEAD', 'ABORTED')"),
    )
    op.create_index(
        "ix_outbox_through",
        "outbox",
        ["changed_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('DELIVERED', 'ANSWERED', 'ABORTED')"),
    )
    op.create_index(
        "ix_outbox_deadline",
        "outbox",
        ["deadline_from"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('DELIVERED', 'ANSWERED', 'DEAD', 'ABORTED')"),
    )
    op.create_index(
        "ix_outbox_leased",
        "outbox",
        ["leased_until"],
        unique=False,
        postgresql_where=sa.text("leased_until IS NOT NULL"),
    )
    op.create_index(op.f("ix_outbox_message_id"), "outbox", ["message_id"], unique=False)
    op.create_index(
        "ix_outbox_order",
        "outbox",
        ["contract_id", "destination", "version"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('DELIVERED', 'ANSWERED', 'DEAD', 'ABORTED')"),
    )
    op.create_table(
        "outbox_destination",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_outbox_destination")),
        comment="The circuit breaker of each destination: after some failures in a row it is left alone for a while.",
    )
    op.create_table(
        "subscription",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=True),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_subscription")),
        comment="Who is told by the bus of which entries: of one employer's contracts, or of all.",
    )
    op.create_table(
        "outbox_attempt",
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("doing", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("happened", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("http_status", sa.SmallInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("bus_message_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_outbox_attempt_outbox_id")),
        sa.PrimaryKeyConstraint("outbox_id", "number", name=op.f("pk_outbox_attempt")),
        comment="What was done with each message: sent, asked about, told of by the bus, by an operator; and what came.",
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
