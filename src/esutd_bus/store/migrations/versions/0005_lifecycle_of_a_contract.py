"""Extension, reinstatement, corrections and deletions: what the register keeps of them

A deleted contract gives its number back, a deleted amendment its number and date. The history tells what each
entry says, not only what it changed, and which amendment it is about: terms are derived from it anew.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ENTERED_LATER = (
    ("extended_on", sa.Date()),
    ("reinstated_on", sa.Date()),
    ("reinstatement_order_number", sa.Text()),
    ("reinstatement_order_date", sa.Date()),
    ("reinstatement_organization_code", sa.Text()),
    ("reinstatement_court_code", sa.Text()),
    ("reinstatement_note", sa.Text()),
)
AMENDMENTS = "Additional agreements (дополнительные соглашения)"
NUMBERS = (
    ("ix_contract_employer_number", "contract", ["employer", "number"]),
    ("ix_amendment_contract_id_number_concluded_on", "amendment", ["contract_id", "number", "concluded_on"]),
)


def upgrade() -> None:
    for name, kind in ENTERED_LATER:
        op.add_column("contract", sa.Column(name, kind, nullable=True))
    op.add_column("amendment", sa.Column("terms", postgresql.JSONB(), nullable=True))
    op.add_column("amendment", sa.Column("status", sa.Text(), nullable=True))
    op.add_column("amendment", sa.Column("version", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE amendment SET status = 'active', version = 1, terms = coalesce("
        " (SELECT jsonb_object_agg(key, value -> 1) FROM jsonb_each(changes)), '{}')"
    )
    for name in ("terms", "status", "version"):
        op.alter_column("amendment", name, nullable=False)
    op.drop_column("amendment", "changes")
    _index_numbers("status <> 'deleted'")
    op.create_table_comment(
        "amendment",
        f"{AMENDMENTS} as they are now; first entered by message_id.",
        existing_comment=f"{AMENDMENTS}.",
    )
    op.add_column("contract_event", sa.Column("entered", postgresql.JSONB(), nullable=True))
    op.add_column("contract_event", sa.Column("amendment_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_contract_event_amendment_id"), "contract_event", "amendment", ["amendment_id"], ["id"]
    )
    # The history is only ever added to; here its rows gain what the amendments know of them.
    op.execute("ALTER TABLE contract_event DISABLE TRIGGER only_added")
    op.execute(
        "UPDATE contract_event e SET amendment_id = a.id, entered = a.terms FROM amendment a"
        " WHERE a.contract_id = e.contract_id AND a.message_id = e.message_id"
    )
    op.execute("ALTER TABLE contract_event ENABLE TRIGGER only_added")


def downgrade() -> None:
    op.drop_column("contract_event", "amendment_id")
    op.drop_column("contract_event", "entered")
    op.create_table_comment(
        "amendment", f"{AMENDMENTS}.", existing_comment=f"{AMENDMENTS} as they are now; first entered by message_id."
    )
    _index_numbers(None)
    op.add_column("amendment", sa.Column("changes", postgresql.JSONB(), nullable=True))
    op.execute(
        "UPDATE amendment SET changes = coalesce("
        " (SELECT jsonb_object_agg(key, jsonb_build_array(NULL, value)) FROM jsonb_each(terms)), '{}')"
    )
    op.alter_column("amendment", "changes", nullable=False)
    for name in ("version", "status", "terms"):
        op.drop_column("amendment", name)
    for name, _ in reversed(ENTERED_LATER):
        op.drop_column("contract", name)


def _index_numbers(where: str | None) -> None:
    """Unique numbers, of what is not deleted or of everything."""
    for name, table, columns in NUMBERS:
        op.drop_index(op.f(name), table)
        op.create_index(
            op.f(name), table, columns, unique=True, postgresql_where=sa.text(where) if where else None
        )
