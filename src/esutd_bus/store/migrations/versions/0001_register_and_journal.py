"""The register, the journal, the dictionaries

Revision: 0001, after
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contract",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        sa.Column("employee_iin", sa.Text(), nullable=False),
        sa.Column("employee_surname", sa.Text(), nullable=True),
        sa.Column("employee_name", sa.Text(), nullable=True),
        sa.Column("employee_patronymic", sa.Text(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("term_code", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("position_code", sa.Text(), nullable=False),
        sa.Column("established_post", sa.Text(), nullable=False),
        sa.Column("employment_type_code", sa.Text(), nullable=False),
        sa.Column("working_hours_code", sa.Text(), nullable=True),
        sa.Column("tariff_rate", sa.Numeric(), nullable=True),
        sa.Column("rest_note", sa.Text(), nullable=True),
        sa.Column("remote_work_code", sa.Text(), nullable=False),
        sa.Column("country_code", sa.Text(), nullable=False),
        sa.Column("kato_code", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("liable_for_military_service", sa.Boolean(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("termination_reason_code", sa.Text(), nullable=True),
        sa.Column("termination_note", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        comment="Each employment contract as it is now; how it became so is told by contract_event.",
    )
    op.create_index(op.f("ix_contract_employee_iin"), "contract", ["employee_iin"], unique=False)
    op.create_index(
        op.f("ix_contract_employer_external_id"), "contract", ["employer", "external_id"], unique=True
    )
    op.create_index(op.f("ix_contract_employer_number"), "contract", ["employer", "number"], unique=True)
    op.create_table(
        "dictionary_entry",
        sa.Column("dictionary", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_kk", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("is_actual", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("list_type", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("dictionary", "code", name=op.f("pk_dictionary_entry")),
    )
    op.create_table(
        "dictionary_version",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_dictionary_version")),
        comment="A new row tells running nodes to read the dictionaries again.",
    )
    op.create_table(
        "disclosure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("employee_iin", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("disclosed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure")),
        comment="Who learned about whom, why, on what consent (order 353, clause 14).",
    )
    op.create_index(op.f("ix_disclosure_employee_iin"), "disclosure", ["employee_iin"], unique=False)
    op.create_table(
        "journal_chain",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_journal_chain")),
        comment="Each chain's head: a record taken from a chain's end is missed by this.",
    )
    op.create_table(
        "journal_seal",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heads", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_seal")),
        comment="At intervals, the heads of all chains in one chain: a chain that vanishes is missed by this.",
    )
    op.create_table(
        "message",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reply_to", sa.Uuid(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("employer", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.Text(), nullable=True),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_message")),
        comment="The journal: the exact bytes of every message in both directions, chained by hash.",
    )
    op.create_index(op.f("ix_message_id"), "message", ["id"], unique=True)
    op.create_index(
        op.f("ix_message_reply_to"),
        "message",
        ["reply_to"],
        unique=False,
        postgresql_where=sa.text("reply_to IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_message_request_id"),
        "message",
        ["request_id"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_table(
        "request",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("payload_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", "request_id", name=op.f("pk_request")),
        comment="Once and only once: which answer a sender's requestId is bound to.",
    )
    op.create_table(
        "amendment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("concluded_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_amendment_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
        comment="Additional agreements (дополнительные соглашения).",
    )
    op.create_index(
        op.f("ix_amendment_contract_id_number_concluded_on"),
        "amendment",
        ["contract_id", "number", "concluded_on"],
        unique=True,
    )
    op.create_index(
        op.f("ix_amendment_employer_external_id"), "amendment", ["employer", "external_id"], unique=True
    )
    op.create_table(
        "contract_event",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("days_late", sa.Integer(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_contract_event_contract_id")),
        sa.PrimaryKeyConstraint("contract_id", "version", name=op.f("pk_contract_event")),
        comment="A contract's history: who changed what, when, by which message. Rows are only ever added.",
    )
    op.execute("""
        CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME;
        END $$
    """)
    for table in ("contract_event", "disclosure", "message", "journal_seal"):
        op.execute(f"""
            CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_added()
        """)


def downgrade() -> None:
    op.drop_table("contract_event")
    op.drop_index(op.f("ix_amendment_employer_external_id"), table_name="amendment")
    op.drop_index(op.f("ix_amendment_contract_id_number_concluded_on"), table_name="amendment")
    op.drop_table("amendment")
    op.drop_table("request")
    op.drop_index(
        op.f("ix_message_request_id"),
        table_name="message",
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.drop_index(
        op.f("ix_message_reply_to"), table_name="message", postgresql_where=sa.text("reply_to IS NOT NULL")
    )
    op.drop_index(op.f("ix_message_id"), table_name="message")
    op.drop_table("message")
    op.drop_table("journal_seal")
    op.drop_table("journal_chain")
    op.drop_index(op.f("ix_disclosure_employee_iin"), table_name="disclosure")
    op.drop_table("disclosure")
    op.drop_table("dictionary_version")
    op.drop_table("dictionary_entry")
    op.drop_index(op.f("ix_contract_employer_number"), table_name="contract")
    op.drop_index(op.f("ix_contract_employer_external_id"), table_name="contract")
    op.drop_index(op.f("ix_contract_employee_iin"), table_name="contract")
    op.drop_table("contract")
    op.execute("DROP FUNCTION only_added()")
