"""What state registries are yet to be asked of registered contracts

Revision: 0016, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registry_check",
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("employer", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("upstream_code", sa.Text(), nullable=True),
        sa.Column("upstream_message", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_registry_check_contract_id")),
        sa.PrimaryKeyConstraint("contract_id", "about", name=op.f("pk_registry_check")),
        comment="What a state registry is asked of a registered contract's employer or employee: waiting, confirmed,"
        " unconfirmed (the employer's violation).",
    )
    op.create_index(
        op.f("ix_registry_check_next_try"),
        "registry_check",
        ["next_try"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        op.f("ix_registry_check_employer"),
        "registry_check",
        ["employer"],
        postgresql_where=sa.text("state = 'unconfirmed'"),
    )


def downgrade() -> None:
    op.drop_table("registry_check")
