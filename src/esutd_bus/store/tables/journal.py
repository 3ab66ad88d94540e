"""The journal: every message, its chains and seals, its archive; and which answer a request is bound to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from esutd_bus.store.tables.common import BY_STORE, INSTANT, metadata

request = Table(
    "request",
    metadata,
    Column("sender", Text, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("operation", Text, nullable=False),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("bound_at", INSTANT, nullable=False),
    # Two writers that answer the same request cannot both commit.
    PrimaryKeyConstraint("sender", "request_id"),
    comment="Once and only once: which answer a sender's requestId is bound to.",
)

message = Table(
    "message",
    metadata,
    Column("chain", Text, nullable=False, info=BY_STORE),
    Column("seq", BigInteger, nullable=False, info=BY_STORE),
    Column("id", Uuid, nullable=False, info=BY_STORE),
    Column("reply_to", Uuid, info=BY_STORE),
    Column("direction", Text, nullable=False, info=BY_STORE),
    Column("recorded_at", INSTANT, nullable=False, info=BY_STORE),
    Column("channel", Text, nullable=False, info=BY_STORE),
    Column("service", Text, nullable=False, info=BY_STORE),
    Column("operation", Text, info=BY_STORE),
    Column("sender", Text, info=BY_STORE),
    Column("employer", Text),
    Column("request_id", Uuid),
    Column("sent_at", Text),
    Column("system", Text),
    Column("status", SmallInteger, info=BY_STORE),
    Column("code", Text, info=BY_STORE),
    Column("report", LargeBinary, info=BY_STORE),
    Column("body_sha256", LargeBinary, nullable=False, info=BY_STORE),
    Column("hash", LargeBinary, nullable=False, info=BY_STORE),
    Column("body", LargeBinary, info=BY_STORE),
    PrimaryKeyConstraint("chain", "seq"),
    Index(None, "id", unique=True),
    Index(None, "reply_to", postgresql_where=text("reply_to IS NOT NULL")),
    Index(None, "request_id", postgresql_where=text("request_id IS NOT NULL")),
    postgresql_with={"toast_tuple_target": 4080},
    comment="The journal: every message in both directions, chained by hash; bytes and reports are Zstandard frames.",
)

journal_chain = Table(
    "journal_chain",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    comment="Each chain's head: a record taken from a chain's end is missed by this.",
)

journal_seal = Table(
    "journal_seal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed_at", INSTANT, nullable=False),
    Column("heads", JSONB, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    comment="At intervals, the heads of all chains in one chain: a chain that vanishes is missed by this.",
)

journal_slice = Table(
    "journal_slice",
    metadata,
    Column("chain", Text, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("before", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("file", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("archived_at", INSTANT, nullable=False),
    Column("released_at", INSTANT),
    PrimaryKeyConstraint("chain", "first_seq"),
    comment="Stretches of the journal that stand in a file: from then on the database may let go of their bytes.",
)
