"""What every node keeps in memory: dictionaries, and the number by which a newer edition is noticed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint, Table, Text

from esutd_bus.store.tables.common import INSTANT, metadata

dictionary_entry = Table(
    "dictionary_entry",
    metadata,
    Column("dictionary", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name_ru", Text, nullable=False),
    Column("name_kk", Text, nullable=False),
    Column("parent_code", Text),
    Column("is_actual", Boolean, nullable=False),
    Column("level", Text),
    Column("list_type", Text),
    PrimaryKeyConstraint("dictionary", "code"),
)

edition = Table(
    "edition",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    comment="A newer version tells running nodes to read the subject (the dictionaries, say) again.",
)
