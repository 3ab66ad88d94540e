"""Who may act for whom: partners, their certificates, employers' systems, acts of delegation."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from esutd_bus.store.tables.common import BY_REGISTER, INSTANT, metadata

delegation = Table(
    "delegation",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("delegate_iin", Text, nullable=False),
    Column("version", Integer, nullable=False, info=BY_REGISTER),
    Column("act_number", Text, nullable=False),
    Column("act_date", Date, nullable=False),
    Column("valid_to", Date),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("recorded_at", INSTANT, nullable=False, info=BY_REGISTER),
    Column("recorded_by", Text, nullable=False, info=BY_REGISTER),
    # Two writers that decided on the same newest act cannot both commit.
    Index(None, "employer", "delegate_iin", "version", unique=True),
    comment="Whom an employer's acts entrust (order 353, clause 5); of a person's acts the newest version counts.",
)

employer_system = Table(
    "employer_system",
    metadata,
    Column("employer", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("valid_to", Date),
    Column("added_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("employer", "system"),
    comment="Whose system may sign the envelopes of which employer's documents, and until when.",
)

partner = Table(
    "partner",
    metadata,
    Column("number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("profiles", ARRAY(Text)),
    Column("document_required", Boolean, nullable=False),
    Column("signed_answers", Boolean),
    Column("answer_key", Text),
    Column("blocked", Boolean, nullable=False),
    Column("note", Text),
    Column("added_at", INSTANT, nullable=False),
    comment="Portals, state systems, the authority; of employers those that differ from the rest.",
)

partner_certificate = Table(
    "partner_certificate",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("partner", Text, ForeignKey("partner.number"), nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("added_at", INSTANT, nullable=False),
    Column("withdrawn_at", INSTANT),
    Index(None, "partner"),
    comment="Partners' certificates: found by issuer and serial number; believed no more once withdrawn.",
)

partner_event = Table(
    "partner_event",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("partner", Text, nullable=False),
    Column("happened_at", INSTANT, nullable=False),
    Column("what", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("done_by", Text, nullable=False),
    Index(None, "partner"),
    comment="Who let whom in, and when: every change of an operator's. Rows are only ever added.",
)
