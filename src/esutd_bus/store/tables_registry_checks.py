"""The table of what state registries are yet to be asked of registered contracts, and what they told."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from esutd_bus.store.tables import metadata

_INSTANT = DateTime(timezone=True)
_RARE = {"rare": True}

registry_check = Table(
    "registry_check",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False),
    Column("about", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("wanted_at", _INSTANT, nullable=False),
    Column("next_try", _INSTANT),
    Column("tries", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("code", Text, info=_RARE),
    Column("upstream_code", Text, info=_RARE),
    Column("upstream_message", Text, info=_RARE),
    Column("answered_at", _INSTANT, info=_RARE),
    PrimaryKeyConstraint("contract_id", "about"),
    Index(None, "next_try", postgresql_where=text("state = 'waiting'")),
    Index(None, "employer", postgresql_where=text("state = 'unconfirmed'")),
    comment="What a state registry is asked of a registered contract's employer or employee: waiting, confirmed,"
    " unconfirmed (the employer's violation).",
)
