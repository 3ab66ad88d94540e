"""Partners, their certificates and systems, and what employers' acts delegate

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("delegate_iin", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act_number", sa.Text(), nullable=False),
        sa.Column("act_date", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
        comment="Whom an employer's acts entrust (order 353, clause 5); of a person's acts the newest version counts.",
    )
    op.create_index(
        op.f("ix_delegation_employer_delegate_iin_version"),
        "delegation",
        ["employer", "delegate_iin", "version"],
        unique=True,
    )
    op.create_table(
        "employer_system",
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("employer", "system", name=op.f("pk_employer_system")),
        comment="Whose system may sign the envelopes of which employer's documents, and until when.",
    )
    op.create_table(
        "partner",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("profiles", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("document_required", sa.Boolean(), nullable=False),
        sa.Column("signed_answers", sa.Boolean(), nullable=True),
        sa.Column("answer_key", sa.Text(), nullable=True),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_partner")),
        comment="Portals, state systems, the authority; of employers those that differ from the rest.",
    )
    op.create_table(
        "partner_certificate",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partner"], ["partner.number"], name=op.f("fk_partner_certificate_partner")),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_partner_certificate")),
        comment="Partners' certificates: found by issuer and serial number; believed no more once withdrawn.",
    )
    op.create_index(op.f("ix_partner_certificate_partner"), "partner_certificate", ["partner"], unique=False)
    op.create_table(
        "partner_event",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_partner_event")),
        comment="Who let whom in, and when: every change of an operator's. Rows are only ever added.",
    )
    op.create_index(op.f("ix_partner_event_partner"), "partner_event", ["partner"], unique=False)
    for table in ("delegation", "partner_event"):
        op.execute(f"""
            CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_added()
        """)


def downgrade() -> None:
    op.drop_index(op.f("ix_partner_event_partner"), table_name="partner_event")
    op.drop_table("partner_event")
    op.drop_index(op.f("ix_partner_certificate_partner"), table_name="partner_certificate")
    op.drop_table("partner_certificate")
    op.drop_table("partner")
    op.drop_table("employer_system")
    op.drop_index(op.f("ix_delegation_employer_delegate_iin_version"), table_name="delegation")
    op.drop_table("delegation")
