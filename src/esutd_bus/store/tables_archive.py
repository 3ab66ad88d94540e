"""The table of the journal's archive."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, PrimaryKeyConstraint, Table, Text

from esutd_bus.store.tables import metadata

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
    Column("archived_at", DateTime(timezone=True), nullable=False),
    Column("released_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("chain", "first_seq"),
    comment="Stretches of the journal that stand in a file: from then on the database may let go of their bytes.",
)
