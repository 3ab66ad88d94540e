"""Requests for a person's labour activity, and what became of them

Revision: 0012, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("labour_request", "labour_answer")


def upgrade() -> None:
    op.create_table(
        "labour_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("employee_iin", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.Column("paper_number", sa.Text(), nullable=True),
        sa.Column("paper_date", sa.Date(), nullable=True),
        sa.Column("paper_consent", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_labour_request_consent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labour_request")),
        comment="Requests for a person's labour activity (order 353, clauses 15, 18). Only ever added.",
    )
    op.create_table(
        "labour_answer",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["labour_request.id"], name=op.f("fk_labour_answer_request_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_labour_answer")),
        comment="What became of them (order 353, clauses 19, 20): answered, absent, refused. Only ever added.",
    )
    for table in TABLES:
        op.execute(f"""
            CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION only_added()
        """)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
