"""A contract is changed in place, and found by the entry that changed it; amendments are found by their contract

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OWNER = (
    """coalesce(jsonb_path_query_first(changes, '$[*]?(@."field" == "employer")."after"') #>> '{}', employer)"""
)


def upgrade() -> None:
    op.create_index(op.f("ix_amendment_contract_id"), "amendment", ["contract_id"], unique=False)
    op.create_index(
        "ix_contract_event_changed",
        "contract_event",
        [sa.text(OWNER), "recorded_at"],
        unique=False,
        postgresql_where=sa.text("version > 1"),
    )
    _walk_contracts_by("registered_at")
    # Holds for pages that are filled from now on.
    op.execute("ALTER TABLE contract SET (fillfactor = 90)")


def downgrade() -> None:
    op.execute("ALTER TABLE contract RESET (fillfactor)")
    _walk_contracts_by("changed_at")
    op.drop_index("ix_contract_event_changed", table_name="contract_event")
    op.drop_index(op.f("ix_amendment_contract_id"), table_name="amendment")


def _walk_contracts_by(moment: str) -> None:
    """The index of an employer's contracts knows this moment of each."""
    op.drop_index(op.f("ix_contract_employer_id"), table_name="contract")
    op.create_index(
        op.f("ix_contract_employer_id"),
        "contract",
        ["employer", "id"],
        unique=False,
        postgresql_include=["status", moment],
    )
