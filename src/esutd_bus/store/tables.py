"""The tables of the register. Migrations make them; the hot writer's statements are generated from them.

A column whose `info` says `fed_by` is filled by the register or the store, not by a message: a mapping need
not feed it. One whose `info` says `rare` is empty in nearly every new row: an INSERT leaves such columns out where no
row has any of them.
"""

from __future__ import annotations

from typing import LiteralString

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BY_REGISTER = {"fed_by": "register"}
_BY_STORE = {"fed_by": "store"}
_RARE = {"rare": True}
_INSTANT = DateTime(timezone=True)

contract = Table(
    "contract",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("external_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("concluded_on", Date, nullable=False),
    Column("employee_iin", Text, nullable=False),
    Column("employee_surname", Text),
    Column("employee_name", Text),
    Column("employee_patronymic", Text),
    Column("starts_on", Date, nullable=False),
    Column("term_code", Text, nullable=False),
    Column("ends_on", Date),
    Column("position_code", Text, nullable=False),
    Column("established_post", Text, nullable=False),
    Column("employment_type_code", Text, nullable=False),
    Column("working_hours_code", Text),
    Column("tariff_rate", Numeric),
    Column("rest_note", Text),
    Column("remote_work_code", Text, nullable=False),
    Column("country_code", Text, nullable=False),
    Column("kato_code", Text),
    Column("address", Text, nullable=False),
    Column("liable_for_military_service", Boolean),
    Column("working_conditions", Text, info=_RARE),
    Column("heavy_conditions_code", Text, info=_RARE),
    Column("proof_external_id", Text, info=_RARE),
    Column("proof_name", Text, info=_RARE),
    Column("proof_format", Text, info=_RARE),
    Column("proof_sha256", Text, info=_RARE),
    Column("citizenship_code", Text, info=_RARE),
    Column("foreign_basis", Text, info=_RARE),
    Column("permit_number", Text, info=_RARE),
    Column("permit_issued_on", Date, info=_RARE),
    Column("permit_starts_on", Date, info=_RARE),
    Column("permit_ends_on", Date, info=_RARE),
    Column("payment_employee_agrees", Boolean, info=_RARE),
    Column("payment_employer_agrees", Boolean, info=_RARE),
    Column("payment_employee_phone", Text, info=_RARE),
    Column("payment_officer_phone", Text, info=_RARE),
    Column("status", Text, nullable=False, info=_BY_REGISTER),
    Column("terminated_on", Date, info=_RARE),
    Column("termination_reason_code", Text, info=_RARE),
    Column("termination_note", Text, info=_RARE),
    Column("termination_by_new_technology", Boolean, info=_RARE),
    Column("termination_payment_employee_agrees", Boolean, info=_RARE),
    Column("termination_payment_employer_agrees", Boolean, info=_RARE),
    Column("termination_payment_employee_phone", Text, info=_RARE),
    Column("termination_payment_officer_phone", Text, info=_RARE),
    Column("extended_on", Date, info=_RARE),
    Column("reinstated_on", Date, info=_RARE),
    Column("reinstatement_order_number", Text, info=_RARE),
    Column("reinstatement_order_date", Date, info=_RARE),
    Column("reinstatement_organization_code", Text, info=_RARE),
    Column("reinstatement_court_code", Text, info=_RARE),
    Column("reinstatement_note", Text, info=_RARE),
    Column("registered_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Column("version", Integer, nullable=False, info=_BY_REGISTER),
    Column("changed_at", _INSTANT, nullable=False, info=_BY_STORE),
    # A deleted contract gives its number back.
    Index(None, "employer", "number", unique=True, postgresql_where=text("status <> 'deleted'")),
    Index(None, "employer", "external_id", unique=True),
    Index(None, "employee_iin"),
    # The contracts in force of which order 353, clause 6, still wants the mode of working time.
    Index(
        "ix_contract_without_working_time",
        "employer",
        "id",
        postgresql_where=text("working_hours_code IS NULL AND status = 'active'"),
    ),
    Index(
        "ix_contract_without_working_time_in_region",
        text("left(kato_code, 2)"),
        "employer",
        "id",
        postgresql_where=text("working_hours_code IS NULL AND status = 'active'"),
    ),
    # An employer's contracts in order, counted and chosen from without reading them.
    Index(None, "employer", "id", postgresql_include=["status", "changed_at"]),
    comment="Each employment contract as it is now; how it became so is told by contract_event.",
)

amendment = Table(
    "amendment",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("external_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("concluded_on", Date, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("terms", JSONB, nullable=False, info=_BY_REGISTER),
    Column("status", Text, nullable=False, info=_BY_REGISTER),
    Column("version", Integer, nullable=False, info=_BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("recorded_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Index(
        None,
        "contract_id",
        "number",
        "concluded_on",
        unique=True,
        postgresql_where=text("status <> 'deleted'"),
    ),
    Index(None, "employer", "external_id", unique=True),
    comment="Additional agreements (дополнительные соглашения) as they are now; first entered by message_id.",
)

leave = Table(
    "leave",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("external_id", Text, nullable=False),
    Column("leave_type_code", Text, nullable=False),
    Column("personnel_number", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("first_working_day_on", Date),
    Column("status", Text, nullable=False, info=_BY_REGISTER),
    Column("version", Integer, nullable=False, info=_BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("recorded_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Index(None, "contract_id"),
    Index(None, "employer", "external_id", unique=True),
    comment="Social leaves as they are now; a deleted one stays, and contract_event tells its history.",
)

proof = Table(
    "proof",
    metadata,
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("external_id", Text, nullable=False, info=_BY_REGISTER),
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False, info=_BY_REGISTER),
    Column("sha256", Text, nullable=False, info=_BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("recorded_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    # Two writers that took the same new id cannot both commit.
    PrimaryKeyConstraint("employer", "external_id"),
    comment="Documents that prove heavy conditions: the file is in the message that brought it. Rows are only added.",
)

iin_change = Table(
    "iin_change",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("former_iin", Text, nullable=False),
    Column("iin", Text, nullable=False),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("recorded_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Index(None, "iin", unique=True),
    comment="Which IIN a person had before, as the first employer told who knew of the change.",
)

batch = Table(
    "batch",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("headcount", Integer),
    Column("entries", JSONB, nullable=False, info=_BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("recorded_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    comment="Batches of contracts, and what became of each entry, in the order of the message.",
)

FORMER_EMPLOYEE: LiteralString = (
    """(jsonb_path_query_first(changes, '$[*]?(@."field" == "employee_iin")."before"') #>> '{}')"""
)
"""Whose contract it was until this entry changed that: of most entries NULL."""

contract_event = Table(
    "contract_event",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_at", _INSTANT, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("clause", Text),
    Column("due_on", Date),
    Column("days_late", Integer),
    Column("changes", JSONB, nullable=False),
    Column("leave_id", Uuid, ForeignKey("leave.id")),
    Column("employer", Text, nullable=False),
    Column("entered", JSONB),
    Column("amendment_id", Uuid, ForeignKey("amendment.id")),
    Column("channel", Text),
    Column("region", Text),
    Column("employee_iin", Text, nullable=False),
    # Two writers that decided on the same version of a contract cannot both commit.
    PrimaryKeyConstraint("contract_id", "version"),
    Index(
        "ix_contract_event_late",
        "employer",
        "recorded_at",
        "contract_id",
        "version",
        postgresql_where=text("days_late > 0"),
    ),
    Index(
        "ix_contract_event_late_in_region",
        "region",
        "employer",
        "recorded_at",
        "contract_id",
        "version",
        postgresql_where=text("days_late > 0"),
    ),
    # What statistics count, in the order of time: they read nothing else.
    Index(
        "ix_contract_event_counted",
        "recorded_at",
        postgresql_include=[
            "region",
            "channel",
            "event",
            "days_late",
            "contract_id",
            "employee_iin",
            "employer",
        ],
    ),
    # The contracts that were a person's until an entry gave them another number, or another person.
    Index(
        "ix_contract_event_former_employee",
        text(FORMER_EMPLOYEE),
        "contract_id",
        postgresql_where=text(f"version > 1 AND {FORMER_EMPLOYEE} IS NOT NULL"),
    ),
    comment="A contract's history: who changed what, when, by which message. Rows are only ever added.",
)

disclosure = Table(
    "disclosure",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("employee_iin", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("consent_id", Uuid),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("disclosed_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Index(None, "employee_iin"),
    comment="Who learned about whom, why, on what consent (order 353, clause 14).",
)

acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("change_id", Text, nullable=False, info=_BY_REGISTER),
    Column("employee_iin", Text, nullable=False, info=_BY_REGISTER),
    Column("acknowledged_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Column("acknowledged_by", Text, nullable=False, info=_BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    # Two writers that acknowledge the same change cannot both commit.
    Index(None, "change_id", "employee_iin", unique=True),
    comment="Which changes employees have seen (order 353, clause 11), by whose key. Rows are only ever added.",
)
labour_request = Table(
    "labour_request",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("employee_iin", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("consent_id", Uuid, ForeignKey("consent.id")),
    Column("paper_number", Text, info=_RARE),
    Column("paper_date", Date, info=_RARE),
    Column("paper_consent", Text, info=_RARE),
    Column("entered_by", Text, nullable=False, info=_BY_REGISTER),
    Column("requested_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Column("due_on", Date, nullable=False, info=_BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    comment="Requests for a person's labour activity (order 353, clauses 15, 18). Only ever added.",
)
labour_answer = Table(
    "labour_answer",
    metadata,
    Column("request_id", Uuid, ForeignKey("labour_request.id"), primary_key=True, info=_BY_REGISTER),
    Column("status", Text, nullable=False, info=_BY_REGISTER),
    Column("document", LargeBinary, info=_BY_REGISTER),
    Column("reason", Text, info=_BY_REGISTER),
    Column("answered_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    comment="What became of them (order 353, clauses 19, 20): answered, absent, refused. Only ever added.",
)

consent = Table(
    "consent",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("employee_iin", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("given_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Column("brought_by", Text, nullable=False, info=_BY_REGISTER),
    Index(None, "employee_iin", "external_id", unique=True),
    Index(None, "employer", "employee_iin"),
    comment="What a person lets an employer learn, why, until when (order 353, clauses 17 and 18).",
)

consent_withdrawal = Table(
    "consent_withdrawal",
    metadata,
    # Two writers that withdraw the same consent cannot both commit.
    Column("consent_id", Uuid, ForeignKey("consent.id"), primary_key=True, info=_BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("withdrawn_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    comment="Which consents were taken back, when, by which message.",
)

delegation = Table(
    "delegation",
    metadata,
    Column("id", Uuid, primary_key=True, info=_BY_REGISTER),
    Column("employer", Text, nullable=False, info=_BY_REGISTER),
    Column("delegate_iin", Text, nullable=False),
    Column("version", Integer, nullable=False, info=_BY_REGISTER),
    Column("act_number", Text, nullable=False),
    Column("act_date", Date, nullable=False),
    Column("valid_to", Date),
    Column("message_id", Uuid, nullable=False, info=_BY_REGISTER),
    Column("recorded_at", _INSTANT, nullable=False, info=_BY_REGISTER),
    Column("recorded_by", Text, nullable=False, info=_BY_REGISTER),
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
    Column("added_at", _INSTANT, nullable=False),
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
    Column("added_at", _INSTANT, nullable=False),
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
    Column("added_at", _INSTANT, nullable=False),
    Column("withdrawn_at", _INSTANT),
    Index(None, "partner"),
    comment="Partners' certificates: found by issuer and serial number; believed no more once withdrawn.",
)

partner_event = Table(
    "partner_event",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("partner", Text, nullable=False),
    Column("happened_at", _INSTANT, nullable=False),
    Column("what", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("done_by", Text, nullable=False),
    Index(None, "partner"),
    comment="Who let whom in, and when: every change of an operator's. Rows are only ever added.",
)

request = Table(
    "request",
    metadata,
    Column("sender", Text, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("operation", Text, nullable=False),
    Column("payload_sha256", LargeBinary, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("bound_at", _INSTANT, nullable=False),
    # Two writers that answer the same request cannot both commit.
    PrimaryKeyConstraint("sender", "request_id"),
    comment="Once and only once: which answer a sender's requestId is bound to.",
)

message = Table(
    "message",
    metadata,
    Column("chain", Text, nullable=False, info=_BY_STORE),
    Column("seq", BigInteger, nullable=False, info=_BY_STORE),
    Column("id", Uuid, nullable=False, info=_BY_STORE),
    Column("reply_to", Uuid, info=_BY_STORE),
    Column("direction", Text, nullable=False, info=_BY_STORE),
    Column("recorded_at", _INSTANT, nullable=False, info=_BY_STORE),
    Column("channel", Text, nullable=False, info=_BY_STORE),
    Column("service", Text, nullable=False, info=_BY_STORE),
    Column("operation", Text, info=_BY_STORE),
    Column("sender", Text, info=_BY_STORE),
    Column("employer", Text),
    Column("request_id", Uuid),
    Column("sent_at", Text),
    Column("system", Text),
    Column("status", SmallInteger, info=_BY_STORE),
    Column("code", Text, info=_BY_STORE),
    Column("report", JSONB, info=_BY_STORE),
    Column("body_sha256", LargeBinary, nullable=False, info=_BY_STORE),
    Column("hash", LargeBinary, nullable=False, info=_BY_STORE),
    Column("body", LargeBinary, info=_BY_STORE),
    PrimaryKeyConstraint("chain", "seq"),
    Index(None, "id", unique=True),
    Index(None, "reply_to", postgresql_where=text("reply_to IS NOT NULL")),
    Index(None, "request_id", postgresql_where=text("request_id IS NOT NULL")),
    comment="The journal: the exact bytes of every message in both directions, chained by hash.",
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
    Column("sealed_at", _INSTANT, nullable=False),
    Column("heads", JSONB, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    comment="At intervals, the heads of all chains in one chain: a chain that vanishes is missed by this.",
)

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
    Column("made_at", _INSTANT, nullable=False),
    comment="A newer version tells running nodes to read the subject (the dictionaries, say) again.",
)

revocation_list = Table(
    "revocation_list",
    metadata,
    Column("url", Text, primary_key=True),
    Column("kind", Text),
    Column("issuer", Text),
    Column("crl_number", Numeric),
    Column("this_update", _INSTANT),
    Column("next_update", _INSTANT),
    Column("der", LargeBinary),
    Column("changed_in", BigInteger),
    Column("fetched_at", _INSTANT),
    Column("tried_at", _INSTANT),
    Column("next_try", _INSTANT, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    comment="The newest list of each address that verified; changed_in is the edition «revocation» it came with.",
)

certificate_status = Table(
    "certificate_status",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("issuer_fingerprint", Text, nullable=False),
    Column("first_seen", _INSTANT, nullable=False),
    Column("last_seen", _INSTANT, nullable=False),
    Column("status", Text),
    Column("source", Text),
    Column("produced_at", _INSTANT),
    Column("next_update", _INSTANT),
    Column("answer", LargeBinary),
    Column("changed_in", BigInteger),
    Column("asked_at", _INSTANT),
    Column("tried_at", _INSTANT),
    Column("next_try", _INSTANT, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Index(None, "next_try"),
    Index(None, "changed_in"),
    comment="Each certificate that a message was judged by, with the newest answer of an OCSP responder about it.",
)
