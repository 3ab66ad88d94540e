"""What employees let be told of them, what was told, and what they have acknowledged."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, LargeBinary, Table, Text, Uuid

from esutd_bus.store.tables.common import BY_REGISTER, INSTANT, RARE, metadata

disclosure = Table(
    "disclosure",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("employee_iin", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("consent_id", Uuid),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("disclosed_at", INSTANT, nullable=False, info=BY_REGISTER),
    Index(None, "employee_iin"),
    comment="Who learned about whom, why, on what consent (order 353, clause 14).",
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("change_id", Text, nullable=False, info=BY_REGISTER),
    Column("employee_iin", Text, nullable=False, info=BY_REGISTER),
    Column("acknowledged_at", INSTANT, nullable=False, info=BY_REGISTER),
    Column("acknowledged_by", Text, nullable=False, info=BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    # Two writers that acknowledge the same change cannot both commit.
    Index(None, "change_id", "employee_iin", unique=True),
    comment="Which changes employees have seen (order 353, clause 11), by whose key. Rows are only ever added.",
)

consent = Table(
    "consent",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("employee_iin", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("given_at", INSTANT, nullable=False, info=BY_REGISTER),
    Column("brought_by", Text, nullable=False, info=BY_REGISTER),
    Index(None, "employee_iin", "external_id", unique=True),
    Index(None, "employer", "employee_iin"),
    comment="What a person lets an employer learn, why, until when (order 353, clauses 17 and 18).",
)

consent_withdrawal = Table(
    "consent_withdrawal",
    metadata,
    # Two writers that withdraw the same consent cannot both commit.
    Column("consent_id", Uuid, ForeignKey("consent.id"), primary_key=True, info=BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("withdrawn_at", INSTANT, nullable=False, info=BY_REGISTER),
    comment="Which consents were taken back, when, by which message.",
)

labour_request = Table(
    "labour_request",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("employee_iin", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("consent_id", Uuid, ForeignKey("consent.id")),
    Column("paper_number", Text, info=RARE),
    Column("paper_date", Date, info=RARE),
    Column("paper_consent", Text, info=RARE),
    Column("entered_by", Text, nullable=False, info=BY_REGISTER),
    Column("requested_at", INSTANT, nullable=False, info=BY_REGISTER),
    Column("due_on", Date, nullable=False, info=BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    comment="Requests for a person's labour activity (order 353, clauses 15, 18). Only ever added.",
)

labour_answer = Table(
    "labour_answer",
    metadata,
    Column("request_id", Uuid, ForeignKey("labour_request.id"), primary_key=True, info=BY_REGISTER),
    Column("status", Text, nullable=False, info=BY_REGISTER),
    Column("document", LargeBinary, info=BY_REGISTER),
    Column("reason", Text, info=BY_REGISTER),
    Column("answered_at", INSTANT, nullable=False, info=BY_REGISTER),
    comment="What became of them (order 353, clauses 19, 20): answered, absent, refused. Only ever added.",
)
