"""What state registries are yet to be asked of registered contracts, and what they told."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, Uuid, text

from esutd_bus.store.tables.common import INSTANT, RARE, metadata

registry_check = Table(
    "registry_check",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False),
    Column("about", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("wanted_at", INSTANT, nullable=False),
    Column("next_try", INSTANT),
    Column("tries", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("code", Text, info=RARE),
    Column("upstream_code", Text, info=RARE),
    Column("upstream_message", Text, info=RARE),
    Column("answered_at", INSTANT, info=RARE),
    PrimaryKeyConstraint("contract_id", "about"),
    Index(None, "next_try", postgresql_where=text("state = 'waiting'")),
    Index(None, "employer", postgresql_where=text("state = 'unconfirmed'")),
    comment="What a state registry is asked of a registered contract's employer or employee: waiting, confirmed,"
    " unconfirmed (the employer's violation).",
)
