"""Social leaves and changed IINs; what searches of an employer's contracts and violations walk along

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("leave_type_code", sa.Text(), nullable=False),
        sa.Column("personnel_number", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("first_working_day_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_leave_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave")),
        comment="Social leaves as they are now; a deleted one stays, and contract_event tells its history.",
    )
    op.create_index(op.f("ix_leave_contract_id"), "leave", ["contract_id"], unique=False)
    op.create_index(
        op.f("ix_leave_employer_external_id"), "leave", ["employer", "external_id"], unique=True
    )
    op.add_column("contract_event", sa.Column("leave_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_contract_event_leave_id"), "contract_event", "leave", ["leave_id"], ["id"]
    )
    op.add_column("contract", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("""
        UPDATE contract c SET changed_at = coalesce(
            (SELECT max(e.recorded_at) FROM contract_event e WHERE e.contract_id = c.id), c.registered_at
        )
    """)
    op.alter_column("contract", "changed_at", nullable=False)
    op.create_index(
        op.f("ix_contract_employer_id"),
        "contract",
        ["employer", "id"],
        unique=False,
        postgresql_include=["status", "changed_at"],
    )
    op.create_index(
        "ix_contract_without_working_time",
        "contract",
        ["employer", "id"],
        unique=False,
        postgresql_where=sa.text("working_hours_code IS NULL AND status = 'active'"),
    )
    op.add_column("contract_event", sa.Column("employer", sa.Text(), nullable=True))
    # Told of what was there before by its contract: nothing could have moved to another employer yet.
    op.execute("ALTER TABLE contract_event DISABLE TRIGGER only_added")
    op.execute("""
        UPDATE contract_event e SET employer = c.employer FROM contract c WHERE c.id = e.contract_id
    """)
    op.execute("ALTER TABLE contract_event ENABLE TRIGGER only_added")
    op.alter_column("contract_event", "employer", nullable=False)
    op.create_index(
        "ix_contract_event_late",
        "contract_event",
        ["employer", "recorded_at", "contract_id", "version"],
        unique=False,
        postgresql_where=sa.text("days_late > 0"),
    )
    op.create_table(
        "iin_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("former_iin", sa.Text(), nullable=False),
        sa.Column("iin", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_iin_change")),
        comment="Which IIN a person had before, as the first employer told who knew of the change.",
    )
    op.create_index(op.f("ix_iin_change_iin"), "iin_change", ["iin"], unique=True)
    op.execute("""
        CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON iin_change
        FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)
    op.execute("""
        CREATE FUNCTION never_erased() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'rows of % are never erased', TG_TABLE_NAME;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER never_erased BEFORE DELETE OR TRUNCATE ON leave
        FOR EACH STATEMENT EXECUTE FUNCTION never_erased()
    """)


def downgrade() -> None:
    op.drop_index("ix_contract_event_late", table_name="contract_event")
    op.drop_column("contract_event", "employer")
    op.drop_index("ix_contract_without_working_time", table_name="contract")
    op.drop_index(op.f("ix_contract_employer_id"), table_name="contract")
    op.drop_column("contract", "changed_at")
    op.drop_index(op.f("ix_iin_change_iin"), table_name="iin_change")
    op.drop_table("iin_change")
    op.drop_constraint(op.f("fk_contract_event_leave_id"), "contract_event", type_="foreignkey")
    op.drop_column("contract_event", "leave_id")
    op.drop_index(op.f("ix_leave_employer_external_id"), table_name="leave")
    op.drop_index(op.f("ix_leave_contract_id"), table_name="leave")
    op.drop_table("leave")
    op.execute("DROP FUNCTION never_erased()")
