"""Consents of employees to disclosures, and what became of them

Revision: 0007, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_iin", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brought_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        comment="What a person lets an employer learn, why, until when (order 353, clauses 17 and 18).",
    )
    op.create_index(
        op.f("ix_consent_employee_iin_external_id"), "consent", ["employee_iin", "external_id"], unique=True
    )
    op.create_index(
        op.f("ix_consent_employer_employee_iin"), "consent", ["employer", "employee_iin"], unique=False
    )
    op.create_table(
        "consent_withdrawal",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_consent_withdrawal_consent_id")),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent_withdrawal")),
        comment="Which consents were taken back, when, by which message.",
    )
    for table in ("consent", "consent_withdrawal"):
        op.execute(f"""
            CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_added()
        """)


def downgrade() -> None:
    op.drop_table("consent_withdrawal")
    op.drop_table("consent")
