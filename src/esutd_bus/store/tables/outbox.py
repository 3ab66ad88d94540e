"""What is sent by the bus: messages, what was done with each, their destinations, who subscribes."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from esutd_bus.store.outbox_state import OPEN
from esutd_bus.store.tables.common import INSTANT, RARE, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("destination", Text, nullable=False),
    Column("service_id", Text, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("contract_id", Uuid),
    Column("version", Integer),
    Column("message_id", Uuid),
    Column("subscription", Text),
    Column("created_at", INSTANT, nullable=False),
    Column("deadline_from", INSTANT, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_try", INSTANT, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("setbacks", Integer, nullable=False),
    Column("correlation_id", Text, info=RARE),
    Column("bus_message_id", Text, info=RARE),
    Column("session_id", Text, info=RARE),
    Column("leased_until", INSTANT, info=RARE),
    Column("changed_at", INSTANT, info=RARE),
    Column("reason", Text, info=RARE),
    Column("body", LargeBinary, info=RARE),
    Column("answer", LargeBinary, info=RARE),
    Index("ix_outbox_due", "destination", "next_try", "id", postgresql_where=text(OPEN)),
    Index("ix_outbox_order", "contract_id", "destination", "version", postgresql_where=text(OPEN)),
    Index("ix_outbox_deadline", "deadline_from", postgresql_where=text(OPEN)),
    Index("ix_outbox_leased", "leased_until", postgresql_where=text("leased_until IS NOT NULL")),
    Index(
        "ix_outbox_through",
        "changed_at",
        postgresql_where=text("state IN ('DELIVERED', 'ANSWERED', 'ABORTED')"),
    ),
    Index("ix_outbox_dead", "destination", "id", postgresql_where=text("state = 'DEAD'")),
    Index(None, "message_id"),
    Index(None, "bus_message_id", postgresql_where=text("bus_message_id IS NOT NULL")),
    Index(None, "correlation_id", postgresql_where=text("correlation_id IS NOT NULL")),
    comment="Messages to be sent by the bus, put out in the commit of what they tell of; and what became of each.",
)

outbox_attempt = Table(
    "outbox_attempt",
    metadata,
    Column("outbox_id", Uuid, ForeignKey("outbox.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("doing", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("began_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("happened", Text),
    Column("state", Text),
    Column("http_status", SmallInteger),
    Column("code", Text),
    Column("told", Text),
    Column("bus_message_id", Text),
    PrimaryKeyConstraint("outbox_id", "number"),
    comment="What was done with each message: sent, asked about, told of by the bus, by an operator; and what came.",
)

outbox_destination = Table(
    "outbox_destination",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("open_until", INSTANT),
    Column("last_error", Text),
    Column("changed_at", INSTANT, nullable=False),
    comment="The circuit breaker of each destination: after some failures in a row it is left alone for a while.",
)

subscription = Table(
    "subscription",
    metadata,
    Column("name", Text, primary_key=True),
    Column("subscriber", Text, nullable=False),
    Column("service_id", Text, nullable=False),
    Column("employer", Text),
    Column("events", ARRAY(Text), nullable=False),
    Column("added_at", INSTANT, nullable=False),
    comment="Who is told by the bus of which entries: of one employer's contracts, or of all.",
)

job_turn = Table(
    "job_turn",
    metadata,
    Column("job", Text, nullable=False),
    Column("period", INSTANT, nullable=False),
    Column("node", Text, nullable=False),
    Column("began_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    # Two nodes that begin the same period's turn cannot both commit.
    PrimaryKeyConstraint("job", "period"),
    comment="Which node took a job's turn of which period: once a period, however many nodes there are.",
)
