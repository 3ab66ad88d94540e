"""What the authority counts of each entry, and what it walks along: channel, region, employee

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contract_event", sa.Column("channel", sa.Text(), nullable=True))
    op.add_column("contract_event", sa.Column("region", sa.Text(), nullable=True))
    op.add_column("contract_event", sa.Column("employee_iin", sa.Text(), nullable=True))
    # Told of what was there before by its contract as it is now; by which way it came, nothing tells.
    op.execute("ALTER TABLE contract_event DISABLE TRIGGER only_added")
    op.execute("""
        UPDATE contract_event e SET employee_iin = c.employee_iin, region = left(c.kato_code, 2) || '0000000'
        FROM contract c WHERE c.id = e.contract_id
    """)
    op.execute("ALTER TABLE contract_event ENABLE TRIGGER only_added")
    op.alter_column("contract_event", "employee_iin", nullable=False)
    op.create_index(
        "ix_contract_event_counted",
        "contract_event",
        ["recorded_at"],
        unique=False,
        postgresql_include=[
            "region",
            "channel",
            "event",
            "days_late",
            "contract_id",
            "employee_iin",
            "employer",
        ],
    )
    op.create_index(
        "ix_contract_event_late_in_region",
        "contract_event",
        ["region", "employer", "recorded_at", "contract_id", "version"],
        unique=False,
        postgresql_where=sa.text("days_late > 0"),
    )
    op.create_index(
        "ix_contract_without_working_time_in_region",
        "contract",
        [sa.text("left(kato_code, 2)"), "employer", "id"],
        unique=False,
        postgresql_where=sa.text("working_hours_code IS NULL AND status = 'active'"),
    )


def downgrade() -> None:
    op.drop_index("ix_contract_without_working_time_in_region", table_name="contract")
    op.drop_index("ix_contract_event_late_in_region", table_name="contract_event")
    op.drop_index("ix_contract_event_counted", table_name="contract_event")
    op.drop_column("contract_event", "employee_iin")
    op.drop_column("contract_event", "region")
    op.drop_column("contract_event", "channel")
