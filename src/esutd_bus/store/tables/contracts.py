"""Contracts, with what belongs to them, and what happened to each."""

from __future__ import annotations

from typing import LiteralString

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from esutd_bus.store.tables.common import BY_REGISTER, BY_STORE, INSTANT, RARE, metadata

contract = Table(
    "contract",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
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
    Column("working_conditions", Text, info=RARE),
    Column("heavy_conditions_code", Text, info=RARE),
    Column("proof_external_id", Text, info=RARE),
    Column("proof_name", Text, info=RARE),
    Column("proof_format", Text, info=RARE),
    Column("proof_sha256", Text, info=RARE),
    Column("citizenship_code", Text, info=RARE),
    Column("foreign_basis", Text, info=RARE),
    Column("permit_number", Text, info=RARE),
    Column("permit_issued_on", Date, info=RARE),
    Column("permit_starts_on", Date, info=RARE),
    Column("permit_ends_on", Date, info=RARE),
    Column("payment_employee_agrees", Boolean, info=RARE),
    Column("payment_employer_agrees", Boolean, info=RARE),
    Column("payment_employee_phone", Text, info=RARE),
    Column("payment_officer_phone", Text, info=RARE),
    Column("status", Text, nullable=False, info=BY_REGISTER),
    Column("terminated_on", Date, info=RARE),
    Column("termination_reason_code", Text, info=RARE),
    Column("termination_note", Text, info=RARE),
    Column("termination_by_new_technology", Boolean, info=RARE),
    Column("termination_payment_employee_agrees", Boolean, info=RARE),
    Column("termination_payment_employer_agrees", Boolean, info=RARE),
    Column("termination_payment_employee_phone", Text, info=RARE),
    Column("termination_payment_officer_phone", Text, info=RARE),
    Column("extended_on", Date, info=RARE),
    Column("reinstated_on", Date, info=RARE),
    Column("reinstatement_order_number", Text, info=RARE),
    Column("reinstatement_order_date", Date, info=RARE),
    Column("reinstatement_organization_code", Text, info=RARE),
    Column("reinstatement_court_code", Text, info=RARE),
    Column("reinstatement_note", Text, info=RARE),
    Column("registered_at", INSTANT, nullable=False, info=BY_REGISTER),
    Column("version", Integer, nullable=False, info=BY_REGISTER),
    Column("changed_at", INSTANT, nullable=False, info=BY_STORE),
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
    Index(None, "employer", "id", postgresql_include=["status", "registered_at"]),
    # No index names what an amendment changes, but for working time and region; and a page keeps room for the row as
    # it will be: then it is changed in place (HOT), and no index is touched.
    postgresql_with={"fillfactor": 90},
    comment="Each employment contract as it is now; how it became so is told by contract_event.",
)

amendment = Table(
    "amendment",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("external_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("concluded_on", Date, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("terms", JSONB, nullable=False, info=BY_REGISTER),
    Column("status", Text, nullable=False, info=BY_REGISTER),
    Column("version", Integer, nullable=False, info=BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("recorded_at", INSTANT, nullable=False, info=BY_REGISTER),
    Index(
        None,
        "contract_id",
        "number",
        "concluded_on",
        unique=True,
        postgresql_where=text("status <> 'deleted'"),
    ),
    Index(None, "employer", "external_id", unique=True),
    Index(None, "contract_id"),
    comment="Additional agreements (дополнительные соглашения) as they are now; first entered by message_id.",
)

leave = Table(
    "leave",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("external_id", Text, nullable=False),
    Column("leave_type_code", Text, nullable=False),
    Column("personnel_number", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("first_working_day_on", Date),
    Column("status", Text, nullable=False, info=BY_REGISTER),
    Column("version", Integer, nullable=False, info=BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("recorded_at", INSTANT, nullable=False, info=BY_REGISTER),
    Index(None, "contract_id"),
    Index(None, "employer", "external_id", unique=True),
    comment="Social leaves as they are now; a deleted one stays, and contract_event tells its history.",
)

proof = Table(
    "proof",
    metadata,
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("external_id", Text, nullable=False, info=BY_REGISTER),
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False, info=BY_REGISTER),
    Column("sha256", Text, nullable=False, info=BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("recorded_at", INSTANT, nullable=False, info=BY_REGISTER),
    # Two writers that took the same new id cannot both commit.
    PrimaryKeyConstraint("employer", "external_id"),
    comment="Documents that prove heavy conditions: the file is in the message that brought it. Rows are only added.",
)

iin_change = Table(
    "iin_change",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("former_iin", Text, nullable=False),
    Column("iin", Text, nullable=False),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("recorded_at", INSTANT, nullable=False, info=BY_REGISTER),
    Index(None, "iin", unique=True),
    comment="Which IIN a person had before, as the first employer told who knew of the change.",
)

batch = Table(
    "batch",
    metadata,
    Column("id", Uuid, primary_key=True, info=BY_REGISTER),
    Column("employer", Text, nullable=False, info=BY_REGISTER),
    Column("headcount", Integer),
    Column("entries", JSONB, nullable=False, info=BY_REGISTER),
    Column("message_id", Uuid, nullable=False, info=BY_REGISTER),
    Column("recorded_at", INSTANT, nullable=False, info=BY_REGISTER),
    comment="Batches of contracts, and what became of each entry, in the order of the message.",
)

FORMER_EMPLOYEE: LiteralString = (
    """(jsonb_path_query_first(changes, '$[*]?(@."field" == "employee_iin")."before"') #>> '{}')"""
)
"""Whose contract it was until this entry changed that: of most entries NULL."""

OWNER: LiteralString = (
    """coalesce(jsonb_path_query_first(changes, '$[*]?(@."field" == "employer")."after"')"""
    """ #>> '{}', employer)"""
)
"""The employer whose contract it is after this entry: `employer` is the one before, where the entry moved it."""

contract_event = Table(
    "contract_event",
    metadata,
    Column("contract_id", Uuid, ForeignKey("contract.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
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
    # Which contracts of an employer were changed since: the contract's own moment is in no index (see there).
    Index(
        "ix_contract_event_changed",
        text(OWNER),
        "recorded_at",
        postgresql_where=text("version > 1"),
    ),
    comment="A contract's history: who changed what, when, by which message. Rows are only ever added.",
)
