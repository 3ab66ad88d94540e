"""What is kept of messages that came by the bus, beside the journal's own record of their bytes."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from esutd_bus.store.tables.common import INSTANT, metadata

bus_message = Table(
    "bus_message",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("delivered_by", Text),
    Column("delivery", Text),
    Column("bus_message_id", Text),
    Column("correlation_id", Text),
    Column("service_id", Text),
    Column("message_type", Text),
    Column("route_id", Text),
    Column("sender_id", Text),
    Column("session_id", Text),
    Column("properties", JSONB),
    # The bus may deliver a message twice, to two nodes at once: only one of them can commit.
    UniqueConstraint("delivered_by", "delivery"),
    Index(None, "bus_message_id"),
    Index(None, "correlation_id", postgresql_where=text("correlation_id IS NOT NULL")),
    comment="What the bus's wrapper of a message says, by the journal's id of the message. Only ever added.",
)

bus_notice = Table(
    "bus_notice",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("bus_message_id", Text),
    Column("correlation_id", Text),
    Column("state", Text),
    Column("code", Text),
    Column("told", Text),
    Column("answer", LargeBinary),
    Column("told_at", INSTANT, nullable=False),
    Column("applied_at", INSTANT),
    Index("ix_bus_notice_waiting", "told_at", postgresql_where=text("applied_at IS NULL")),
    Index(None, "bus_message_id", postgresql_where=text("bus_message_id IS NOT NULL")),
    comment="What the bus tells of messages of ours: a state, or an answer. It waits for the outbox.",
)
