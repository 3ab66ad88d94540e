"""Optional parts of a contract: working conditions and their proof, foreign workers, the special social payment

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PARTS = (
    ("working_conditions", sa.Text()),
    ("heavy_conditions_code", sa.Text()),
    ("proof_external_id", sa.Text()),
    ("proof_name", sa.Text()),
    ("proof_format", sa.Text()),
    ("proof_sha256", sa.Text()),
    ("citizenship_code", sa.Text()),
    ("foreign_basis", sa.Text()),
    ("permit_number", sa.Text()),
    ("permit_issued_on", sa.Date()),
    ("permit_starts_on", sa.Date()),
    ("permit_ends_on", sa.Date()),
    ("payment_employee_agrees", sa.Boolean()),
    ("payment_employer_agrees", sa.Boolean()),
    ("payment_employee_phone", sa.Text()),
    ("payment_officer_phone", sa.Text()),
    ("termination_by_new_technology", sa.Boolean()),
    ("termination_payment_employee_agrees", sa.Boolean()),
    ("termination_payment_employer_agrees", sa.Boolean()),
    ("termination_payment_employee_phone", sa.Text()),
    ("termination_payment_officer_phone", sa.Text()),
)


def upgrade() -> None:
    for name, kind in PARTS:
        op.add_column("contract", sa.Column(name, kind, nullable=True))
    op.create_table(
        "proof",
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_proof_contract_id")),
        sa.PrimaryKeyConstraint("employer", "external_id", name=op.f("pk_proof")),
        comment="Documents that prove heavy conditions: the file is in the message that brought it. "
        "Rows are only added.",
    )
    op.execute("""
        CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON proof
        FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)


def downgrade() -> None:
    op.drop_table("proof")
    for name, _ in reversed(PARTS):
        op.drop_column("contract", name)
