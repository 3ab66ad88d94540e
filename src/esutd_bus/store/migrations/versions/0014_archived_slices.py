"""Slices of the journal that stand in files, and letting go of their bytes

Revision: 0014, after 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "journal_slice",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("chain", "first_seq", name=op.f("pk_journal_slice")),
        comment="Stretches of the journal that stand in a file: from then on the database may let go of their bytes.",
    )
    op.execute("""
        CREATE TRIGGER only_added
        BEFORE DELETE OR TRUNCATE OR UPDATE OF chain, first_seq, last_seq, before, hash, file, sha256, archived_at
        ON journal_slice FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)
    # Of a record that stands in a slice the bytes may go; nothing else of it may ever change.
    op.execute("""
        CREATE FUNCTION only_released() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE kept message;
        BEGIN
            kept := NEW;
            kept.body := OLD.body;
            IF NEW.body IS NOT NULL OR kept IS DISTINCT FROM OLD OR NOT EXISTS (
                SELECT FROM journal_slice s
                WHERE s.chain = OLD.chain AND OLD.seq BETWEEN s.first_seq AND s.last_seq
            ) THEN
                RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME;
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("DROP TRIGGER only_added ON message")
    op.execute("""
        CREATE TRIGGER only_added BEFORE DELETE OR TRUNCATE ON message
        FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)
    op.execute("""
        CREATE TRIGGER only_released BEFORE UPDATE ON message
        FOR EACH ROW EXECUTE FUNCTION only_released()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER only_released ON message")
    op.execute("DROP TRIGGER only_added ON message")
    op.execute("""
        CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON message
        FOR EACH STATEMENT EXECUTE FUNCTION only_added()
    """)
    op.execute("DROP FUNCTION only_released()")
    op.drop_table("journal_slice")
