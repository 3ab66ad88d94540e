"""What employees have seen, and by which entries a contract ceased to be somebody's

Revision: 0008, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0011"
branch_labels = None
depends_on = None

FORMER_EMPLOYEE = (
    """(jsonb_path_query_first(changes, '$[*]?(@."field" == "employee_iin")."before"') #>> '{}')"""
)


def upgrade() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("employee_iin", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
        comment="Which changes employees have seen (order 353, clause 11), by whose key. Rows are only ever added.",
    )
    op.create_index(
        op.f("ix_acknowledgement_change_id_employee_iin"),
        "acknowledgement",
        ["change_id", "employee_iin"],
        unique=True,
    )
    op.execute("""
        CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON acknowledgement
        FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)
    op.create_index(
        "ix_contract_event_former_employee",
        "contract_event",
        [sa.text(FORMER_EMPLOYEE), "contract_id"],
        unique=False,
        postgresql_where=sa.text(f"version > 1 AND {FORMER_EMPLOYEE} IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_contract_event_former_employee", table_name="contract_event")
    op.drop_index(op.f("ix_acknowledgement_change_id_employee_iin"), table_name="acknowledgement")
    op.drop_table("acknowledgement")
