"""Editions of whatever nodes keep in memory, in place of those of the dictionaries alone

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edition",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_edition")),
        comment="A newer version tells running nodes to read the subject (the dictionaries, say) again.",
    )
    op.execute(
        "INSERT INTO edition (subject, version, made_at)"
        " SELECT 'dictionaries', version, loaded_at FROM dictionary_version ORDER BY version DESC LIMIT 1"
    )
    op.drop_table("dictionary_version")


def downgrade() -> None:
    op.create_table(
        "dictionary_version",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_dictionary_version")),
        comment="A new row tells running nodes to read the dictionaries again.",
    )
    op.execute(
        "INSERT INTO dictionary_version (version, loaded_at, entries)"
        " SELECT version, made_at, (SELECT count(*) FROM dictionary_entry) FROM edition"
        " WHERE subject = 'dictionaries'"
    )
    op.drop_table("edition")
